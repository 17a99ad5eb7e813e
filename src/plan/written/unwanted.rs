//! What is on the list and wanted no more.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use crate::{
    facts::{
        state::{FileState, HostState},
        written::{At, Listed},
    },
    model::{desired::Desired, place},
};

/// Why a file stays.
pub const CHANGED: &str = "was changed since pryvctl wrote it";

/// Files that go, as they are: what is in them we wrote.
pub fn leaving<'a>(desired: &Desired, state: &'a HostState) -> Vec<(&'a Path, &'a FileState)> {
    let ours = |(path, listed): (&'a Path, &'a Listed)| match &listed.found {
        At::There(found) if listed.wrote.contains(&found.sha256) => Some((path, found)),
        At::There(_) | At::Nothing | At::AskedElsewhere | At::Other(_) => None,
    };
    unwanted(desired, &state.ours.written.files).filter_map(ours).collect()
}

/// Files on the list that no inventory wants.
pub fn unwanted<'a>(
    desired: &Desired,
    files: &'a BTreeMap<PathBuf, Listed>,
) -> impl Iterator<Item = (&'a Path, &'a Listed)> {
    let wanted = place::looked_at(desired);
    files
        .iter()
        .filter(move |(path, _)| !wanted.contains(*path))
        .map(|(path, listed)| (path.as_path(), listed))
}
