//! Files: whole ones of our own, and edits of those that are not ours.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use super::{
    draft::{Draft, text},
    edit::Edit,
    guard::under_guard,
    kinds::planned,
    part::{Part, reasons},
};
use crate::{
    change::{Change, FileEdit, FileGone},
    facts::state::{FileState, HostState},
    model::{
        control::Control,
        write::{Seen, sha256},
    },
    plan::{
        file::seen,
        step::{Agreed, ControlStep, Step, StepId, Undo},
    },
};

/// The steps that write files, by the file.
pub fn steps(controls: &[(&Control, Vec<Part>)], state: &HostState) -> BTreeMap<PathBuf, Step> {
    let drafts = drafts(controls, state).into_iter();
    drafts.filter_map(|(path, draft)| step(&path, &draft, state).map(|step| (path, step))).collect()
}

fn drafts(controls: &[(&Control, Vec<Part>)], state: &HostState) -> BTreeMap<PathBuf, Draft> {
    let mut drafts: BTreeMap<PathBuf, Draft> = BTreeMap::new();
    for (control, parts) in controls {
        let Some((path, edit)) = planned(&control.kind).edit(state) else { continue };
        let draft = drafts.entry(path.clone()).or_default();
        planned(&control.kind).draft(draft, state);
        let written: Vec<&PathBuf> = std::iter::once(&path).chain(&draft.others).collect();
        let of_file =
            |part: &&Part| written.iter().any(|path| part.place.starts_with(&path.display().to_string()));
        let of_file = parts.iter().filter(of_file);
        draft.reasons.extend(reasons(of_file.map(|part| (control.id.as_str(), part))));
        draft.guarded |= written.iter().any(|path| path.starts_with("/etc/pam.d"));
        draft.edits.push(edit);
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
    let base = if ours { draft.header } else { old.unwrap_or_default() };
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
        why.push(format!("{}: has content that pryvctl did not write, or other permissions", path.display()));
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
