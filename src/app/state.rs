//! The folder for what pryvctl keeps of its runs.

use std::path::{Path, PathBuf};

/// `$XDG_STATE_HOME/pryvctl`, or `~/.local/state/pryvctl`; `None`: neither is known.
pub fn folder() -> Option<PathBuf> {
    let state = std::env::var_os("XDG_STATE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let home = || std::env::var_os("HOME").map(|home| Path::new(&home).join(".local/state"));
    state.or_else(home).map(|state| state.join("pryvctl"))
}
