//! Kernel parameters: live, and in our file that is read at boot.

use std::collections::BTreeMap;

use super::{Part, reasons, text::fragment};
use crate::{
    facts::state::HostState,
    model::{
        command::Command,
        compose::Word,
        control::{Control, Kind},
        place::{self, GUARD},
    },
    plan::step::{Action, Step, Undo},
};

/// Parameters that every network namespace has for itself. In a container all others belong to the machine below.
const OWN_IN_A_CONTAINER: [&str; 2] = ["net.ipv4.", "net.ipv6."];

/// Parameters that take no other value before the next boot, once they have this one (Documentation/admin-guide/sysctl).
const UNTIL_BOOT: [(&str, &str); 2] =
    [("kernel.kexec_load_disabled", "1"), ("kernel.unprivileged_bpf_disabled", "1")];

/// Whether a parameter has a value that it keeps until the next boot.
pub fn is_locked(key: &str, now: &str) -> bool {
    UNTIL_BOOT.contains(&(key, now))
}

/// What is live and what is in our file.
pub fn parts(keys: &BTreeMap<String, Word>, state: &HostState) -> Result<Vec<Part>, String> {
    let shared = |key: &&String| !OWN_IN_A_CONTAINER.iter().any(|own| key.starts_with(own));
    if let Some(key) = keys.keys().find(shared).filter(|_| state.is_container()) {
        return Err(format!("{key} belongs to the machine below this container"));
    }
    let known: BTreeMap<&String, &Word> =
        keys.iter().filter(|(key, _)| state.sysctl.contains_key(*key)).collect();
    if known.is_empty() {
        return Err(format!("this kernel has no {}", keys.keys().cloned().collect::<Vec<_>>().join(", ")));
    }
    let file = state.files.get(std::path::Path::new(place::SYSCTL)).and_then(Option::as_ref);
    let text = file.and_then(|file| file.text.as_deref()).unwrap_or_default();
    let part = |(key, value): (&&String, &&Word)| {
        let live = Part::new(format!("{key} (live)"), &state.sysctl[*key], normal(&value.0));
        [live, fragment(&format!("{}: {key}", place::SYSCTL), text, &format!("{key} = {}\n", value.0))]
    };
    Ok(known.iter().flat_map(part).collect())
}

/// White space as the kernel's own is read.
fn normal(value: &str) -> String {
    value.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The guarded step that sets live values: a strict reverse path filter can cut a host with several ways to us.
pub fn step(controls: &[(&Control, Vec<Part>)], state: &HostState) -> Option<Step> {
    let mut wanted: BTreeMap<&str, &str> = BTreeMap::new();
    let mut why = Vec::new();
    for (control, parts) in controls {
        let Kind::Sysctl(keys) = &control.kind else { continue };
        let drifted =
            |key: &str| state.sysctl.get(key).filter(|live| **live != normal(&keys[key].0)).is_some();
        wanted.extend(
            keys.iter().filter(|(key, _)| drifted(key)).map(|(key, value)| (key.as_str(), value.0.as_str())),
        );
        why.extend(reasons(
            parts
                .iter()
                .filter(|part| part.place.ends_with("(live)"))
                .map(|part| (control.id.as_str(), part)),
        ));
    }
    let values: Vec<(&str, &str)> = wanted.into_iter().collect();
    change("control.sysctl", &values, state).map(|step| Step { why, ..step })
}

/// A guarded step that sets live values.
pub fn change(id: &str, values: &[(&str, &str)], state: &HostState) -> Option<Step> {
    let save: Vec<String> = values
        .iter()
        .filter(|(key, value)| !is_locked(key, value))
        .map(|(key, _)| format!("printf '%s %s\\n' '{key}' \"$(cat {})\" >> {GUARD}/sysctl", path(key)))
        .collect();
    let undo = format!(
        "left=0; while read -r key value; do echo \"$value\" > \"/proc/sys/$(echo \"$key\" | tr . /)\" || left=1; \
         done < {GUARD}/sysctl; [ $left = 0 ]"
    );
    let old = |key: &str| state.sysctl.get(key).map_or("unset", String::as_str);
    let why = values.iter().map(|(key, value)| format!("{key}: {} -> {value}", old(key)));
    let action = Action::Run(set(values.iter().copied()));
    let step = Step::safe(id, action, Undo::Run(Command::root(undo))).because(why);
    (!values.is_empty())
        .then(|| step.guarded(Command::root(format!(": > {GUARD}/sysctl\n{}", save.join("\n")))))
}

fn path(key: &str) -> String {
    format!("/proc/sys/{}", key.replace('.', "/"))
}

/// Sets live values; all are tried, and one that is refused is named.
fn set<'a>(values: impl IntoIterator<Item = (&'a str, &'a str)>) -> Command {
    let set = values.into_iter().map(|(key, value)| {
        let refused = format!("{{ echo '{key} does not take {value}' >&2; failed=1; }}");
        format!("echo '{value}' > {} || {refused}\n", path(key))
    });
    Command::root(format!("failed=0\n{}exit $failed", set.collect::<String>()))
}
