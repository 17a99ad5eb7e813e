//! Directives of sshd. They are set by [`sshd`](crate::plan::sshd), with the port it listens on.

use std::{collections::BTreeMap, path::PathBuf};

use super::{edit::Edit, kind::Planned, part::Part, way::Way};
use crate::{
    facts::state::HostState,
    model::{control::Directive, desired::Desired, place},
    plan::{sshd, step::Step},
};

/// What a control says of it.
pub struct Wanted<'a>(pub &'a BTreeMap<String, Directive>);

impl Planned for Wanted<'_> {
    fn parts(&self, _desired: &Desired, state: &HostState) -> Result<Vec<Part>, String> {
        Ok(sshd::parts(self.0, state))
    }

    fn made(&self, _state: &HostState) -> Option<(PathBuf, Edit)> {
        Some((place::SSHD_CONFIG.into(), Edit::Block(String::new())))
    }

    fn ours() -> &'static [&'static str] {
        &[place::SSHD_DROP_IN]
    }

    fn shared() -> &'static [&'static str] {
        &sshd::FILES
    }

    fn logins() -> &'static [&'static str] {
        &sshd::FILES
    }

    /// Our block may name the port, too.
    fn is_needed(way: &Way) -> bool {
        sshd::is_moved(way.desired, way.state)
    }

    fn taken_up() -> Option<Step> {
        Some(sshd::reload())
    }
}
