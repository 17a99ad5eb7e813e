//! What was written for an inventory that does not want it any more: it goes, unless somebody else changed it since.

pub mod original;
pub mod others;
mod unwanted;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

pub use unwanted::leaving;
use unwanted::{CHANGED, unwanted};

use super::{
    file::seen,
    registry,
    release::Keeping,
    step::{Agreed, LeftoverStep, Step, StepId, Undo, WrittenStep},
};
use crate::{
    change::{
        Change, CopyClaim, FileCopy, FileRemoval, Folder, FolderAgain, FolderRemoval, HalfWritten, ListFiles,
        ListRemoval, Unlist,
    },
    facts::{
        content::ContentHash,
        release::Was,
        state::{FileState, FolderState, HostState},
        written::{At, List, Listed, Written},
    },
    model::{desired::Desired, place, write::Seen},
};

/// Files that stay although no inventory wants them, and why.
pub fn staying(desired: &Desired, written: &Written) -> Vec<(PathBuf, String)> {
    let stays = |(path, listed): (&Path, &Listed)| {
        let why = match &listed.found {
            At::There(found) if listed.wrote.contains(&found.sha256) => return None,
            At::There(found) if written.is_as_before(path, found) => return None,
            At::There(_) => CHANGED,
            At::Other(why) => why,
            At::Nothing | At::AskedElsewhere => return None,
        };
        Some((path.to_owned(), format!("{why}{}", others::still_kept(path, written))))
    };
    unwanted(desired, &written.files).filter_map(stays).collect()
}

/// The step that puts on the list what is as it must be and not on it: a host of an older pryvctl has no list, and a list
/// may get lost.
pub fn note(desired: &Desired, state: &HostState) -> Option<Step> {
    let lost = match state.ours.written.list {
        List::Whole => false,
        List::Missing => true,
        List::Unreadable(_) => return None,
    };
    let files = desired.files.iter().cloned().chain(registry::ca_file(desired));
    let known = files.map(|want| (want.path, ContentHash::of(want.content.expose())));
    let new = known.filter(|(path, hash)| {
        let stands = state.file(path).is_some_and(|found| found.sha256 == *hash);
        stands && (lost || !state.ours.written.has(path, hash))
    });
    let new: BTreeMap<PathBuf, ContentHash> = new.collect();
    if new.is_empty() {
        return None;
    }
    let count = new.len();
    let list = Change::ListFiles(ListFiles(new));
    let step = Step::safe(StepId::Written(WrittenStep::Note), list, Undo::Nothing("a list changes nothing"))
        .agreed(Agreed::Always);
    Some(step.because([format!("{}: {count} files of this inventory are put on the list", place::WRITTEN)]))
}

/// The steps that remove what is not wanted any more, when what replaces it serves.
pub fn steps(desired: &Desired, state: &HostState, keeping: &Keeping) -> Vec<Step> {
    let (files, back) = (gone(desired, state), returning(desired, state, keeping));
    let wanted = desired.folders.iter().map(|want| want.path.clone()).chain(place::looked_at(desired));
    let needed = wanted.chain(original::places(&back)).collect();
    let folders = emptied(&needed, state, files.iter().map(|(path, _)| *path));
    files
        .into_iter()
        .map(|(path, found)| file(path, found, keeping))
        .chain(back)
        .chain(folders.into_iter().map(|path| folder(path, state)))
        .chain(forgotten(desired, state))
        .collect()
}

/// The steps that remove the whole list and what is on it, but for what the steps before them remove and put back. Folders of
/// data and logs stay.
pub fn uninstall(desired: &Desired, state: &HostState, before: &[Step]) -> Vec<Step> {
    let (files, back) = (gone(desired, state), returning(desired, state, &Keeping::default()));
    let removed =
        before.iter().filter_map(|step| if let StepId::File(path) = &step.id { Some(path) } else { None });
    let removed = removed.map(PathBuf::as_path);
    let folders = desired.folders.iter().map(|want| want.path.clone());
    let stay = folders.chain(original::places(before)).chain(original::places(&back)).collect();
    let folders = emptied(&stay, state, files.iter().map(|(path, _)| *path).chain(removed));
    files
        .into_iter()
        .map(|(path, found)| file(path, found, &Keeping::default()))
        .chain(back)
        .chain(folders.into_iter().map(|path| folder(path, state)))
        .chain(forget(desired, state))
        .collect()
}

/// The step that removes what a killed run left half written.
pub fn half_written(state: &HostState) -> Option<Step> {
    let half = &state.ours.written.half;
    let change = Change::HalfWritten(HalfWritten(half.iter().cloned().collect()));
    let step = Step::safe(
        StepId::Leftover(LeftoverStep::Half),
        change,
        Undo::Nothing("nobody reads what is half written"),
    )
    .agreed(Agreed::Always);
    let why = half.iter().map(|path| format!("{}: half written -> none", path.display()));
    (!half.is_empty()).then(|| step.because(why))
}

