//! The record of originals: written before an object is changed for the first time, and never overwritten.

use std::{collections::BTreeSet, path::PathBuf};

use super::{
    kinds::{planned, shared},
    part::Part,
};
use crate::{
    change::{Change, Original, OriginalsForget, OriginalsRecord},
    facts::state::HostState,
    model::{control::Control, desired::Desired},
    plan::step::{OriginalsStep, Step, StepId, Undo},
};

/// The step that records all that the controls look at and no earlier one recorded: also what is as it must be, since
/// somebody may spoil it, and what that made of it is nothing to come back to.
pub fn step(controls: &[(&Control, Vec<Part>)], desired: &Desired, state: &HostState) -> Option<Step> {
    let controls = || controls.iter().map(|(control, _)| *control);
    let known = &state.hardening.originals;
    let files: BTreeSet<PathBuf> = controls()
        .flat_map(|control| control.kind.files())
        .chain(shared().into_iter().map(PathBuf::from))
        .collect();
    let files = files.iter().filter(|path| !known.files.contains_key(*path));
    // Packages are not there yet, and may bring it, too.
    let brought: BTreeSet<&PathBuf> =
        desired.hardening.wanted().flat_map(|control| control.kind.brings()).collect();
    let brought =
        brought.into_iter().filter(|path| !known.files.contains_key(*path) && !known.there.contains(*path));
    let set = controls().map(|control| control.id.as_str()).filter(|id| !known.controls.contains(*id));
    // Several controls may be about one path.
    let live = controls().flat_map(|control| planned(&control.kind).live(state));
    let (rights, live): (Vec<_>, Vec<_>) = live.partition(|thing| matches!(thing, Original::Rights(_)));
    let rights: BTreeSet<Original> = rights.into_iter().collect();
    let things: Vec<Original> = files
        .map(|path| Original::File(path.clone()))
        .chain(rights)
        .chain(brought.map(|path| Original::Brought(path.clone())))
        .chain(live)
        .collect();
    let count = things.len();
    let all: Vec<_> = things.into_iter().chain(set.map(|id| Original::Control(id.to_owned()))).collect();
    if all.is_empty() {
        return None;
    }
    let undo = Undo::Nothing("a record of how things are disturbs nothing");
    let step = Step::safe(
        StepId::Originals(OriginalsStep::Record),
        Change::OriginalsRecord(OriginalsRecord(all)),
        undo,
    );
    let why = match count {
        0 => "the list of active controls is recorded".to_owned(),
        count => format!("{count} originals are recorded for `harden --undo`"),
    };
    Some(step.because([why]))
}

/// Folders that came with us. A folder sorts before what is in it.
pub fn folders(state: &HostState) -> Vec<PathBuf> {
    state.hardening.originals.folders.iter().rev().cloned().collect()
}

/// The step that takes out of the record that controls were set, and removes the folders that only they needed.
pub fn forgotten(controls: &[&Control], state: &HostState) -> Step {
    let ids: Vec<String> = controls.iter().map(|control| control.id.clone()).collect();
    let why = format!("no longer wanted: {}", ids.join(", "));
    let forget = OriginalsForget { folders: folders(state), controls: ids };
    let undo = Undo::Nothing("a harden that wants them again records them again");
    Step::safe(StepId::Originals(OriginalsStep::GivenUp), Change::OriginalsForget(forget), undo)
        .because([why])
}
