//! Files and folders: content, rights and owner as they must be.

use std::path::Path;

use similar::TextDiff;

use super::{
    step::{Step, StepId, Undo},
    written::others,
};
use crate::{
    change::{Change, Claim, FileBack, FileRemoval, FileWrite, Folder, FolderRemoval, FolderRights},
    facts::{
        content::ContentHash,
        state::{FileState, FolderState, HostState},
    },
    model::{
        desired::{Desired, ManagedFile, ManagedFolder},
        secret::Secret,
        write::{self, Seen},
    },
};

pub use write::sha256;

/// Folders first, parents before children, then files.
pub fn steps(desired: &Desired, state: &HostState) -> Vec<Step> {
    let folders = desired.folders.iter().filter_map(|want| folder(want, state));
    let files = desired.files.iter().filter_map(|want| listed(StepId::File(want.path.clone()), want, state));
    folders.chain(files).collect()
}

/// A file of our own, whose text may be shown.
pub fn own(path: impl AsRef<Path>, content: impl Into<String>, mode: u32) -> ManagedFile {
    let (path, content) = (path.as_ref().to_owned(), Secret::new(content));
    ManagedFile { path, content, shown: true, mode, uid: 0, gid: 0, read_by: None }
}

/// The step that writes a file of ours that goes with its inventory, if it is not as it must be.
pub fn listed(id: StepId, want: &ManagedFile, state: &HostState) -> Option<Step> {
    let claim = if of_others(want, state) { Claim::Instead } else { Claim::Listed };
    Some(step(id, want, state, FileWrite { claim, ..written(want, state)? }))
}

/// The step that writes a file that we always know of, if it is not as it must be.
pub fn file(id: StepId, want: &ManagedFile, state: &HostState) -> Option<Step> {
    Some(step(id, want, state, written(want, state)?))
}

/// Whether it is not as it must be.
pub fn differs(want: &ManagedFile, state: &HostState) -> bool {
    written(want, state).is_some()
}

/// Whether others have something else in its place.
pub fn of_others(want: &ManagedFile, state: &HostState) -> bool {
    others::is_others(&want.path, &ContentHash::of(want.content.expose()), state)
}

fn step(id: StepId, want: &ManagedFile, state: &HostState, write: FileWrite) -> Step {
    let found = state.file(&want.path);
    let (undo, kept) = match write.claim {
        Claim::Always | Claim::Listed => (way_back(want, found), None),
        Claim::Instead => {
            let back = FileBack { path: want.path.clone(), seen: ours(want) };
            (Undo::change(Change::FileBack(back)), Some(others::is_kept(&want.path)))
        }
    };
    Step::safe(id, Change::Write(write), undo).because(kept).because(difference(want, found))
}

fn ours(want: &ManagedFile) -> Seen {
    Seen::Sha256(sha256(want.content.expose()))
}

/// What is written, if the file is not as it must be.
fn written(want: &ManagedFile, state: &HostState) -> Option<FileWrite> {
    let found = state.file(&want.path);
    let same = found.is_some_and(|found| {
        found.sha256 == ContentHash::of(want.content.expose())
            && (found.mode, found.uid, found.gid) == (want.mode, want.uid, want.gid)
    });
    let write = || FileWrite {
        path: want.path.clone(),
        content: want.content.clone(),
        seen: seen(found),
        mode: want.mode,
        uid: want.uid,
        gid: want.gid,
        claim: Claim::Always,
    };
    (!same).then(write)
}

/// What a plan is made from.
pub fn seen(found: Option<&FileState>) -> Seen {
    found.map_or(Seen::Absent, |found| Seen::Sha256(found.sha256.expose().to_owned()))
}

fn way_back(want: &ManagedFile, found: Option<&FileState>) -> Undo {
    let ours = ours(want);
    match found {
        None => Undo::change(Change::FileRemoval(FileRemoval { path: want.path.clone(), seen: ours })),
        Some(FileState { text: Some(text), mode, uid, gid, .. }) => {
            let content = Secret::new(text);
            let (path, mode, uid, gid) = (want.path.clone(), *mode, *uid, *gid);
            Undo::change(Change::Write(FileWrite {
                path,
                content,
                seen: ours,
                mode,
                uid,
                gid,
                claim: Claim::Always,
            }))
        }
        Some(FileState { text: None, .. }) => {
            Undo::Nothing("its old content was not read, because it may hold a secret")
        }
    }
}

fn difference(want: &ManagedFile, found: Option<&FileState>) -> Vec<String> {
    let path = want.path.display();
    let rights = |mode: u32, uid: u32, gid: u32| format!("{mode:04o} {uid}:{gid}");
    let new = rights(want.mode, want.uid, want.gid);
    let Some(found) = found else {
        return vec![format!("{path}: none -> {new}")];
    };
    let old = rights(found.mode, found.uid, found.gid);
    let mut lines = Vec::new();
    if old != new {
        lines.push(format!("{path}: {old} -> {new}"));
    }
    if found.sha256 != ContentHash::of(want.content.expose()) {
        match &found.text {
            Some(text) if want.shown => lines.extend(unified(&path.to_string(), text, want.content.expose())),
            Some(_) | None => lines.push(format!("{path}: other content (not shown)")),
        }
    }
    lines
}

fn unified(path: &str, old: &str, new: &str) -> Vec<String> {
    let diff = TextDiff::from_lines(old, new);
    let text = diff.unified_diff().context_radius(2).header(path, path).to_string();
    text.lines().map(str::to_owned).collect()
}

fn folder(want: &ManagedFolder, state: &HostState) -> Option<Step> {
    let path = want.path.display().to_string();
    let new = format!("{:04o} {}:{}", want.mode, want.uid, want.gid);
    let (old, undo) = match state.system.folders.get(&want.path).and_then(Option::as_ref) {
        Some(found) if (found.mode, found.uid, found.gid) == (want.mode, want.uid, want.gid) => return None,
        Some(FolderState { mode, uid, gid }) => {
            let before = Folder { path: want.path.clone(), mode: *mode, uid: *uid, gid: *gid };
            (format!("{mode:04o} {uid}:{gid}"), Change::FolderRights(FolderRights(before)))
        }
        None => ("none".to_owned(), Change::FolderRemoval(FolderRemoval(want.path.clone()))),
    };
    let ManagedFolder { path: at, mode, uid, gid } = want.clone();
    let change = Change::Folder(Folder { path: at, mode, uid, gid });
    let step = Step::safe(StepId::Folder(want.path.clone()), change, Undo::change(undo));
    Some(step.because([format!("{path}: {old} -> {new}")]))
}
