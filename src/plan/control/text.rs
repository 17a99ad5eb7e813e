//! Files: whole ones of our own, and edits of those that are not ours.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use super::{
    edit::{self, Edit},
    fragment::fragment,
    part::{Part, reasons},
};
use crate::{
    change::{Change, FileEdit, FileGone, KeptFiles},
    facts::state::{FileState, HostState},
    model::{
        command::quote,
        control::{Control, Kind, OwnFile},
        place,
        write::{Seen, sha256},
    },
    plan::{
        file::seen,
        step::{Agreed, ControlStep, Step, StepId, Undo},
    },
};

const HEADER: &str = "# Written by pryvctl; changes are overwritten.\n";

/// What all controls together want of one file.
#[derive(Debug, Default)]
pub struct Draft {
    edits: Vec<Edit>,
    mode: Option<u32>,
    checks: BTreeSet<String>,
    /// Commands that put it into force.
    after: BTreeSet<String>,
    reasons: Vec<String>,
    /// What else is written when it changes.
    others: BTreeSet<PathBuf>,
    /// Whether something that is made of it does not show it.
    stale: bool,
    /// Whether a wrong text could cut our login.
    guarded: bool,
}

/// What one control wants of a file.
pub fn edit(control: &Control, state: &HostState) -> Option<(PathBuf, Edit)> {
    let edit = match &control.kind {
        Kind::Module(names) => {
            let lines = names.iter().map(|name| format!("install {name} /bin/false\nblacklist {name}\n"));
            (place::MODPROBE.into(), Edit::Ours(lines.collect()))
        }
        Kind::Sysctl(keys) => {
            let keys = keys.iter().filter(|(key, _)| !super::sysctl::named(key, state).is_empty());
            let lines = keys.map(|(key, value)| format!("{key} = {}\n", value.0));
            (place::SYSCTL.into(), Edit::Ours(lines.collect()))
        }
        Kind::Audit(rules) => {
            let lines = rules.iter().map(|rule| format!("{rule}\n"));
            (place::AUDIT_RULES.into(), Edit::Ours(lines.collect()))
        }
        Kind::File(file) => (file.path.clone(), Edit::Ours(file.content.clone())),
        Kind::Setting(settings) => (settings.path.clone(), Edit::Keys(settings.form, settings.set.clone())),
        Kind::Line(line) => (line.path.clone(), Edit::Line(line.line.clone(), line.at.clone())),
        Kind::Without(unwanted) => {
            (unwanted.path.clone(), Edit::Without(unwanted.word.clone(), unwanted.beside.clone()))
        }
        Kind::Mount(mount) => (place::FSTAB.into(), Edit::Mount(super::mount::line(mount, state)?)),
        Kind::Sshd(_) | Kind::Permissions(_) | Kind::Package(_) | Kind::Unit(_) | Kind::Daemon(_) => {
            return None;
        }
    };
    Some(edit)
}

/// Where several controls write in one file of ours, it begins with a line that says so.
fn header(path: &Path) -> &'static str {
    match path.to_str() {
        Some(place::SYSCTL | place::MODPROBE) => HEADER,
        // With it a rule that cannot be loaded, as for a folder that is not there, does not keep the others out, and is no
        // failure: auditd of Debian 13 does not start after one.
        Some(place::AUDIT_RULES) => "# Written by pryvctl; changes are overwritten.\n-i\n",
        Some(_) | None => "",
    }
}

