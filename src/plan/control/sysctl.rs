//! Kernel parameters: live, and in our file that is read at boot.

use std::{collections::BTreeMap, path::PathBuf};

use super::{
    draft::Draft,
    edit::Edit,
    fragment::fragment,
    kind::Planned,
    part::{Part, reasons},
    way::Way,
};
use crate::{
    change::{Change, KeptSysctls, Original, Sysctls, sysctl},
    facts::state::HostState,
    model::{
        compose::Word,
        control::{Control, Kind},
        desired::Desired,
        etc, place,
    },
    plan::step::{ControlStep, Step, StepId, Undo},
};

/// What a control says of it.
pub struct Wanted<'a>(pub &'a BTreeMap<String, Word>);

impl Planned for Wanted<'_> {
    fn parts(&self, _desired: &Desired, state: &HostState) -> Result<Vec<Part>, String> {
        parts(self.0, state)
    }

    fn edit(&self, state: &HostState) -> Option<(PathBuf, Edit)> {
        let keys = self.0.iter().filter(|(key, _)| !named(key, state).is_empty());
        let lines = keys.map(|(key, value)| format!("{key} = {}\n", value.0));
        Some((place::SYSCTL.into(), Edit::Ours(lines.collect())))
    }

    fn draft(&self, draft: &mut Draft, _state: &HostState) {
        draft.header = etc::HEADER;
        draft.mode = Some(0o644);
        draft.guarded = true;
    }

    fn live(&self, state: &HostState) -> Vec<Original> {
        let known = &state.hardening.originals.sysctl;
        let named = self.0.keys().flat_map(|key| named(key, state));
        named.filter(|key| !known.contains_key(*key)).map(|key| Original::Sysctl(key.to_owned())).collect()
    }

    #[cfg(test)]
    fn spoil(&self, state: &mut HostState) {
        let found = self.0.keys().map(|key| (key.replace('*', "eth0"), "99".to_owned()));
        state.hardening.sysctl.extend(found);
    }

    /// Under guard: a strict reverse path filter can cut a host with several ways to us.
    fn step(controls: &[(&Control, Vec<Part>)], state: &HostState) -> Option<Step> {
        let mut wanted: BTreeMap<&str, &str> = BTreeMap::new();
        let mut why = Vec::new();
        for (control, parts) in controls {
            let Kind::Sysctl(keys) = &control.kind else { continue };
            for (key, value) in keys {
                let drifted = named(key, state)
                    .into_iter()
                    .filter(|name| state.hardening.sysctl[*name] != normal(&value.0));
                wanted.extend(drifted.map(|name| (name, value.0.as_str())));
            }
            let live = parts.iter().filter(|part| part.place.ends_with("(live)"));
            why.extend(reasons(live.map(|part| (control.id.as_str(), part))));
        }
        let values = wanted.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
        change(StepId::Control(ControlStep::Sysctl), values, state).map(|step| Step { why, ..step })
    }

    /// They are set back under guard, as when they were set, but for those that the kernel keeps until the next boot.
    fn back(way: &Way) -> Option<Step> {
        let changed = changed(way).into_iter().filter(|(key, _)| !stays(key, way.state));
        let changed = changed.map(|(key, old)| (key.to_owned(), old.to_owned())).collect();
        change(StepId::Undo(ControlStep::Sysctl), changed, way.state)
    }

    fn until_boot(way: &Way) -> Vec<String> {
        let locked = changed(way).into_iter().filter(|(key, _)| stays(key, way.state));
        locked.map(|(key, _)| format!("{key}: the kernel keeps it until the next boot")).collect()
    }

    fn ours() -> &'static [&'static str] {
        &[place::SYSCTL]
    }
}

/// Live parameters that are as a control says and were not.
fn changed<'a>(way: &Way<'a>) -> Vec<(&'a str, &'a str)> {
    let state = way.state;
    let ours = |key: &str| way.goes(|control| held(control, state).any(|held| held == key));
    let old = state.hardening.originals.sysctl.iter().filter(|(key, _)| ours(key));
    let changed = old.filter(|(key, old)| state.hardening.sysctl.get(*key).is_some_and(|now| now != *old));
    changed.map(|(key, old)| (key.as_str(), old.as_str())).collect()
}

/// Whether the kernel keeps the value that a parameter has.
fn stays(key: &str, state: &HostState) -> bool {
    state.hardening.sysctl.get(key).is_some_and(|now| is_locked(key, now))
}

