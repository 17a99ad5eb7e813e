//! Containers that serve no one any more: they stop and go.

use std::collections::BTreeSet;

pub use super::standing::{UNKNOWN_GRACE, grace, is_up};
use super::{
    release::Keeping,
    step::{LeftoverStep, Step, StepId, Undo},
};
use crate::{
    change::{Call, Change, Returns},
    facts::state::{ContainerState, HostState},
    model::desired::Desired,
};

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
pub fn leftover(found: &ContainerState, stopped: Stopped, desired: &Desired) -> Vec<Step> {
    let name = &found.name;
    let stop = (stopped == Stopped::NotYet).then(|| stop(found, desired, "is no longer needed"));
    let change = Change::Docker(Call::RemoveContainer { container: name.clone() });
    let undo = Undo::Nothing("it served no one any more; its volumes stay");
    let remove = Step::safe(StepId::Leftover(LeftoverStep::Remove(name.clone())), change, undo)
        .because([format!("{name}: {} -> none; volumes stay", found.status)]);
    stop.into_iter().chain([remove]).collect()
}

/// The same for a container that may have to come back: then it stays, stopped.
pub fn retire(found: &ContainerState, stopped: Stopped, desired: &Desired, keeping: &Keeping) -> Vec<Step> {
    if !keeping.keeps(found) {
        return leftover(found, stopped, desired);
    }
    match stopped {
        Stopped::Already => Vec::new(),
        Stopped::NotYet => vec![stop(found, desired, "is kept for a rollback")],
    }
}

fn stop(found: &ContainerState, desired: &Desired, why: &str) -> Step {
    let name = &found.name;
    let change = Change::Docker(Call::Stop { container: name.clone(), grace: grace(found, desired) });
    let undo = Undo::change(Change::Returns(Returns::one(found)));
    Step::safe(StepId::Leftover(LeftoverStep::Stop(name.clone())), change, undo)
        .because([format!("{name} {why}")])
}

/// The steps that take away containers of ours whose service is no longer wanted; some made room before.
pub fn leftovers(
    desired: &Desired,
    state: &HostState,
    keeping: &Keeping,
    made_room: impl Fn(&str) -> bool,
) -> Vec<Step> {
    let stopped =
        |found: &ContainerState| if made_room(&found.name) { Stopped::Already } else { Stopped::from(found) };
    let wanted: BTreeSet<&str> = desired.services.iter().map(|service| service.name.as_str()).collect();
    state
        .docker
        .containers
        .iter()
        .filter(|found| !wanted.contains(found.service.as_str()))
        .flat_map(|found| retire(found, stopped(found), desired, keeping))
        .collect()
}