/// What a control finds in its file.
pub fn parts(control: &Control, state: &HostState) -> Result<Vec<Part>, String> {
    let Some((path, edit)) = edit(control, state) else { return Ok(Vec::new()) };
    let found = text(&path, state);
    let name = path.display();
    Ok(match (&control.kind, &edit) {
        (Kind::File(file), _) => {
            let whole = whole(&path, found, &file.content, file.mode.0, state);
            std::iter::once(whole).chain(traces(file, state)).collect()
        }
        (_, Edit::Ours(ours)) => vec![fragment(&name.to_string(), found.unwrap_or_default(), ours)],
        (_, Edit::Keys(_, keys)) => {
            let found = found.ok_or_else(|| format!("there is no {name}"))?;
            let part = |(key, value): (&String, &crate::model::compose::Word)| {
                let shown = edit::value(found, key).unwrap_or_else(|| "unset".to_owned());
                Part::new(format!("{name}: {key}"), shown, &value.0).fitting(one(found, key, &value.0))
            };
            keys.iter().map(part).collect()
        }
        (Kind::Line(line), _) if found.is_none() && line.make.is_none() => {
            return Err(format!("there is no {name}"));
        }
        (Kind::Line(line), _) => {
            let fits = found.is_some_and(|text| edit.apply(text) == text);
            vec![Part::new(format!("{name}"), if fits { &line.line } else { "no such line" }, &line.line)]
        }
        (_, Edit::Without(word, _)) => {
            let text = found.ok_or_else(|| format!("there is no {name}"))?;
            let shown = if edit.apply(text) == text { "without" } else { "with" };
            vec![Part::new(format!("{name}"), format!("{shown} `{word}`"), format!("without `{word}`"))]
        }
        (_, Edit::Line(..) | Edit::Block(_) | Edit::Mount(_) | Edit::Members(_)) => Vec::new(),
    })
}

/// Whether a key is set to this value and to no other.
fn one(text: &str, key: &str, value: &str) -> bool {
    edit::value(text, key).as_deref() == Some(value) && edit::count(text, key) == 1
}

fn whole(path: &Path, found: Option<&str>, content: &str, mode: u32, state: &HostState) -> Part {
    let rights = |mode: u32, uid: u32, gid: u32| format!("{mode:04o} {uid}:{gid}");
    let wanted = rights(mode, 0, 0);
    let shown = match (state.file(path), found) {
        (None, _) => "none".to_owned(),
        (Some(file), Some(text)) if text == content => rights(file.mode, file.uid, file.gid),
        (Some(_), _) => "other content".to_owned(),
    };
    Part::new(path.display().to_string(), shown, wanted)
}

/// What must show elsewhere while a file of ours counts.
fn traces(file: &OwnFile, state: &HostState) -> impl Iterator<Item = Part> {
    file.traces().map(|(path, text)| {
        let there = state.hardening.traces.contains(&(path.clone(), text.clone()));
        let found = if there { text.clone() } else { format!("without `{text}`") };
        Part::new(path.display().to_string(), found, text)
    })
}

fn text<'a>(path: &Path, state: &'a HostState) -> Option<&'a str> {
    state.file(path)?.text.as_deref()
}

/// The steps that write files, by the file.
pub fn steps(controls: &[(&Control, Vec<Part>)], state: &HostState) -> BTreeMap<PathBuf, Step> {
    let drafts = drafts(controls, state).into_iter();
    drafts.filter_map(|(path, draft)| step(&path, &draft, state).map(|step| (path, step))).collect()
}

fn drafts(controls: &[(&Control, Vec<Part>)], state: &HostState) -> BTreeMap<PathBuf, Draft> {
    let mut drafts: BTreeMap<PathBuf, Draft> = BTreeMap::new();
    for (control, parts) in controls {
        let Some((path, edit)) = edit(control, state) else { continue };
        let written = control.kind.own_file().map(OwnFile::written).unwrap_or_else(|| vec![&path]);
        let of_file =
            |part: &&Part| written.iter().any(|path| part.place.starts_with(&path.display().to_string()));
        let of_file = parts.iter().filter(of_file);
        let draft = drafts.entry(path.clone()).or_default();
        draft.reasons.extend(reasons(of_file.map(|part| (control.id.as_str(), part))));
        draft.guarded |= written.iter().any(|path| path.starts_with("/etc/pam.d"));
        draft.guarded |= path == Path::new(place::SYSCTL);
        draft.edits.push(edit);
        match &control.kind {
            Kind::File(file) => {
                draft.mode = Some(file.mode.0);
                draft.checks.extend(file.check.clone());
                draft.after.extend(file.restart.as_deref().map(restart));
                draft.after.extend(file.after.iter().map(|after| after.run.clone()));
                draft.others = written.iter().skip(1).map(|path| path.to_path_buf()).collect();
                draft.stale = traces(file, state).any(|part| !part.fits);
            }
            Kind::Setting(settings) => draft.after.extend(settings.restart.as_deref().map(restart)),
            Kind::Line(line) => draft.mode = line.make.map(|mode| mode.0),
            Kind::Sysctl(_) | Kind::Module(_) => draft.mode = Some(0o644),
            Kind::Audit(_) => draft.mode = Some(0o600),
            Kind::Without(_)
            | Kind::Mount(_)
            | Kind::Sshd(_)
            | Kind::Permissions(_)
            | Kind::Package(_)
            | Kind::Unit(_)
            | Kind::Daemon(_) => {}
        }
    }
    drafts
}