/// What leaves its place empty.
fn gone<'a>(desired: &Desired, state: &'a HostState) -> Vec<(&'a Path, &'a FileState)> {
    let mut files = leaving(desired, state);
    files.retain(|(path, _)| !state.ours.written.originals.contains_key(*path));
    files
}

/// What leaves its place to what others had there.
fn returning(desired: &Desired, state: &HostState, keeping: &Keeping) -> Vec<Step> {
    let files = unwanted(desired, &state.ours.written.files);
    files.filter_map(|(path, _)| original::step(path, state, keeping)).collect()
}

fn file(path: &Path, found: &FileState, keeping: &Keeping) -> Step {
    let FileState { mode, uid, gid, .. } = *found;
    let gone = Change::FileRemoval(FileRemoval { path: path.to_owned(), seen: seen(Some(found)) });
    let undo = match keeping.copy_of(path, found) {
        Some(from) => Undo::change(Change::FileCopy(FileCopy {
            from,
            path: path.to_owned(),
            seen: Seen::Absent,
            was: Was::of(found),
            claim: CopyClaim::Listed,
        })),
        None => Undo::Nothing("an install of an inventory that wants it writes it again"),
    };
    let id = StepId::Leftover(LeftoverStep::File(path.to_owned()));
    let path = path.display();
    Step::safe(id, gone, undo).because([format!("{path}: {mode:04o} {uid}:{gid} -> none (not shown)")])
}

/// Folders that we made, that nothing wants, and that are empty once these files are gone; what is in others before them.
fn emptied<'a>(
    needed: &BTreeSet<PathBuf>,
    state: &'a HostState,
    gone: impl Iterator<Item = impl AsRef<Path>>,
) -> Vec<&'a Path> {
    let leads = |folder: &Path| needed.iter().any(|path| path.starts_with(folder));
    let mut gone: BTreeSet<PathBuf> = gone.map(|path| path.as_ref().to_owned()).collect();
    let mut emptied = Vec::new();
    // A folder sorts before what is in it.
    for (folder, found) in state.ours.written.folders.iter().rev() {
        let Some((_, count)) = found.known() else { continue };
        let left = count.checked_sub(gone.iter().filter(|path| path.parent() == Some(folder)).count());
        if left == Some(0) && !leads(folder) {
            gone.insert(folder.clone());
            emptied.push(folder.as_path());
        }
    }
    emptied
}

fn folder(path: &Path, state: &HostState) -> Step {
    let gone = Change::FolderRemoval(FolderRemoval(path.to_owned()));
    let undo = match state.ours.written.folders.get(path).and_then(At::known) {
        Some((was, _)) => {
            let FolderState { mode, uid, gid } = *was;
            let again = Folder { path: path.to_owned(), mode, uid, gid };
            Undo::change(Change::FolderAgain(FolderAgain(again)))
        }
        None => Undo::Nothing("it was not there"),
    };
    let id = StepId::Leftover(LeftoverStep::Folder(path.to_owned()));
    let path = path.display();
    // A container may have emptied it since the plan was read.
    Step::safe(id, gone, undo).agreed(Agreed::Always).because([format!("{path}: empty -> none")])
}

/// The step that takes off the list what is gone already.
fn forgotten(desired: &Desired, state: &HostState) -> Option<Step> {
    let files = unwanted(desired, &state.ours.written.files).filter(|(path, listed)| {
        listed.found == At::Nothing && !state.ours.written.originals.contains_key(*path)
    });
    let files: Vec<PathBuf> = files.map(|(path, _)| path.to_owned()).collect();
    let folders = state.ours.written.folders.iter().filter(|(_, found)| **found == At::Nothing);
    let wanted: BTreeSet<&Path> = desired.folders.iter().map(|want| want.path.as_path()).collect();
    let folders = folders.filter(|(path, _)| !wanted.contains(path.as_path()));
    let folders: Vec<PathBuf> = folders.map(|(path, _)| path.clone()).collect();
    if files.is_empty() && folders.is_empty() || state.ours.written.list != List::Whole {
        return None;
    }
    let why = files.iter().chain(&folders).map(|path| format!("{}: gone already", path.display()));
    let why: Vec<String> = why.collect();
    let gone = Change::Unlist(Unlist { files, folders });
    let step =
        Step::safe(StepId::Leftover(LeftoverStep::List), gone, Undo::Nothing("what is gone is on no list"))
            .agreed(Agreed::Always);
    Some(step.because(why))
}

/// The step that ends the list; what stays is nobody's but the host's by now.
fn forget(desired: &Desired, state: &HostState) -> Option<Step> {
    match state.ours.written.list {
        List::Whole => {}
        List::Missing | List::Unreadable(_) => return None,
    }
    let undo = Undo::Nothing("an install makes it again");
    let stay = staying(desired, &state.ours.written).into_iter().chain(original::staying(desired, state));
    let stay = stay.map(|(path, why)| format!("{} stays: {why}", path.display()));
    let step = Step::safe(StepId::Written(WrittenStep::Forget), Change::ListRemoval(ListRemoval), undo);
    Some(step.because([format!("{}: -> none", place::WRITTEN)]).because(stay))
}
