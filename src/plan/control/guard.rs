//! Files that could cut our login.

use std::path::{Path, PathBuf};

use crate::{
    change::{Change, KeptFiles},
    plan::step::{Step, Undo},
};

/// A step that writes files, under guard: they are kept as they are, and put back from there, whatever is in them by
/// then.
pub fn under_guard(step: Step, paths: &[&Path], of_sshd: bool) -> Step {
    let files: Vec<PathBuf> = paths.iter().map(|path| path.to_path_buf()).collect();
    let kept = KeptFiles { paths: files.clone(), of_sshd };
    let save = kept.save();
    Step { undo: Undo::change(Change::KeptFiles(kept)), files, ..step }.guarded(save)
}
