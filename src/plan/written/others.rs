//! Whether others have something in a place where we write a file, and what is said of it.

use std::path::Path;

use crate::{
    facts::{
        content::ContentHash,
        state::HostState,
        written::{List, Written},
    },
    model::place,
};

/// Whether others have a file in this place, and not just what will be in it.
pub fn is_others(path: &Path, will_be: &ContentHash, state: &HostState) -> bool {
    let known = match state.ours.written.list {
        List::Whole | List::Missing => state.ours.written.files.contains_key(path),
        List::Unreadable(_) => {
            state.ours.release.as_ref().is_some_and(|release| release.wanted.contains_key(path))
        }
    };
    let known = known || state.ours.written.originals.contains_key(path);
    !known && state.file(path).is_some_and(|found| found.sha256 != *will_be)
}

/// What a plan says of a file of others that will be replaced.
pub fn is_kept(path: &Path) -> String {
    let copy = place::replaced(path);
    format!(
        "{}: the file that is there was not written by pryvctl; a copy is kept as {}",
        path.display(),
        copy.display()
    )
}

/// That it is kept beyond the file that replaced it.
pub fn still_kept(path: &Path, written: &Written) -> String {
    let copy = place::replaced(path);
    let said = || format!("; what was there before pryvctl stays in {}", copy.display());
    written.originals.get(path).map(|_| said()).unwrap_or_default()
}
