//! The way back: every object that a control changed, as it was recorded before. What others changed since stays.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use super::{audit, edit::Edit, mount, rights, sysctl, text, unit};
use crate::{
    facts::state::{FileState, HostState, UnitState},
    model::{
        command::{Command, quote},
        control::{Control, Kind, OwnFile},
        desired::Desired,
        place::{self, ORIGINALS},
    },
    plan::{
        engine,
        step::{Action, Step, Undo},
    },
};

/// Files that nobody but us writes: they go, recorded or not.
const OURS: [&str; 4] = [place::SYSCTL, place::MODPROBE, place::AUDIT_RULES, place::SSHD_DROP_IN];

/// sshd's files, whose way back could cut our login.
const SSHD: [&str; 2] = [place::SSHD_CONFIG, place::SSHD_DROP_IN];

fn is_sshds(path: &Path) -> bool {
    SSHD.iter().any(|sshd| path == Path::new(sshd))
}

/// How a file gets back to what it was.
#[derive(Debug, PartialEq, Eq)]
enum Back {
    /// It is.
    There,
    /// It was not there.
    Remove,
    /// Its copy is put in its place, with its time.
    Copy,
    /// Others changed it since: only what is ours is taken out.
    Write(String),
}

/// The steps that bring every object back; [`forget`] comes after everything else.
pub fn steps(desired: &Desired, state: &HostState) -> Vec<Step> {
    // Units go while their files are still there.
    let mut steps: Vec<Step> = units(desired, state).into_iter().collect();
    let mut guarded = Vec::new();
    let made = |path: &PathBuf| own(path, desired).any(|file| file.traces().next().is_some());
    let (sources, others): (Vec<_>, Vec<_>) = paths(desired, state).into_iter().partition(made);
    let step = |path: &PathBuf| file(path, &back(path, desired, state), desired, state);
    // What a program made of them in files of others goes first, and then those are looked at.
    steps.extend(sources.iter().filter_map(step).map(Step::looked_after));
    for path in others {
        let Some(step) = step(&path) else { continue };
        // What is ours in PAM's files goes before the packages, whose removal leaves alone what others changed.
        if is_sshds(&path) { guarded.push(step) } else { steps.push(step) }
    }
    steps.extend(rights(desired, state));
    steps.extend(mounts(desired, state));
    steps.extend(rules(desired, state));
    steps.extend(packages(state));
    if !guarded.is_empty() {
        guarded.push(crate::plan::sshd::reload());
    }
    guarded.extend(kernel(desired, state));
    steps.extend(guarded);
    steps
}

/// Every file that is recorded, and those of our own that are there.
fn paths(desired: &Desired, state: &HostState) -> BTreeSet<PathBuf> {
    let there = |path: &&&str| state.files.get(Path::new(**path)).is_some_and(Option::is_some);
    let ours = OURS.iter().filter(there).map(PathBuf::from);
    let with_block = PathBuf::from(place::SSHD_CONFIG);
    let recorded = state.originals.files.keys().cloned();
    let known: BTreeSet<PathBuf> = desired.hardening.known.iter().flat_map(place::control_files).collect();
    let mut paths: BTreeSet<PathBuf> = recorded.filter(|path| known.contains(path)).chain(ours).collect();
    paths.insert(with_block);
    paths
}

fn back(path: &Path, desired: &Desired, state: &HostState) -> Back {
    let found = state.files.get(path).and_then(Option::as_ref);
    let original = state.originals.files.get(path);
    let old = original.and_then(Option::as_ref);
    let Some(FileState { text, mode, uid, gid, .. }) = found else {
        return if old.is_some() { Back::Copy } else { Back::There };
    };
    let ours = OURS.iter().any(|ours| path == Path::new(ours));
    let old_text = old.and_then(|old| old.text.as_deref());
    let (Some(text), true) = (text, original.is_none_or(Option::is_none) || old_text.is_some()) else {
        return if old.is_some() { Back::Copy } else { Back::There };
    };
    let reverted = edits(path, desired, state)
        .iter()
        .fold(text.clone(), |text, edit| edit.revert(&text, old_text.unwrap_or_default()));
    match (original, old) {
        (Some(None), _) | (None, _) if ours => Back::Remove,
        // `{}` is what is left of a daemon.json that was made for our keys.
        (Some(None), _) if matches!(reverted.trim(), "" | "{}") => Back::Remove,
        (_, Some(old)) if old_text == Some(&reverted) => {
            let same = old_text == Some(text) && (old.mode, old.uid, old.gid) == (*mode, *uid, *gid);
            if same { Back::There } else { Back::Copy }
        }
        (_, _) if reverted == *text => Back::There,
        (_, _) => Back::Write(reverted),
    }
}

