//! Audit rules: in our file, and loaded. The kernel prints rules in words of its own, so those loaded are told by their
//! key, and by what they watch.

use std::{collections::BTreeSet, path::PathBuf};

use super::{
    draft::Draft,
    edit::Edit,
    fragment::fragment,
    kind::Planned,
    part::{Part, reasons},
    way::{self, Way},
};
use crate::{
    change::{AuditDrop, AuditLoad, Change},
    facts::{
        control::audit::{Loaded, key, watch},
        state::HostState,
    },
    model::{
        control::{Control, Kind},
        desired::Desired,
        place,
    },
    plan::step::{ControlStep, Step, StepId, Undo},
};

/// How our file begins. With `-i` a rule that cannot be loaded, as for a folder that is not there, does not keep the others
/// out, and is no failure: auditd of Debian 13 does not start after one.
const HEADER: &str = "# Written by pryvctl; changes are overwritten.\n-i\n";

/// What a control says of it.
pub struct Wanted<'a>(pub &'a [String]);

impl Planned for Wanted<'_> {
    fn parts(&self, _desired: &Desired, state: &HostState) -> Result<Vec<Part>, String> {
        Ok(parts(self.0, state))
    }

    fn edit(&self, _state: &HostState) -> Option<(PathBuf, Edit)> {
        Some((place::AUDIT_RULES.into(), Edit::Ours(lines(self.0))))
    }

    fn draft(&self, draft: &mut Draft, _state: &HostState) {
        draft.header = HEADER;
        draft.mode = Some(0o600);
    }

    /// They are loaded if some are not, or their file changes.
    fn step(controls: &[(&Control, Vec<Part>)], state: &HostState) -> Option<Step> {
        state.hardening.audit.as_ref()?;
        let of_kind = controls.iter().filter(|(control, _)| matches!(control.kind, Kind::Audit(_)));
        let drifted: Vec<(&str, &Part)> = of_kind
            .flat_map(|(control, parts)| parts.iter().map(|part| (control.id.as_str(), part)))
            .collect();
        let why = reasons(drifted);
        let undo = Undo::Nothing("the file's own way back is taken up at the next boot");
        (!why.is_empty()).then(|| {
            Step::safe(StepId::Control(ControlStep::Audit), Change::AuditLoad(AuditLoad), undo).because(why)
        })
    }

    /// They leave the kernel, whether the program that loaded them stays or goes.
    fn back(way: &Way) -> Option<Step> {
        let loaded = way.state.hardening.audit.as_ref()?;
        let names = |control: &Control, key: &str| {
            if let Kind::Audit(rules) = &control.kind { keys(rules).contains(key) } else { false }
        };
        let ours = loaded.keys.iter().filter(|key| way.goes(|control| names(control, key)));
        let ours: Vec<String> = ours.cloned().collect();
        let why = ours.iter().map(|key| format!("rules with key {key}: -> none")).collect();
        way::back(StepId::Undo(ControlStep::Audit), Change::AuditDrop(AuditDrop(ours)), why)
    }

    fn ours() -> &'static [&'static str] {
        &[place::AUDIT_RULES]
    }
}

/// What our file holds and what is loaded. Where the kernel's audit cannot be asked, as in a container, the file counts.
fn parts(rules: &[String], state: &HostState) -> Vec<Part> {
    let file = state.file(std::path::Path::new(place::AUDIT_RULES));
    let text = file.and_then(|file| file.text.as_deref()).unwrap_or_default();
    let mut parts = vec![fragment(place::AUDIT_RULES, text, &lines(rules))];
    if let Some(loaded) = &state.hardening.audit {
        parts.extend(keys(rules).into_iter().map(|key| {
            Part::new(format!("rules with key {key} (live)"), found(key, rules, loaded), "loaded")
        }));
    }
    parts
}

fn lines(rules: &[String]) -> String {
    rules.iter().map(|rule| format!("{rule}\n")).collect()
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
fn keys(rules: &[String]) -> BTreeSet<&str> {
    rules.iter().filter_map(|rule| key(rule)).collect()
}
