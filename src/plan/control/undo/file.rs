//! Files: what is ours in them goes.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use crate::{
    change::{Change, FileAsBefore, FileEdit, FileGone},
    facts::state::FileState,
    model::control::{Control, OwnFile},
    plan::{
        control::{
            draft::Draft,
            edit::Edit,
            guard::under_guard,
            kinds::{self, is_one_of, planned},
            way::Way,
        },
        file::seen,
        step::{ControlStep, Step, StepId, Undo},
    },
};

/// How files begin that are wholly ours.
const OURS_BEGIN: &str = "# Written by pryvctl";

/// Whether a file decides who gets in.
pub(super) fn is_login(path: &Path) -> bool {
    is_one_of(path, &kinds::logins())
}

/// Whether nobody but us writes a file.
fn is_ours(path: &Path) -> bool {
    is_one_of(path, &kinds::ours())
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
    /// Others changed it since: only the lines of pryvctl are removed.
    Write(String),
}

/// Every file to be looked at.
pub(super) fn paths(way: &Way) -> BTreeSet<PathBuf> {
    let written = way.given.iter().flat_map(|control| control.kind.files());
    if !way.whole {
        // What is wholly ours is written anew without what went.
        let rewritten = |path: &Path| (is_ours(path) || is_login(path)) && is_kept(path, way);
        let left = |path: &PathBuf| rewritten(path) || kinds::is_needed(path, way);
        return written.filter(|path| !left(path)).collect();
    }
    let recorded = &way.state.hardening.originals.files;
    let written = written.filter(|path| recorded.contains_key(path));
    let ours = kinds::ours().into_iter().chain(kinds::logins()).map(PathBuf::from);
    written.chain(ours).collect()
}

/// Whether controls that stay write in a file.
fn is_kept(path: &Path, way: &Way) -> bool {
    way.kept.iter().any(|control| control.kind.files().iter().any(|other| other == path))
}

/// Whether something else is made of a file of ours.
pub(super) fn is_source(path: &Path, way: &Way) -> bool {
    own(path, way).any(|file| file.traces().next().is_some())
}

/// The step that brings a file back, if it is not.
pub(super) fn step(path: &Path, way: &Way) -> Option<Step> {
    let back = back(path, way);
    let came = |path: &&PathBuf| way.state.hardening.originals.files.get(*path) == Some(&None);
    let brought = own(path, way).flat_map(|file| &file.brings).filter(came);
    let after = after(path, way);
    let name = path.display().to_string();
    let found = seen(way.state.system.files.get(path).and_then(Option::as_ref));
    let old = way.state.hardening.originals.files.get(path).and_then(Option::as_ref);
    let text = match &back {
        Back::There => return None,
        Back::Remove => None,
        Back::Copy => old.and_then(|old| old.text.as_deref()),
        Back::Write(text) => Some(text.as_str()),
    };
    if let Some(step) = kinds::restored(path, text, way.state) {
        return Some(step);
    }
    let (change, why) = match &back {
        Back::There => return None,
        Back::Remove => {
            let brought = brought.cloned().collect();
            let gone = FileGone { path: path.to_owned(), seen: found, brought, after };
            (Change::FileGone(gone), format!("{name}: -> none"))
        }
        Back::Copy => {
            let back = FileAsBefore { path: path.to_owned(), seen: found, after };
            (Change::FileAsBefore(back), format!("{name}: as it was before pryvctl"))
        }
        Back::Write(text) => {
            let edit = FileEdit {
                path: path.to_owned(),
                text: text.clone(),
                seen: found,
                rights: None,
                checks: BTreeSet::new(),
                after,
            };
            (Change::Edit(edit), format!("{name}: the lines of pryvctl are removed"))
        }
    };
    let undo = Undo::Nothing("the original stays in the record until all is back");
    let step = Step::safe(StepId::Undo(ControlStep::File(path.to_owned())), change, undo).because([why]);
    let others = own(path, way).flat_map(OwnFile::written);
    let written: Vec<&Path> = others.chain([path]).collect::<BTreeSet<_>>().into_iter().collect();
    let guarded = is_login(path) || written.iter().any(|path| path.starts_with("/etc/pam.d"));
    Some(if guarded { under_guard(step, &written, true) } else { step })
}

/// What puts a file into force, whatever is in it now.
fn after(path: &Path, way: &Way) -> BTreeSet<String> {
    let mut draft = Draft::default();
    for control in &way.given {
        let planned = planned(&control.kind);
        if planned.edit(way.state).is_some_and(|(of, _)| of == path) {
            planned.draft(&mut draft, way.state);
        }
    }
    draft.after
}

fn back(path: &Path, way: &Way) -> Back {
    let original = way.state.hardening.originals.files.get(path);
    let old = original.and_then(Option::as_ref);
    // Where others of our controls go on writing, the file as it was is not what is wanted.
    let alone = !is_kept(path, way);
    let copy = if old.is_some() && alone { Back::Copy } else { Back::There };
    let Some(FileState { text, mode, uid, gid, .. }) =
        way.state.system.files.get(path).and_then(Option::as_ref)
    else {
        return copy;
    };
    let old_text = old.and_then(|old| old.text.as_deref());
    let (Some(text), true) = (text, original.is_none_or(Option::is_none) || old_text.is_some()) else {
        return copy;
    };
    if is_of_others(text, path, way) {
        return Back::There;
    }
    let edits = edits(path, way);
    let reverted =
        edits.iter().fold(text.clone(), |text, edit| edit.revert(&text, old_text.unwrap_or_default()));
    match (original, old) {
        (Some(None), _) | (None, _) if is_ours(path) => Back::Remove,
        // `{}` is what is left of a daemon.json that was made for our keys.
        (Some(None), _) if matches!(reverted.trim(), "" | "{}") => Back::Remove,
        (_, Some(old)) if alone && old_text == Some(&reverted) => {
            let same = old_text == Some(text) && (old.mode, old.uid, old.gid) == (*mode, *uid, *gid);
            if same { Back::There } else { Back::Copy }
        }
        (_, _) if reverted == *text => Back::There,
        (_, _) => Back::Write(reverted),
    }
}

/// Whether somebody else wrote the whole of a file since. What an earlier version of ours wrote says so.
fn is_of_others(text: &str, path: &Path, way: &Way) -> bool {
    let mut own = own(path, way).peekable();
    own.peek().is_some() && !text.starts_with(OURS_BEGIN) && own.all(|file| file.content != text)
}

/// Every edit that a control could have made in a file.
fn edits(path: &Path, way: &Way) -> Vec<Edit> {
    let made = |control: &&Control| planned(&control.kind).made(way.state);
    let edits = way.given.iter().filter_map(made);
    edits.filter(|(of, _)| of == path).map(|(_, edit)| edit).collect()
}

/// The files of our own at a path.
fn own<'a>(path: &'a Path, way: &'a Way) -> impl Iterator<Item = &'a OwnFile> {
    let files = way.given.iter().filter_map(|control| control.kind.own_file());
    files.filter(move |file| file.path == path)
}
