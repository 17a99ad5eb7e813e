//! Health checks that Docker has forgotten. A dockerd of version 20.10 that starts again beside containers that went on runs
//! no check of theirs any more: whoever was healthy stays so for ever, and whoever was starting, too.

use super::way::NO_UNDO;
use crate::{
    change::{Change, HealthChecks},
    facts::state::HostState,
    plan::step::{EngineStep, Step, StepId},
};

/// Begins the checks that nobody runs. Who is found ill by them is the next look's business.
pub fn step(state: &HostState) -> Option<Step> {
    let forgotten = state.docker.containers.iter().filter(|found| found.is_unchecked);
    let forgotten: Vec<String> = forgotten.map(|found| found.name.clone()).collect();
    let why = forgotten.iter().map(|name| {
        format!("{name}: Docker stopped checking its health -> checks again; it pauses for a moment")
    });
    let why: Vec<String> = why.collect();
    let change = Change::HealthChecks(HealthChecks(forgotten));
    (!why.is_empty()).then(|| Step::safe(StepId::Engine(EngineStep::Checks), change, NO_UNDO).because(why))
}
