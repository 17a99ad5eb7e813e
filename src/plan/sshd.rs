//! sshd: a block of our own at the top of its main file, because in sshd the first value wins. It takes in a file of
//! ours with how one may log in for every `Match`: a block of `Match` in the main file itself would swallow the rest.

mod block;
mod port;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

pub use block::reload;
use block::{main, main_block};
pub use port::{is_moved, leaving, ports, way_back};

use super::{
    Conflict,
    control::{
        edit::{Edit, block},
        guard,
        part::{Part, reasons},
    },
    file::{file, own, seen},
    step::{SshdStep, Step, StepId, Undo},
};
use crate::{
    change::{Change, FileEdit},
    facts::state::{FileState, HostState},
    model::{
        command::Command,
        control::{Control, Directive},
        desired::{Desired, ManagedFile},
        place,
    },
};

/// How one may log in. A `Match` block elsewhere would override these, and plain `sshd -T` would not show it; inside
/// our own `Match all`, which comes first, they win.
const LOGIN: [&str; 6] = [
    "permitrootlogin",
    "passwordauthentication",
    "kbdinteractiveauthentication",
    "pubkeyauthentication",
    "permitemptypasswords",
    "hostbasedauthentication",
];

/// Directives that add to one another wherever they stand.
const ADDITIVE: [&str; 6] = ["acceptenv", "allowgroups", "allowusers", "denygroups", "denyusers", "hostkey"];

/// What a control finds of its directives.
pub fn parts(directives: &BTreeMap<String, Directive>, state: &HostState) -> Vec<Part> {
    let block = main_block(state);
    let part = |(key, value): (&String, &Directive)| {
        let value = value_of(value, state);
        let found = state.ssh.sshd.get(&key.to_lowercase()).map(Vec::as_slice).unwrap_or_default();
        let shown = if found.is_empty() { "unset".to_owned() } else { found.join(" ") };
        let written = block.lines().any(|line| line == format!("{key} {value}"));
        let shown = if written { shown } else { format!("{shown}, not in our block") };
        let fits = written && is_effective(key, &value, found);
        Part { place: format!("sshd: {key}"), found: shown, wanted: value, fits }
    };
    directives.iter().map(part).collect()
}

/// The value for this host's sshd: algorithms it does not know are left out.
fn value_of(directive: &Directive, state: &HostState) -> String {
    match directive {
        Directive::Value(value) => value.clone(),
        Directive::Names(names) => {
            let known = names.iter().filter(|name| state.hardening.algorithms.contains(*name));
            known.map(String::as_str).collect::<Vec<_>>().join(",")
        }
    }
}

/// Whether a wanted control says what this directive must be, whatever others say.
pub fn decides(desired: &Desired, name: &str) -> bool {
    !ADDITIVE.contains(&name) && controlled(desired).any(|(key, _)| key.eq_ignore_ascii_case(name))
}

/// What lets in without a key.
const PASSWORDS: [&str; 2] = ["passwordauthentication", "kbdinteractiveauthentication"];

/// Whether something lets in without a key now, by what `sshd -T` shows, and a wanted control ends that.
pub fn closes_passwords(desired: &Desired, found: &BTreeMap<String, Vec<String>>) -> bool {
    let no = |value: &Directive| matches!(value, Directive::Value(value) if value == "no");
    let opens = |name: &str| found.get(name).is_some_and(|values| values == &["yes"]);
    let closes =
        |name: &str| controlled(desired).any(|(key, value)| key.eq_ignore_ascii_case(name) && no(value));
    PASSWORDS.iter().any(|name| opens(name) && closes(name))
}

/// After how many wrong keys sshd will hang up: as a wanted control says, or else as `sshd -T` shows.
pub fn most_tries(desired: &Desired, found: &BTreeMap<String, Vec<String>>) -> Option<usize> {
    const NAME: &str = "maxauthtries";
    let wanted = controlled(desired).find_map(|(key, value)| match value {
        Directive::Value(value) if key.eq_ignore_ascii_case(NAME) => Some(value),
        Directive::Value(_) | Directive::Names(_) => None,
    });
    wanted.or_else(|| found.get(NAME)?.first())?.parse().ok()
}