/// Every edit that any control there is could have made in a file.
fn edits(path: &Path, desired: &Desired, state: &HostState) -> Vec<Edit> {
    let of = |control: &Control| match (control.kind.daemon(), control.kind.sshd()) {
        (Some(keys), _) => Some((PathBuf::from(place::DAEMON_JSON), Edit::Members(keys.clone()))),
        (None, Some(_)) => Some((PathBuf::from(place::SSHD_CONFIG), Edit::Block(String::new()))),
        (None, None) => text::edit(control, state),
    };
    let edits = desired.hardening.known.iter().filter_map(of);
    edits.filter(|(of, _)| of == path).map(|(_, edit)| edit).collect()
}

/// The files of our own at a path.
fn own<'a>(path: &'a Path, desired: &'a Desired) -> impl Iterator<Item = &'a OwnFile> {
    let files = desired.hardening.known.iter().filter_map(|control| control.kind.own_file());
    files.filter(move |file| file.path == path)
}

fn file(path: &Path, back: &Back, desired: &Desired, state: &HostState) -> Option<Step> {
    let came = |path: &&PathBuf| state.originals.files.get(*path) == Some(&None);
    let brought = own(path, desired).flat_map(|file| &file.brings).filter(came);
    let brought: String = brought.map(|path| format!(" {}", quote(&path.display().to_string()))).collect();
    let after: BTreeSet<String> =
        own(path, desired).filter_map(|file| Some(file.after.as_ref()?.run.clone())).collect();
    let then: String = after.iter().map(|run| text::then(run)).collect();
    let name = path.display().to_string();
    let quoted = quote(&name);
    if path == Path::new(place::DAEMON_JSON) {
        let old = state.originals.files.get(path).and_then(Option::as_ref);
        return match back {
            Back::There => None,
            Back::Remove => Some(engine::restore(None, state)),
            Back::Copy => Some(engine::restore(old.and_then(|old| old.text.as_deref()), state)),
            Back::Write(text) => Some(engine::restore(Some(text), state)),
        };
    }
    let (command, why) = match back {
        Back::There => return None,
        Back::Remove => (
            Command::root(format!("rm -rf {quoted}{brought}{}{then}", text::reload(path))),
            format!("{name}: -> none"),
        ),
        Back::Copy => (
            // Its folder may have gone with its package, in a run that did not come to its end.
            Command::root(format!(
                "set -e; path=$(readlink -m {quoted}); [ -d \"${{path%/*}}\" ] || exit 0; cp -p {ORIGINALS}/files{quoted} \"$path.pryvctl-new\"; \
                 mv -f \"$path.pryvctl-new\" \"$path\"{then}"
            )),
            format!("{name}: as it was before pryvctl"),
        ),
        Back::Write(text) => {
            let none = BTreeSet::new();
            (text::write(path, text, None, &none, &after), format!("{name}: what is ours is taken out"))
        }
    };
    let undo = Undo::Nothing("the original stays in the record until all is back");
    let step = Step::safe(format!("undo.{name}"), Action::Run(command), undo).because([why]);
    let others = own(path, desired).flat_map(OwnFile::written);
    let written: Vec<&Path> = others.chain([path]).collect::<BTreeSet<_>>().into_iter().collect();
    let guarded = is_sshds(path) || written.iter().any(|path| path.starts_with("/etc/pam.d"));
    Some(if guarded { crate::plan::sshd::under_guard(step, &written) } else { step })
}

