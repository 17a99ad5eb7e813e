//! What others had in a place where we write a file: it is kept, and comes back when our file leaves.

use std::path::{Path, PathBuf};

use super::{others::still_kept, unwanted::CHANGED};
use crate::{
    change::{Change, CopyClaim, FileBack, FileCopy},
    facts::{release::Was, state::HostState, written::At},
    model::{desired::Desired, place},
    plan::{
        file::seen,
        release::Keeping,
        step::{LeftoverStep, Step, StepId, Undo},
    },
};

/// The step that puts it back, unless somebody changed ours since.
pub fn step(path: &Path, state: &HostState, keeping: &Keeping) -> Option<Step> {
    let written = &state.ours.written;
    let (kept, listed) = (written.originals.get(path)?, written.files.get(path)?);
    let found = match &listed.found {
        At::Other(_) => return None,
        At::Nothing | At::There(_) | At::AskedElsewhere => state.file(path),
    };
    let ours = found.filter(|found| !written.is_as_before(path, found));
    if ours.is_some_and(|found| !listed.wrote.contains(&found.sha256)) {
        return None;
    }
    let undo = match ours.and_then(|found| Some((keeping.copy_of(path, found)?, found))) {
        Some((from, found)) => Undo::change(Change::FileCopy(FileCopy {
            from,
            path: path.to_owned(),
            seen: seen(Some(kept)),
            was: Was::of(found),
            claim: CopyClaim::Instead,
        })),
        None => Undo::Nothing("an install of an inventory that wants it writes it again"),
    };
    let back = Change::FileBack(FileBack { path: path.to_owned(), seen: seen(found) });
    let id = StepId::Leftover(LeftoverStep::Original(path.to_owned()));
    let path = path.display();
    Some(Step::safe(id, back, undo).because([format!("{path}: -> as it was before pryvctl (not shown)")]))
}

/// Where such steps put something.
pub fn places(steps: &[Step]) -> impl Iterator<Item = PathBuf> + '_ {
    steps.iter().filter_map(|step| {
        if let StepId::Leftover(LeftoverStep::Original(path)) = &step.id { Some(path.clone()) } else { None }
    })
}

/// Files of the inventory that stay because somebody changed them, and so do the originals.
pub fn staying(desired: &Desired, state: &HostState) -> Vec<(PathBuf, String)> {
    let wanted = place::looked_at(desired);
    let paths = state.ours.written.originals.keys().filter(|path| wanted.contains(*path));
    let stays = paths.filter(|path| step(path, state, &Keeping::default()).is_none());
    stays.map(|path| (path.clone(), format!("{CHANGED}{}", still_kept(path, &state.ours.written)))).collect()
}
