//! Where the journal of this account is, and who writes into it.

use std::path::PathBuf;

use super::state;

/// Why a journal cannot be kept.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// There is no usual place for it.
    #[error("neither XDG_STATE_HOME nor HOME is set, so there is no place for the journal")]
    NoPlace,
    /// It cannot be read.
    #[error("cannot read the journal {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The error of the operating system.
        source: std::io::Error,
    },
    /// It cannot be written.
    #[error("cannot write the journal {}: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The error of the operating system.
        source: std::io::Error,
    },
}

impl JournalError {
    /// The way out.
    pub fn hint(&self) -> String {
        match self {
            Self::NoPlace => "name a file with --journal".to_owned(),
            Self::Read { .. } => {
                "no change was made from this account yet, or the journal is in another file (--journal)"
                    .to_owned()
            }
            Self::Write { .. } => "name another file with --journal; /dev/null keeps no history".to_owned(),
        }
    }
}

/// Where the journal is: as said, or in the user's state folder.
///
/// # Errors
/// Neither is known.
pub fn place(journal: Option<&PathBuf>) -> Result<PathBuf, JournalError> {
    journal
        .cloned()
        .or_else(|| state::folder().map(|folder| folder.join("journal.jsonl")))
        .ok_or(JournalError::NoPlace)
}

/// Who holds the lock, for the eyes of a second administrator.
pub fn owner() -> String {
    let name = |key| std::env::var(key).ok().filter(|value| !value.is_empty());
    let user = name("SUDO_USER").or_else(|| name("USER")).or_else(|| name("LOGNAME"));
    let machine = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let user = user.unwrap_or_else(|| "someone".to_owned());
    format!("{user}@{} (pid {})", machine.trim(), std::process::id())
}
