//! The way back: every object that a control changed, as it was recorded before. What others changed since stays.

mod file;

use std::path::PathBuf;

use super::{kinds, original, way::Way};
use crate::{
    change::{Change, OriginalsRemoval},
    facts::state::HostState,
    model::desired::Desired,
    plan::step::{OriginalsStep, Step, StepId, Undo},
};

/// The steps that bring every object back; [`forget`] comes after everything else.
pub fn steps(desired: &Desired, state: &HostState) -> Vec<Step> {
    all(&Way::whole(desired, state))
}

/// The steps that bring back what is wanted no more. The rest is planned when they are done.
pub fn given_up(desired: &Desired, state: &HostState) -> Vec<Step> {
    let way = Way::given_up(desired, state);
    if way.given.is_empty() {
        return Vec::new();
    }
    let forgotten = original::forgotten(&way.given, state).looked_after();
    all(&way).into_iter().chain([forgotten]).collect()
}

/// Those that could cut our login come last.
fn all(way: &Way) -> Vec<Step> {
    // Units go while their files are still there.
    let mut steps = kinds::released(way);
    let (sources, others): (Vec<_>, Vec<_>) =
        file::paths(way).into_iter().partition(|path| file::is_source(path, way));
    let step = |path: &PathBuf| file::step(path, way);
    // What a program made of them in files of others goes first, and then those are looked at.
    let mut sources: Vec<Step> = sources.iter().filter_map(step).collect();
    if let Some(last) = sources.last_mut() {
        last.look_again = true;
    }
    steps.extend(sources);
    let mut guarded = Vec::new();
    for path in others {
        let Some(step) = step(&path) else { continue };
        // What is ours in PAM's files goes before the packages, whose removal leaves alone what others changed.
        if file::is_login(&path) { guarded.push(step) } else { steps.push(step) }
    }
    if !guarded.is_empty() {
        guarded.extend(kinds::taken_up());
    }
    let (cutting, safe): (Vec<_>, Vec<_>) =
        kinds::back(way).into_iter().partition(|step| step.risk.needs_guard());
    [steps, safe, guarded, cutting].concat()
}

/// The last step: folders that came with us go, and the record with them.
pub fn forget(desired: &Desired, state: &HostState) -> Option<Step> {
    let gone = Change::OriginalsRemoval(OriginalsRemoval { folders: original::folders(state) });
    let undo = Undo::Nothing("everything in it is back in its place");
    let step = Step::safe(StepId::Originals(OriginalsStep::Remove), gone, undo);
    let stays = kinds::until_boot(&Way::whole(desired, state));
    let why = std::iter::once("the record of originals is removed".to_owned()).chain(stays);
    (!state.hardening.originals.is_empty()).then(|| step.because(why))
}