fn run(id: &str, script: String, why: Vec<String>) -> Option<Step> {
    let undo = Undo::Nothing("a harden sets it again");
    (!why.is_empty()).then(|| Step::safe(id, Action::Run(Command::root(script)), undo).because(why))
}

/// Gives back what was taken away; rights that others gave or took since stay.
fn rights(desired: &Desired, state: &HostState) -> Option<Step> {
    let found = |path: &Path| state.rights.values().find_map(|matched| matched.get(path));
    let known = &desired.hardening.known;
    let changed = state.originals.rights.iter().filter_map(|(path, old)| {
        let now = found(path)?.mode;
        let taken = rights::taken(path, old.mode, known.iter(), state);
        (now != old.mode && taken.contains(&now)).then(|| (path.display().to_string(), now, old.mode))
    });
    let changed: Vec<_> = changed.collect();
    let script = changed.iter().map(|(path, _, old)| format!("chmod {old:o} {}\n", quote(path))).collect();
    let why = changed.iter().map(|(path, now, old)| format!("{path}: {now:04o} -> {old:04o}")).collect();
    run("undo.permissions", script, why)
}

fn mounts(desired: &Desired, state: &HostState) -> Option<Step> {
    let wanted = |path: &Path, option: &str| {
        let mut mounts = desired.hardening.known.iter().filter_map(|control| control.kind.mount());
        mounts.any(|mount| mount.path == path && mount.options.iter().any(|wanted| wanted == option))
    };
    let changed = state.originals.mounts.iter().filter_map(|(path, old)| {
        let old: Vec<&str> = old.split(',').collect();
        let now = state.mounts.get(path)?.options.iter().filter(|option| wanted(path, option)).cloned();
        let gained = mount::opposites(&now.collect::<Vec<_>>(), &old);
        (!gained.is_empty()).then(|| (path.display().to_string(), gained.join(",")))
    });
    let changed: Vec<_> = changed.collect();
    let remount =
        |(path, options): &(String, String)| format!("mount -o remount,{options} {}\n", quote(path));
    let script = changed.iter().map(remount).collect();
    let why = changed.iter().map(|(path, options)| format!("{path}: {options}")).collect();
    run("undo.mount", script, why)
}

fn units(desired: &Desired, state: &HostState) -> Option<Step> {
    let ours = |name: &str, found: UnitState| {
        let mut units = desired.hardening.known.iter().filter_map(|control| control.kind.unit());
        units.any(|unit| unit.name == name && unit::fits(unit.state, found))
    };
    let (mut script, mut why) = (String::new(), Vec::new());
    for (name, (enabled, active)) in &state.originals.units {
        let found = state.units.get(name).copied().unwrap_or_default();
        let was_active = active == "active";
        let same = (found.masked, found.enabled, found.active)
            == (enabled == "masked", enabled == "enabled", was_active);
        if same || !found.exists || !ours(name, found) {
            continue;
        }
        let quoted = quote(name);
        let at_boot = match enabled.as_str() {
            "masked" => "mask",
            "enabled" => "enable",
            _ => "disable",
        };
        let now = if was_active { "start" } else { "stop" };
        script.push_str(&format!(
            "systemctl unmask -q {quoted}; systemctl {at_boot} -q {quoted} || true; systemctl {now} {quoted} || true\n"
        ));
        why.push(format!("{name}: -> {enabled}, {active}"));
    }
    run("undo.units", script, why)
}

/// Our rules leave the kernel, whether the program that loaded them stays or goes.
fn rules(desired: &Desired, state: &HostState) -> Option<Step> {
    let loaded = state.audit.as_ref()?;
    let known = desired.hardening.known.iter().filter_map(|control| {
        if let Kind::Audit(rules) = &control.kind { Some(audit::keys(rules)) } else { None }
    });
    let ours: BTreeSet<&str> = known.flatten().filter(|key| loaded.contains(*key)).collect();
    let script = ours.iter().map(|key| format!("auditctl -D -k {key} >/dev/null\n")).collect();
    run("undo.audit", script, ours.iter().map(|key| format!("rules with key {key}: -> none")).collect())
}

