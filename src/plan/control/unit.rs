//! systemd units: running or masked.

use std::collections::BTreeMap;

use super::{
    kind::Planned,
    part::{Part, reasons},
    way::{self, Way},
};
use crate::{
    change::{Change, Original, Units, UnitsAsBefore, UnitsReleased},
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

    #[cfg(test)]
    fn spoil(&self, state: &mut HostState) {
        let runs = self.0.state == UnitWish::Masked;
        let found = UnitState { exists: true, enabled: runs, active: runs, masked: false };
        state.system.units.insert(self.0.name.clone(), found);
    }

    /// All that are to be alike in one go, as systemd reads all its files anew each time.
    fn step(controls: &[(&Control, Vec<Part>)], _state: &HostState) -> Option<Step> {
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

    fn released(way: &Way) -> Option<Step> {
        let (mut before, mut why) = (Vec::new(), Vec::new());
        for (name, (enabled, active)) in &way.state.hardening.originals.units {
            let found = way.state.system.units.get(name).copied().unwrap_or_default();
            let was_active = active == "active";
            let same = (found.masked, found.enabled, found.active)
                == (enabled == "masked", enabled == "enabled", was_active);
            if same || !found.exists || !way.goes(|control| sets(control, name, found)) {
                continue;
            }
            before.push((name.clone(), enabled.clone(), was_active));
            why.push(format!("{name}: -> {enabled}, {active}"));
        }
        way::back(StepId::Undo(ControlStep::Units), Change::UnitsAsBefore(UnitsAsBefore(before)), why)
    }
}

/// Whether a control is what made a unit as it is.
fn sets(control: &Control, name: &str, found: UnitState) -> bool {
    if let Kind::Unit(unit) = &control.kind { unit.name == name && fits(unit.state, found) } else { false }
}

/// How a unit is.
fn parts(unit: &Unit, state: &HostState) -> Result<Vec<Part>, String> {
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
fn fits(wanted: UnitWish, found: UnitState) -> bool {
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