/// What all wanted controls say to sshd, by directive. A list of algorithms of which the host knows none is not sent.
fn directives(desired: &Desired, state: &HostState) -> BTreeMap<String, String> {
    let pairs = controlled(desired).map(|(key, value)| (key.clone(), value_of(value, state)));
    pairs.filter(|(_, value)| !value.is_empty()).collect()
}

/// The directives of all wanted controls.
fn controlled(desired: &Desired) -> impl Iterator<Item = (&String, &Directive)> {
    desired.hardening.wanted().filter_map(|control| control.kind.sshd()).flatten()
}

/// sshd's two files as they must be.
struct Wanted {
    main: String,
    matched: ManagedFile,
}

fn wanted(desired: &Desired, state: &HostState) -> Result<Option<Wanted>, Conflict> {
    let (directives, ports) = (directives(desired, state), port::lines(desired, state));
    if directives.is_empty() && ports.is_empty() {
        return Ok(None);
    }
    let line = |(key, value): (&String, &String)| format!("{key} {value}\n");
    let global: String = directives.iter().map(line).collect();
    let login = directives.iter().filter(|(key, _)| LOGIN.contains(&key.to_lowercase().as_str()));
    let login: String = login.map(|directive| format!("    {}", line(directive))).collect();
    let matched = format!("# Written by pryvctl; changes are overwritten.\nMatch all\n{login}");
    let found = main(state);
    let text = match found {
        None => "",
        Some(FileState { text: Some(text), .. }) => text,
        Some(FileState { text: None, .. }) => {
            return Err(Conflict {
                thing: place::SSHD_CONFIG.to_owned(),
                found: "is not a text file, or is too long".to_owned(),
                way_out: "repair it".to_owned(),
            });
        }
    };
    let block = Edit::Block(format!("Include {}\n{ports}{global}", place::SSHD_DROP_IN));
    Ok(Some(Wanted { main: block.apply(text), matched: own(place::SSHD_DROP_IN, matched, 0o600) }))
}

/// The guarded steps that bring sshd to what it must be, if it is not.
///
/// # Errors
/// Our block comes first, and still something else decides; or systemd holds the port that sshd is to leave.
pub fn steps(desired: &Desired, state: &HostState) -> Result<Vec<Step>, Conflict> {
    if let Some(conflict) = port::held_by_systemd(desired, state) {
        return Err(conflict);
    }
    let Some(wanted) = wanted(desired, state)? else { return Ok(Vec::new()) };
    let matched = file(StepId::Sshd(SshdStep::Match), &wanted.matched, state);
    let block = main_step(&wanted, desired, state);
    if matched.is_none() && block.is_none() && leaving(desired, state).is_none() {
        let other = overridden(desired, state).or_else(|| port::left(desired, state));
        return other.map_or(Ok(Vec::new()), Err);
    }
    let matched = matched.map(|step| guarded_match(step, &wanted));
    Ok(matched.into_iter().chain(block).chain([port::taken_up(desired, state)]).collect())
}

fn overridden(desired: &Desired, state: &HostState) -> Option<Conflict> {
    let first = drifted(desired, state).into_iter().next()?;
    Some(Conflict {
        thing: "sshd".to_owned(),
        found: format!("`sshd -T` does not show our setting, although our block comes first: {first}"),
        way_out: "look for the value in /etc/ssh and in the options sshd was started with".to_owned(),
    })
}

/// Directives whose effective value is another one, in words.
fn drifted(desired: &Desired, state: &HostState) -> Vec<String> {
    let directives = directives(desired, state);
    let line = |(key, value): (&String, &String)| {
        let found = state.ssh.sshd.get(&key.to_lowercase()).map(Vec::as_slice).unwrap_or_default();
        let shown = if found.is_empty() { "unset".to_owned() } else { found.join(" ") };
        (!is_effective(key, value, found)).then(|| format!("{key}: {shown} -> {value}"))
    };
    directives.iter().filter_map(line).collect()
}

