//! systemd units: running or masked.

use std::collections::BTreeMap;

use super::{
    kind::Planned,
    part::{Part, reasons},
};
use crate::{
    change::{Change, Original, Units, UnitsReleased},
    facts::state::{HostState, UnitState},
    model::{
        control::{Control, Kind, Unit, UnitWish},
        desired::Desired,
    },
    plan::step::{ControlStep, Step, StepId, Undo},
};

/// What a control says of it.
pub struct Wanted<'a>(pub &'a Unit);

impl Planned for Wanted<'_> {
    fn parts(&self, _desired: &Desired, state: &HostState) -> Result<Vec<Part>, String> {
        parts(self.0, state)
    }

    fn live(&self, state: &HostState) -> Vec<Original> {
        let new = !state.hardening.originals.units.contains_key(&self.0.name);
        new.then(|| Original::Unit(self.0.name.clone())).into_iter().collect()
    }
}

/// How a unit is.
pub fn parts(unit: &Unit, state: &HostState) -> Result<Vec<Part>, String> {
    let found = state.system.units.get(&unit.name).copied().unwrap_or_default();
    if !found.exists {
        return Err(format!("there is no {}", unit.name));
    }
    let wanted = match unit.state {
        UnitWish::Enabled => "enabled, active",
        UnitWish::AtBoot => "enabled",
        UnitWish::Masked => "masked, inactive",
    };
    Ok(vec![Part::new(unit.name.clone(), words(found), wanted).fitting(fits(unit.state, found))])
}

/// Whether a unit is as it must be.
pub fn fits(wanted: UnitWish, found: UnitState) -> bool {
    match wanted {
        UnitWish::Enabled => found.enabled && found.active,
        UnitWish::AtBoot => found.enabled,
        UnitWish::Masked => found.masked && !found.active,
    }
}

fn words(found: UnitState) -> String {
    let at_boot = match (found.masked, found.enabled) {
        (true, _) => "masked",
        (false, true) => "enabled",
        (false, false) => "disabled",
    };
    format!("{at_boot}, {}", if found.active { "active" } else { "inactive" })
}

/// The step that brings units to how they must be: all that are to be alike in one go, as systemd reads all its files anew
/// each time.
pub fn step(controls: &[(&Control, Vec<Part>)]) -> Option<Step> {
    let (mut wanted, mut why) = (BTreeMap::<UnitWish, Vec<String>>::new(), Vec::new());
    for (control, parts) in controls {
        let (Kind::Unit(unit), Some(part)) = (&control.kind, parts.iter().find(|part| !part.fits)) else {
            continue;
        };
        wanted.entry(unit.state).or_default().push(unit.name.clone());
        why.extend(reasons([(control.id.as_str(), part)]));
    }
    let undo = Undo::change(Change::UnitsReleased(UnitsReleased(wanted.clone())));
    (!why.is_empty()).then(|| {
        Step::safe(StepId::Control(ControlStep::Units), Change::Units(Units(wanted)), undo).because(why)
    })
}
