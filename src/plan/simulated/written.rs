//! What the list of what we wrote says, and the steps that it leads to.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use crate::{
    change::listed::{list, make},
    facts::{
        content::ContentHash,
        state::{FolderState, HostState},
        written::At,
    },
    model::desired::Desired,
    plan::registry,
};

/// Carries out a step of the list, if it is one.
pub fn run(id: &str, state: &mut HostState, desired: &Desired) -> bool {
    if id == "leftover.list" {
        state.written.files.retain(|_, listed| listed.found != At::Nothing);
        state.written.folders.retain(|_, found| *found != At::Nothing);
    } else if id == "written.note" {
        for want in desired.files.iter().cloned().chain(registry::ca_file(desired)) {
            let hash = ContentHash::of(want.content.expose());
            let found = state.file(&want.path).filter(|found| found.sha256 == hash).cloned();
            found.into_iter().for_each(|found| list(&want.path, &found, state));
        }
    } else if let Some(path) = id.strip_prefix("back.folder.").map(Path::new) {
        let release = state.release.clone().unwrap();
        let kept = release.folders.iter().find(|kept| kept.path == path).unwrap();
        make(path, FolderState { mode: kept.mode, uid: kept.uid, gid: kept.gid }, state);
    } else {
        return false;
    }
    true
}

/// Counts what is in the folders that we made.
pub fn count(state: &mut HostState) {
    let there = |path: &&PathBuf| state.file(path).is_some();
    let files = state.files.keys().chain(state.written.files.keys()).filter(there);
    let made =
        state.written.folders.iter().filter(|(_, found)| found.known().is_some()).map(|(path, _)| path);
    let folders = state.folders.iter().filter(|(_, found)| found.is_some()).map(|(path, _)| path).chain(made);
    let all: BTreeSet<PathBuf> = files.chain(folders).cloned().collect();
    for (folder, found) in &mut state.written.folders {
        let At::There((_, count)) = found else { continue };
        *count = all.iter().filter(|path| path.parent() == Some(folder)).count();
    }
}
