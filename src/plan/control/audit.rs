//! Audit rules: in our file, and loaded. The kernel prints rules in words of its own, so those loaded are told by their
//! key, and by what they watch.

use std::collections::BTreeSet;

use super::{
    fragment::fragment,
    part::{Part, reasons},
};
use crate::{
    change::{AuditLoad, Change},
    facts::{
        control::audit::{Loaded, key, watch},
        state::HostState,
    },
    model::{
        control::{Control, Kind},
        place,
    },
    plan::step::{ControlStep, Step, StepId, Undo},
};

/// What our file holds and what is loaded. Where the kernel's audit cannot be asked, as in a container, the file counts.
pub fn parts(control: &Control, state: &HostState) -> Result<Vec<Part>, String> {
    let Kind::Audit(rules) = &control.kind else { return Ok(Vec::new()) };
    let file = state.file(std::path::Path::new(place::AUDIT_RULES));
    let text = file.and_then(|file| file.text.as_deref()).unwrap_or_default();
    let ours: String = rules.iter().map(|rule| format!("{rule}\n")).collect();
    let mut parts = vec![fragment(place::AUDIT_RULES, text, &ours)];
    if let Some(loaded) = &state.hardening.audit {
        parts.extend(keys(rules).into_iter().map(|key| {
            Part::new(format!("rules with key {key} (live)"), found(key, rules, loaded), "loaded")
        }));
    }
    Ok(parts)
}

/// Which of the rules with a key are loaded, as far as that can be told.
fn found(key: &str, rules: &[String], loaded: &Loaded) -> String {
    if !loaded.keys.contains(key) {
        return "not loaded".to_owned();
    }
    let watches = rules.iter().filter_map(|rule| watch(rule));
    let missing = watches.filter(|watch| watch.0 == key && loaded.unwatched.contains(watch));
    let missing: Vec<String> = missing.map(|(_, path)| path.display().to_string()).collect();
    if missing.is_empty() { "loaded".to_owned() } else { format!("loaded without {}", missing.join(" ")) }
}

/// The keys of rules.
pub fn keys(rules: &[String]) -> BTreeSet<&str> {
    rules.iter().filter_map(|rule| key(rule)).collect()
}

/// The step that loads the rules, if some are not loaded or their file changes.
pub fn step(controls: &[(&Control, Vec<Part>)], state: &HostState) -> Option<Step> {
    state.hardening.audit.as_ref()?;
    let of_kind = controls.iter().filter(|(control, _)| matches!(control.kind, Kind::Audit(_)));
    let drifted: Vec<(&str, &Part)> =
        of_kind.flat_map(|(control, parts)| parts.iter().map(|part| (control.id.as_str(), part))).collect();
    let why = reasons(drifted);
    let undo = Undo::Nothing("the file's own way back is taken up at the next boot");
    (!why.is_empty()).then(|| {
        Step::safe(StepId::Control(ControlStep::Audit), Change::AuditLoad(AuditLoad), undo).because(why)
    })
}
