//! What the writer notes of the files that it writes, on a host in memory.

use std::path::Path;

use crate::facts::{
    content::ContentHash,
    state::{FileState, FolderState, HostState},
    written::{At, List, Listed},
};

/// A file of root's with this text.
pub fn written(text: &str, mode: u32) -> FileState {
    let (sha256, text) = (ContentHash::of(text), Some(text.to_owned()));
    FileState { sha256, mode, uid: 0, gid: 0, text }
}

/// Keeps what others have in a file, and never anything else.
pub fn keep(path: &Path, state: &mut HostState) {
    let found = state.file(path).unwrap().clone();
    let ours = state.ours.written.files.get(path).is_some_and(|listed| listed.wrote.contains(&found.sha256));
    assert!(!ours, "{path:?} is ours");
    state.ours.written.originals.entry(path.to_owned()).or_insert(found);
}

/// What the writer notes of a file, and of the folders that are made for it.
pub fn list(path: &Path, found: &FileState, state: &mut HostState) {
    make(path.parent().unwrap(), FolderState { mode: 0o755, uid: 0, gid: 0 }, state);
    let before = state.file(path).map(|before| before.sha256.clone());
    if state.ours.written.list == List::Missing {
        state.ours.written.files.clear();
        state.ours.written.list = List::Whole;
    }
    let new = || Listed { wrote: Vec::new(), found: At::Nothing };
    let listed = state.ours.written.files.entry(path.to_owned()).or_insert_with(new);
    listed.wrote.retain(|hash| Some(hash) == before.as_ref() && *hash != found.sha256);
    listed.wrote.push(found.sha256.clone());
    listed.found = At::There(found.clone());
}

/// A folder is made, and those it lies in; `/var` is there.
pub fn make(path: &Path, rights: FolderState, state: &mut HostState) {
    let there = state.system.folders.get(path).is_some_and(Option::is_some)
        || state.ours.written.folders.contains_key(path);
    if there || path.components().count() <= 2 {
        return;
    }
    make(path.parent().unwrap(), FolderState { mode: 0o755, uid: 0, gid: 0 }, state);
    state.ours.written.folders.insert(path.to_owned(), At::There((rights, 0)));
    state.ours.written.list = List::Whole;
}

/// Puts back what others had.
pub fn back(path: &Path, state: &mut HostState) {
    let original = state.ours.written.originals.remove(path).unwrap();
    let ours =
        |hash: &ContentHash| state.ours.written.files[path].wrote.contains(hash) || original.sha256 == *hash;
    assert!(state.file(path).is_none_or(|found| ours(&found.sha256)), "{path:?} is not ours");
    state.ours.written.files.remove(path);
    state.system.files.insert(path.to_owned(), Some(original));
}