/// What a hand changed in our block, in words.
fn spoiled(desired: &Desired, state: &HostState) -> Vec<String> {
    let of = |control: &Control| {
        let parts = control.kind.sshd().map(|directives| parts(directives, state)).unwrap_or_default();
        reasons(parts.iter().map(|part| (control.id.as_str(), part)))
    };
    desired.hardening.wanted().flat_map(of).collect()
}

/// Whether `sshd -T` shows a value. A directive that adds to others may show more.
fn is_effective(key: &str, value: &str, found: &[String]) -> bool {
    let (wanted, found) = (canonical([value]), canonical(found.iter().map(String::as_str)));
    if ADDITIVE.contains(&key.to_lowercase().as_str()) { wanted.is_subset(&found) } else { wanted == found }
}

/// Values as `sshd -T` prints them: one name for two spellings, in any order.
fn canonical<'a>(values: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
    let words = values.into_iter().flat_map(str::split_whitespace).map(str::to_lowercase);
    words.map(|word| if word == "without-password" { "prohibit-password".to_owned() } else { word }).collect()
}

/// The main file, and the one that it takes in.
pub const FILES: [&str; 2] = [place::SSHD_CONFIG, place::SSHD_DROP_IN];

/// Keeps files that decide over logins, and brings them back.
pub fn under_guard(step: Step, paths: &[&Path]) -> Step {
    guard::under_guard(step, paths, true)
}

fn guarded_match(step: Step, wanted: &Wanted) -> Step {
    let [_, path] = FILES;
    under_guard(step, &[Path::new(path)]).checked(check(wanted))
}

fn main_step(wanted: &Wanted, desired: &Desired, state: &HostState) -> Option<Step> {
    let [path, _] = FILES;
    let found = main(state);
    if found.is_some_and(|found| found.text.as_ref() == Some(&wanted.main)) {
        return None;
    }
    let rights = if found.is_some() { None } else { Some((0o600, 0, 0)) };
    let path = Path::new(path);
    let change = Change::Edit(FileEdit {
        path: path.to_owned(),
        text: wanted.main.clone(),
        seen: seen(found),
        rights,
        checks: BTreeSet::new(),
        after: BTreeSet::new(),
    });
    let mut why = vec![format!("{}: our block at its top", path.display())];
    let there = found.and_then(|found| block(found.text.as_deref()?)).is_some();
    why.extend(port::reason(desired, state));
    why.extend(if there { spoiled(desired, state) } else { drifted(desired, state) });
    let step =
        Step::safe(StepId::Sshd(SshdStep::Block), change, Undo::Nothing("the guard's own")).because(why);
    Some(under_guard(step, &[path]).checked(check(wanted)))
}

/// Asks sshd for the whole of the new configuration, in the order in which it will read it: what the one new file says
/// may be wrong beside the other old one.
fn check(wanted: &Wanted) -> Command {
    let Wanted { main, matched } = wanted;
    let script = format!(
        "set -e; umask 077; d=$(mktemp -d); trap 'rm -rf $d' EXIT; cat > $d/both; \
         sed '/^{END_OF_MATCHED}$/,$d' $d/both > $d/matched; sed '1,/^{END_OF_MATCHED}$/d' $d/both | \
         sed \"s,^Include {}$,Include $d/matched,\" > $d/sshd_config; \
         /usr/sbin/sshd -t -f $d/sshd_config",
        place::SSHD_DROP_IN
    );
    Command::root(script).stdin(format!("{}{END_OF_MATCHED}\n{main}", matched.content.expose()))
}

/// Between the two files on their way to the host.
const END_OF_MATCHED: &str = "# pryvctl: end of matched";
