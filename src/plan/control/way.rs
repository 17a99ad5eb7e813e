//! What goes back, and what stays.

use std::collections::BTreeSet;

use crate::{
    change::Change,
    facts::state::HostState,
    model::{control::Control, desired::Desired},
    plan::step::{Step, StepId, Undo},
};

/// The controls whose objects go back, and those whose objects stay.
pub struct Way<'a> {
    /// Controls whose objects go back.
    pub given: Vec<&'a Control>,
    /// Controls whose objects stay as they are.
    pub kept: Vec<&'a Control>,
    /// Whether nothing of ours stays at all.
    pub whole: bool,
    /// What is wanted.
    pub desired: &'a Desired,
    /// The host.
    pub state: &'a HostState,
}

impl<'a> Way<'a> {
    /// Everything goes.
    pub fn whole(desired: &'a Desired, state: &'a HostState) -> Self {
        let given = desired.hardening.known.iter().collect();
        Self { given, kept: Vec::new(), whole: true, desired, state }
    }

    /// What an earlier run set and the inventory now leaves out, or a lower level does not have; and what is about a package
    /// that goes with that.
    pub fn given_up(desired: &'a Desired, state: &'a HostState) -> Self {
        let wanted: BTreeSet<&str> = desired.hardening.wanted().map(|control| control.id.as_str()).collect();
        let known = desired.hardening.known.iter();
        let set = known.filter(|control| state.hardening.originals.controls.contains(&control.id));
        let (mut kept, mut given): (Vec<&Control>, Vec<&Control>) =
            set.partition(|control| wanted.contains(control.id.as_str()));
        let goes = |id: &String, given: &[&Control]| {
            let brought = |name: &String| state.hardening.originals.packages.contains(name);
            given.iter().any(|other| {
                other.id == *id && other.kind.packages().is_some_and(|names| names.iter().any(brought))
            })
        };
        while let Some(place) =
            kept.iter().position(|control| control.needs.as_ref().is_some_and(|id| goes(id, &given)))
        {
            given.push(kept.remove(place));
        }
        let goes: BTreeSet<&str> = given.iter().map(|control| control.id.as_str()).collect();
        let kept = desired.hardening.wanted().filter(|control| !goes.contains(control.id.as_str())).collect();
        Self { given, kept, whole: false, desired, state }
    }

    /// Whether this holds of a control that goes, and of none that stays.
    pub fn goes(&self, holds: impl Fn(&Control) -> bool) -> bool {
        self.given.iter().any(|control| holds(control)) && !self.kept.iter().any(|control| holds(control))
    }
}

/// A step that gives back what lives beside files, if there is something to give back.
pub fn back(id: StepId, change: Change, why: Vec<String>) -> Option<Step> {
    let undo = Undo::Nothing("a harden sets it again");
    (!why.is_empty()).then(|| Step::safe(id, change, undo).because(why))
}
