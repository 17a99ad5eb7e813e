//! Containers that serve no one any more: a way out that leads back to none of them.

use std::{collections::BTreeSet, time::Duration};

use super::step::{Action, Step, Undo};
use crate::{
    facts::state::{ContainerState, HostState},
    model::{
        command::{Command, quote},
        desired::Desired,
    },
};

/// How long a container of a service that is no longer wanted may take to stop; Docker's own default.
pub const GRACE: Duration = Duration::from_secs(10);

/// Whether Docker has processes of it.
pub fn is_up(found: &ContainerState) -> bool {
    matches!(found.status.as_str(), "running" | "restarting" | "paused")
}

/// Whether a container has to be stopped before it is removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stopped {
    /// It is not running, or an earlier step stops it.
    Already,
    /// It is up.
    NotYet,
}

impl From<&ContainerState> for Stopped {
    fn from(found: &ContainerState) -> Self {
        if is_up(found) { Self::NotYet } else { Self::Already }
    }
}

/// The steps that take away a container that serves no one any more. A group of its own: once it is gone, nothing
/// may lead back to it.
pub fn leftover(found: &ContainerState, stopped: Stopped, grace: Duration) -> Vec<Step> {
    let name = &found.name;
    let stop = (stopped == Stopped::NotYet).then(|| {
        let action = Action::Stop { container: name.clone(), grace };
        let undo = Undo::Run(Command::root(format!("docker start {}", quote(name))));
        Step::safe(format!("leftover.{name}.stop"), action, undo)
            .because([format!("{name} is no longer needed")])
    });
    let action = Action::RemoveContainer { container: name.clone() };
    let undo = Undo::Nothing("it served no one any more; its volumes stay");
    let remove = Step::safe(format!("leftover.{name}.remove"), action, undo)
        .because([format!("{name}: {} -> none; volumes stay", found.status)]);
    stop.into_iter().chain([remove]).collect()
}

/// The steps that take away containers of ours whose service is no longer wanted.
pub fn leftovers(desired: &Desired, state: &HostState) -> Vec<Step> {
    let wanted: BTreeSet<&str> = desired.services.iter().map(|service| service.name.as_str()).collect();
    state
        .containers
        .iter()
        .filter(|found| !wanted.contains(found.service.as_str()))
        .flat_map(|found| leftover(found, Stopped::from(found), GRACE))
        .collect()
}