/// Parameters that every network namespace has for itself. In a container all others belong to the machine below.
const OWN_IN_A_CONTAINER: [&str; 2] = ["net.ipv4.", "net.ipv6."];

/// Parameters that take no other value before the next boot, once they have this one
/// (Documentation/admin-guide/sysctl/kernel.rst).
const UNTIL_BOOT: [(&str, &str); 2] =
    [("kernel.kexec_load_disabled", "1"), ("kernel.unprivileged_bpf_disabled", "1")];

/// Whether a parameter has a value that it keeps until the next boot.
fn is_locked(key: &str, now: &str) -> bool {
    UNTIL_BOOT.contains(&(key, now))
}

/// The parameters that a key names on a host: itself, or those of every network interface where it has a `*`. The kernel's
/// `all` and `default` have keys of their own, and over a container's wire the host itself does not speak.
fn named<'a>(key: &'a str, state: &'a HostState) -> Vec<&'a str> {
    let Some((before, after)) = key.split_once('*') else {
        return state.hardening.sysctl.get_key_value(key).map(|(key, _)| key.as_str()).into_iter().collect();
    };
    let (before, after) = (before.replace('.', "/"), after.replace('.', "/"));
    let of_interface = |key: &&str| {
        let path = sysctl::relative(key);
        let interface = path.strip_prefix(&before).and_then(|rest| rest.strip_suffix(&after));
        interface.is_some_and(|name| !["all", "default"].contains(&name) && !name.starts_with("veth"))
    };
    state.hardening.sysctl.keys().map(String::as_str).filter(of_interface).collect()
}

/// The parameters that have the value that a control wants.
fn held<'a>(control: &'a Control, state: &'a HostState) -> impl Iterator<Item = &'a str> {
    let keys = if let Kind::Sysctl(keys) = &control.kind { Some(keys) } else { None };
    let holds = |key: &&str, value: &Word| state.hardening.sysctl[*key] == normal(&value.0);
    keys.into_iter()
        .flatten()
        .flat_map(move |(key, value)| named(key, state).into_iter().filter(move |key| holds(key, value)))
}

/// What is live and what is in our file.
fn parts(keys: &BTreeMap<String, Word>, state: &HostState) -> Result<Vec<Part>, String> {
    let shared = |key: &&String| !OWN_IN_A_CONTAINER.iter().any(|own| key.starts_with(own));
    if let Some(key) = keys.keys().find(shared).filter(|_| state.is_container()) {
        return Err(format!("{key} is a setting of the machine that runs this container"));
    }
    let known: Vec<(&String, &Word)> = keys.iter().filter(|(key, _)| !named(key, state).is_empty()).collect();
    if known.is_empty() {
        return Err(format!("this kernel has no {}", keys.keys().cloned().collect::<Vec<_>>().join(", ")));
    }
    let file = state.file(std::path::Path::new(place::SYSCTL));
    let text = file.and_then(|file| file.text.as_deref()).unwrap_or_default();
    let part = |(key, value): (&String, &Word)| {
        let live =
            |name| Part::new(format!("{name} (live)"), &state.hardening.sysctl[name], normal(&value.0));
        let at_boot = fragment(&format!("{}: {key}", place::SYSCTL), text, &format!("{key} = {}\n", value.0));
        let live: Vec<Part> = named(key, state).into_iter().map(live).collect();
        live.into_iter().chain([at_boot])
    };
    Ok(known.into_iter().flat_map(part).collect())
}

/// White space as the kernel's own is read.
fn normal(value: &str) -> String {
    value.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A guarded step that sets live values.
fn change(id: StepId, values: Vec<(String, String)>, state: &HostState) -> Option<Step> {
    let lasting = values.iter().filter(|(key, value)| !is_locked(key, value));
    let kept = KeptSysctls(lasting.map(|(key, _)| key.clone()).collect());
    let save = kept.save();
    let old = |key: &str| state.hardening.sysctl.get(key).map_or("unset", String::as_str);
    let why = values.iter().map(|(key, value)| format!("{key}: {} -> {value}", old(key)));
    let why: Vec<String> = why.collect();
    let change = Change::Sysctl(Sysctls(values));
    let step = Step::safe(id, change, Undo::change(Change::KeptSysctls(kept))).because(why);
    (!step.why.is_empty()).then(|| step.guarded(save))
}