fn step(path: &Path, draft: &Draft, state: &HostState) -> Option<Step> {
    let ours = draft.edits.iter().all(|edit| matches!(edit, Edit::Ours(_)));
    let found = state.file(path);
    let old = text(path, state);
    // What others wrote there would be lost.
    if found.is_some() && old.is_none() && !ours {
        return None;
    }
    let base = if ours { header(path) } else { old.unwrap_or_default() };
    let new = draft.edits.iter().fold(base.to_owned(), |text, edit| edit.apply(&text));
    let rights = match found {
        Some(_) if !ours => None,
        Some(_) | None => Some((draft.mode.unwrap_or(0o644), 0, 0)),
    };
    let has = |found: &FileState| rights.is_none_or(|rights| rights == (found.mode, found.uid, found.gid));
    let same = old == Some(&new) && found.is_some_and(has) && !draft.stale;
    if same {
        return None;
    }
    let mut why = draft.reasons.clone();
    if why.is_empty() {
        why.push(format!("{}: holds what is not ours, or has other rights", path.display()));
    }
    let undo = way_back(path, &new, found, &draft.after);
    let (checks, after) = (draft.checks.clone(), draft.after.clone());
    let change =
        Change::Edit(FileEdit { path: path.to_owned(), text: new, seen: seen(found), rights, checks, after });
    let agreed = if ours || draft.reasons.is_empty() { Agreed::Exactly } else { Agreed::AsRead };
    let step = Step::safe(StepId::Control(ControlStep::File(path.to_owned())), change, undo)
        .because(why)
        .agreed(agreed);
    let written: Vec<&Path> =
        std::iter::once(path).chain(draft.others.iter().map(PathBuf::as_path)).collect();
    Some(if draft.guarded { under_guard(step, &written, false) } else { step })
}

/// The command with which a unit takes up a file.
pub fn restart(unit: &str) -> String {
    format!("systemctl try-restart {}", quote(unit))
}

fn way_back(path: &Path, new: &str, found: Option<&FileState>, after: &BTreeSet<String>) -> Undo {
    let ours = Seen::Sha256(sha256(new));
    match found {
        None => {
            let (path, after) = (path.to_owned(), after.clone());
            Undo::change(Change::FileGone(FileGone { path, seen: ours, brought: Vec::new(), after }))
        }
        Some(FileState { text: Some(text), mode, uid, gid, .. }) => {
            let edit = FileEdit {
                path: path.to_owned(),
                text: text.clone(),
                seen: ours,
                rights: Some((*mode, *uid, *gid)),
                checks: BTreeSet::new(),
                after: after.clone(),
            };
            Undo::change(Change::Edit(edit))
        }
        Some(FileState { text: None, .. }) => {
            Undo::Nothing("its old content lies in the record of originals")
        }
    }
}

/// A step that writes files, under guard: they are kept as they are, and put back from there, whatever is in them by
/// then.
pub fn under_guard(step: Step, paths: &[&Path], of_sshd: bool) -> Step {
    let files: Vec<PathBuf> = paths.iter().map(|path| path.to_path_buf()).collect();
    let kept = KeptFiles { paths: files.clone(), of_sshd };
    let save = kept.save();
    Step { undo: Undo::change(Change::KeptFiles(kept)), files, ..step }.guarded(save)
}
