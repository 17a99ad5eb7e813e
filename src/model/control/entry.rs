//! One control: what it says beside its kind.

use serde::Deserialize;

use super::{kind::Kind, level::Level};

/// One control.
#[derive(Debug, Clone, PartialEq)]
pub struct Control {
    /// Its name, as in `sshd.forwarding`; inventories skip it by this.
    pub id: String,
    /// One line for people.
    pub title: String,
    /// From which level on it is wanted.
    pub level: Level,
    /// Which auditors ask for it, and under which name.
    pub refs: Vec<String>,
    /// What may stop working.
    pub breaks: String,
    /// Where it applies.
    pub when: Vec<Condition>,
    /// Packages that do the same in another way: with one of them it does not apply.
    pub unless: Vec<String>,
    /// Packages it is about: without one of them it does not apply.
    pub with: Vec<String>,
    /// A control that brings the package this one is about: where that is left out and not there, it does not apply.
    pub needs: Option<String>,
    /// A control of a lower level whose place this one takes.
    pub instead: Option<String>,
    /// The key of its kind in the data.
    pub key: &'static str,
    /// What is set.
    pub kind: Kind,
}

/// What must hold of a host, or the control does not apply there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Condition {
    /// It has a kernel of its own: it is no container.
    Machine,
    /// It is part of no Docker Swarm.
    NoSwarm,
    /// Its IPv6 default route does not come from router advertisements.
    NoRouterAdvertisements,
}