/// Packages that came with us go again, unless something else needs them by now. A file that goes with its package is not
/// put back by a later run.
fn packages(state: &HostState) -> Option<Step> {
    let names: Vec<&str> = state.originals.packages.iter().map(String::as_str).collect();
    let list = names.join(" ");
    let script = format!(
        "export DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l LC_ALL=C
there=$(dpkg-query -W -f '${{db:Status-Status}} ${{Package}}\\n' {list} 2>/dev/null | sed -n 's/^[^n][^ ]* //p')
[ -z \"$there\" ] || others=$(apt-get -s purge $there | sed -n 's/^Purg \\([^ ]*\\).*/\\1/p' | grep -vxF \"$there\" || true)
[ -z \"$others\" ] || {{
needed=$(apt-cache --installed --recurse --important depends $others | sed -n 's/^\\([^ <].*\\)/\\1/p')
there=$(printf '%s\\n' \"$there\" | grep -vxF \"$needed\" || true)
}}
[ -z \"$there\" ] || {{
units=$(dpkg -L $there | sed -n 's,.*/systemd/system/\\([^/]*\\.[a-z]*\\)$,\\1,p')
apt-get -q -y -o DPkg::Lock::Timeout=600 purge $there || exit 1
# Not every package ends what it started, and what failed to end would be remembered without a file.
[ -z \"$units\" ] || {{ systemctl stop $units; systemctl reset-failed $units; }} 2>/dev/null || true
}}
cd {ORIGINALS} && sed -n 's/^file //p' index | while read -r path; do
[ -e \"$path\" ] || {{ grep -vxF \"file $path\" index > index.new; mv -f index.new index; }}; done"
    );
    let undo = Undo::Nothing("a harden installs them again");
    let command = Command::root(script).within(engine::APT);
    (!names.is_empty()).then(|| {
        Step::safe("undo.packages", Action::Run(command), undo).because([
            format!("{list}: -> not installed, unless others need them by now"),
            "accounts that they made stay, as Debian leaves them".to_owned(),
        ])
    })
}

/// Live kernel parameters that are as a control says and were not.
fn parameters<'a>(desired: &'a Desired, state: &'a HostState) -> impl Iterator<Item = (&'a str, &'a str)> {
    let known = desired.hardening.known.iter();
    let ours: BTreeSet<&str> = known.flat_map(|control| sysctl::held(control, state)).collect();
    let old = state.originals.sysctl.iter().filter(move |(key, _)| ours.contains(key.as_str()));
    let changed = old.filter(|(key, old)| state.sysctl.get(*key).is_some_and(|now| now != *old));
    changed.map(|(key, old)| (key.as_str(), old.as_str()))
}

fn is_locked(key: &str, state: &HostState) -> bool {
    state.sysctl.get(key).is_some_and(|now| sysctl::is_locked(key, now))
}

/// They are set back under guard, as when they were set, but for those that the kernel keeps until the next boot.
fn kernel(desired: &Desired, state: &HostState) -> Option<Step> {
    let changed: Vec<(&str, &str)> =
        parameters(desired, state).filter(|(key, _)| !is_locked(key, state)).collect();
    sysctl::change("undo.sysctl", &changed, state)
}

/// The last step: folders that came with us go, if nobody else uses them by now, and the record with them.
pub fn forget(desired: &Desired, state: &HostState) -> Option<Step> {
    // A folder sorts before what is in it.
    let folders = state.originals.folders.iter().rev();
    let folders: String = folders
        .map(|folder| quote(&folder.display().to_string()))
        .map(|folder| format!("[ ! -d {folder} ] || rmdir --ignore-fail-on-non-empty {folder}\n"))
        .collect();
    let script = format!("{folders}rm -rf {ORIGINALS}; rmdir --ignore-fail-on-non-empty {}", place::KEPT);
    let undo = Undo::Nothing("everything in it is back in its place");
    let step = Step::safe("originals.remove", Action::Run(Command::root(script)), undo);
    let locked = parameters(desired, state).filter(|(key, _)| is_locked(key, state));
    let locked = locked.map(|(key, _)| format!("{key}: the kernel keeps it until the next boot"));
    let why = std::iter::once("the record of originals: -> none".to_owned()).chain(locked);
    (!state.originals.is_empty()).then(|| step.because(why))
}
