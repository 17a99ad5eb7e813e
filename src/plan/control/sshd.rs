//! Directives of sshd. They are set by [`sshd`](crate::plan::sshd), with the port it listens on.

use std::collections::BTreeMap;

use super::{kind::Planned, part::Part};
use crate::{
    facts::state::HostState,
    model::{control::Directive, desired::Desired},
    plan::sshd,
};

/// What a control says of it.
pub struct Wanted<'a>(pub &'a BTreeMap<String, Directive>);

impl Planned for Wanted<'_> {
    fn parts(&self, _desired: &Desired, state: &HostState) -> Result<Vec<Part>, String> {
        Ok(sshd::parts(self.0, state))
    }
}
