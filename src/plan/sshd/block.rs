//! Our block in sshd's main file, and how sshd takes it up.

use crate::{
    change::{Change, SshdReload},
    facts::state::{FileState, HostState},
    model::{command::Command, place},
    plan::{
        control::edit::block,
        step::{SshdStep, Step, StepId, Undo},
    },
};
use std::path::Path;

/// What stands in our block now.
pub(super) fn main_block(state: &HostState) -> &str {
    main(state).and_then(|file| block(file.text.as_deref()?)).unwrap_or_default()
}

/// The main file.
pub(super) fn main(state: &HostState) -> Option<&FileState> {
    state.file(Path::new(place::SSHD_CONFIG))
}

/// The step with which sshd takes up its files.
pub fn reload() -> Step {
    let undo = Undo::Nothing("the ways back of the files before reload sshd themselves");
    Step::safe(StepId::Sshd(SshdStep::Reload), Change::SshdReload(SshdReload), undo)
        .because(["sshd reloads its changed files; open sessions stay"])
        .guarded(Command::root("true"))
}
