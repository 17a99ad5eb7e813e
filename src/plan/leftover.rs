//! Containers that serve no one any more: a way out that leads back to none of them.

use std::{collections::BTreeSet, time::Duration};

use super::{
    release::Keeping,
    step::{Action, Step, Undo},
};
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
    let stop = (stopped == Stopped::NotYet).then(|| stop(found, grace, "is no longer needed"));
    let action = Action::RemoveContainer { container: name.clone() };
    let undo = Undo::Nothing("it served no one any more; its volumes stay");
    let remove = Step::safe(format!("leftover.{name}.remove"), action, undo)
        .because([format!("{name}: {} -> none; volumes stay", found.status)]);
    stop.into_iter().chain([remove]).collect()
}

/// The same for a container that may have to come back: then it stays, stopped.
pub fn retire(found: &ContainerState, stopped: Stopped, grace: Duration, keeping: &Keeping) -> Vec<Step> {
    if !keeping.keeps(found) {
        return leftover(found, stopped, grace);
    }
    match stopped {
        Stopped::Already => Vec::new(),
        Stopped::NotYet => vec![stop(found, grace, "is kept for the way back")],
    }
}

fn stop(found: &ContainerState, grace: Duration, why: &str) -> Step {
    let name = &found.name;
    let action = Action::Stop { container: name.clone(), grace };
    let undo = Undo::Run(Command::root(format!("docker start {}", quote(name))));
    Step::safe(format!("leftover.{name}.stop"), action, undo).because([format!("{name} {why}")])
}

/// The steps that take away containers of ours whose service is no longer wanted.
pub fn leftovers(desired: &Desired, state: &HostState, keeping: &Keeping) -> Vec<Step> {
    let wanted: BTreeSet<&str> = desired.services.iter().map(|service| service.name.as_str()).collect();
    state
        .containers
        .iter()
        .filter(|found| !wanted.contains(found.service.as_str()))
        .flat_map(|found| retire(found, Stopped::from(found), GRACE, keeping))
        .collect()
}
