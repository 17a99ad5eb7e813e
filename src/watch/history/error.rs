//! Why the past cannot be kept or read.

use std::path::PathBuf;

use super::VERSION;

/// Why the past cannot be kept or read.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// There is no usual place for it.
    #[error("neither XDG_STATE_HOME nor HOME is set, so there is no place for the history")]
    NoPlace,
    /// There is none yet.
    #[error("there is no history in {}", .0.display())]
    None(PathBuf),
    /// An older pryvctl made it, and it can only be read.
    #[error("{} is of an older pryvctl", .0.display())]
    Older(PathBuf),
    /// A newer pryvctl made it.
    #[error("{} is of a newer pryvctl (format {found}; this one knows {VERSION})", path.display())]
    Newer {
        /// Where.
        path: PathBuf,
        /// Its version.
        found: i64,
    },
    /// The database refuses.
    #[error("the history {}: {source}", path.display())]
    Database {
        /// Where.
        path: PathBuf,
        /// Why.
        source: rusqlite::Error,
    },
    /// Another daemon writes it.
    #[error("{by} already watches with the history {}", path.display())]
    Claimed {
        /// Where.
        path: PathBuf,
        /// Which process it is.
        by: String,
    },
    /// It cannot be told whether another daemon writes it.
    #[error("cannot lock {}: {source}", path.display())]
    Lock {
        /// The file beside it.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Its folder cannot be made.
    #[error("cannot make the folder of {}: {source}", path.display())]
    Folder {
        /// Where.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

impl HistoryError {
    /// Whether it is as large as it may become.
    pub(super) fn is_full(&self) -> bool {
        matches!(self, Self::Database { source, .. }
            if source.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull))
    }

    /// Whether somebody else writes it at this moment.
    pub(in crate::watch) fn is_busy(&self) -> bool {
        matches!(self, Self::Database { source, .. }
            if source.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseBusy))
    }

    /// The way out.
    pub fn hint(&self) -> String {
        match self {
            Self::NoPlace => "name a file with --history".to_owned(),
            Self::None(_) => "`pryvctl watch` makes it; name another file with --history".to_owned(),
            Self::Older(_) => {
                "start `pryvctl watch`: it brings the history to the format of today".to_owned()
            }
            Self::Newer { .. } => "upgrade pryvctl, or name another file with --history".to_owned(),
            Self::Database { .. } if self.is_full() => {
                "free space on its disk, or let it become larger with --history-size".to_owned()
            }
            Self::Database { path, .. } => {
                format!(
                    "free space on its disk; if it is damaged, move {} away: a new one is made",
                    path.display()
                )
            }
            Self::Claimed { .. } => "stop that one first, or name another file with --history".to_owned(),
            Self::Lock { .. } => {
                "name a file with --history that is yours, on a disk of this machine".to_owned()
            }
            Self::Folder { .. } => "name a file in a folder of yours with --history".to_owned(),
        }
    }
}
