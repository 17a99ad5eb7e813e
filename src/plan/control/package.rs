//! Packages, all in one run of apt.

use std::collections::BTreeSet;

use super::{
    kind::Planned,
    part::{Part, reasons},
    way::Way,
};
use crate::{
    change::{Change, PackagePurge, Packages, Whose},
    facts::state::HostState,
    model::{compose::List, control::Control, desired::Desired},
    plan::step::{ControlStep, Step, StepId, Undo},
};

/// What a control says of it.
pub struct Wanted<'a>(pub &'a List);

impl Planned for Wanted<'_> {
    fn parts(&self, _desired: &Desired, state: &HostState) -> Result<Vec<Part>, String> {
        parts(&self.0.0, state)
    }

    /// Installs what is missing; its files are what the rest of the plan may be about. What apt brings along is recorded, too,
    /// so that it can go again.
    fn step(controls: &[(&Control, Vec<Part>)], _state: &HostState) -> Option<Step> {
        let missing = missing(controls);
        if missing.is_empty() {
            return None;
        }
        let of_kind = controls.iter().filter(|(control, _)| control.kind.packages().is_some());
        let why = of_kind
            .flat_map(|(control, parts)| reasons(parts.iter().map(|part| (control.id.as_str(), part))));
        let names = missing.into_iter().map(str::to_owned).collect();
        let change = Change::Packages(Packages { names, whose: Whose::Controls });
        let undo = Undo::Nothing("a package more disturbs nothing; `harden --undo` removes it");
        Some(Step::safe(StepId::Control(ControlStep::Packages), change, undo).because(why).looked_after())
    }

    /// Packages that came with us go again.
    fn back(way: &Way) -> Option<Step> {
        let (names, kept) = came_with_us(way);
        let list = names.join(" ");
        let own = |names: Vec<&str>| names.into_iter().map(str::to_owned).collect::<Vec<_>>();
        let purge = PackagePurge { names: own(names), kept: own(kept) };
        let undo = Undo::Nothing("a harden installs them again");
        (!list.is_empty()).then(|| {
            Step::safe(StepId::Undo(ControlStep::Packages), Change::PackagePurge(purge), undo).because([
                format!("{list}: -> not installed, unless others need them by now"),
                "accounts created by the packages stay, as Debian leaves them".to_owned(),
            ])
        })
    }
}

/// Packages that came with us and with those that controls asked for, and those for which some of them stay. Nothing, where
/// no control that goes asked for any.
fn came_with_us<'a>(way: &Way<'a>) -> (Vec<&'a str>, Vec<&'a str>) {
    let named = |controls: &[&'a Control]| -> BTreeSet<&'a str> {
        controls.iter().filter_map(|control| control.kind.packages()).flatten().map(String::as_str).collect()
    };
    let (given, kept) = (named(&way.given), named(&way.kept));
    let came = way.state.hardening.originals.packages.iter().map(String::as_str);
    let came: Vec<&str> = came.filter(|name| !kept.contains(name)).collect();
    let goes = way.whole || came.iter().any(|name| given.contains(name));
    (if goes { came } else { Vec::new() }, kept.into_iter().collect())
}

/// Which of them are there.
pub fn parts(names: &[String], state: &HostState) -> Result<Vec<Part>, String> {
    let installed = state.hardening.installed.as_ref().ok_or("the host has no dpkg")?;
    let word = |name| if installed.contains(name) { "installed" } else { "not installed" };
    Ok(names.iter().map(|name| Part::new(format!("package {name}"), word(name), "installed")).collect())
}

/// The packages that are missing.
fn missing<'a>(controls: &[(&'a Control, Vec<Part>)]) -> BTreeSet<&'a str> {
    let named =
        controls.iter().filter_map(|(control, parts)| Some(control.kind.packages()?.iter().zip(parts)));
    named.flatten().filter(|(_, part)| !part.fits).map(|(name, _)| name.as_str()).collect()
}
