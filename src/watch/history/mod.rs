//! What is kept of hosts: a database in the state folder. Who loses it loses the past, and nothing else.

mod thin;

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use rusqlite::{Connection, OpenFlags, named_params};

use super::measure::Measure;
use crate::{app::state, model::name::HostName};

const SCHEMA: &str = include_str!("schema.sql");

/// The version of the schema. A database of a later one is left alone.
const VERSION: i64 = 1;

/// A reader and the daemon wait so long for each other.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why the past cannot be kept or read.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// There is no usual place for it.
    #[error("neither XDG_STATE_HOME nor HOME is set, so there is no place for the history")]
    NoPlace,
    /// There is none yet.
    #[error("there is no history in {}", .0.display())]
    None(PathBuf),
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
    /// The way out.
    pub fn hint(&self) -> String {
        match self {
            Self::NoPlace => "name a file with --history".to_owned(),
            Self::None(_) => "`pryvctl watch` makes it; name another file with --history".to_owned(),
            Self::Newer { .. } => "upgrade pryvctl, or name another file with --history".to_owned(),
            Self::Database { path, .. } => {
                format!(
                    "free space on its disk; if it is damaged, move {} away: a new one is made",
                    path.display()
                )
            }
            Self::Folder { .. } => "name a file in a folder of yours with --history".to_owned(),
        }
    }
}

/// The past of some hosts.
pub struct History {
    path: PathBuf,
    database: Connection,
}

/// One point of a curve.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// When, in seconds since 1970.
    pub at: i64,
    /// The mean of that time.
    pub mean: f64,
    /// The least.
    pub least: f64,
    /// The most.
    pub most: f64,
}

/// A curve of one host.
#[derive(Debug, Clone, PartialEq)]
pub struct Curve {
    /// The host.
    pub host: String,
    /// What was measured.
    pub metric: String,
    /// Of which part; empty: of the host as a whole.
    pub part: String,
    /// Its points in order of time.
    pub points: Vec<Point>,
}

/// Something that began or ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Occurrence {
    /// When, in seconds since 1970.
    pub at: i64,
    /// On which host.
    pub host: String,
    /// What the host is since then.
    pub state: String,
    /// In words.
    pub words: String,
}

/// Where it is: as said, or in the user's state folder.
///
/// # Errors
/// Neither is known.
pub fn place(said: Option<&PathBuf>) -> Result<PathBuf, HistoryError> {
    said.cloned()
        .or_else(|| state::folder().map(|folder| folder.join("history.db")))
        .ok_or(HistoryError::NoPlace)
}

impl History {
    /// Opens it to write, and makes it if it is not there.
    ///
    /// # Errors
    /// It cannot be made or opened.
    pub fn open(path: &Path) -> Result<Self, HistoryError> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)
                .map_err(|source| HistoryError::Folder { path: path.to_owned(), source })?;
        }
        let history = Self::opened(path, OpenFlags::default())?;
        // Readers go on while it is written, and a killed daemon leaves it whole. A power cut may take the last seconds.
        history.run("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON;")?;
        history.run(SCHEMA)?;
        history.run(&format!("PRAGMA user_version = {VERSION};"))?;
        Ok(history)
    }

    /// Opens one that is there, to read.
    ///
    /// # Errors
    /// There is none, or it cannot be opened.
    pub fn read(path: &Path) -> Result<Self, HistoryError> {
        if !path.exists() {
            return Err(HistoryError::None(path.to_owned()));
        }
        Self::opened(path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)
    }

    fn opened(path: &Path, flags: OpenFlags) -> Result<Self, HistoryError> {
        let fail = |source| HistoryError::Database { path: path.to_owned(), source };
        let database = Connection::open_with_flags(path, flags).map_err(fail)?;
        database.busy_timeout(PATIENCE).map_err(fail)?;
        let found = database.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(fail)?;
        if found > VERSION {
            return Err(HistoryError::Newer { path: path.to_owned(), found });
        }
        Ok(Self { path: path.to_owned(), database })
    }

    fn run(&self, statements: &str) -> Result<(), HistoryError> {
        self.database.execute_batch(statements).map_err(|source| self.fail(source))
    }

    fn fail(&self, source: rusqlite::Error) -> HistoryError {
        HistoryError::Database { path: self.path.clone(), source }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Keeps what was measured of a host, whole or not at all.
    ///
    /// # Errors
    /// The database refuses.
    pub fn keep(&mut self, host: &HostName, at: i64, measures: &[Measure]) -> Result<(), HistoryError> {
        let kept = (|| {
            let transaction = self.database.transaction()?;
            for Measure { metric, part, value } in measures {
                let series = series(&transaction, host, metric, part)?;
                let mut insert = transaction.prepare_cached(
                    "INSERT OR REPLACE INTO sample (series, at, value) VALUES (?1, ?2, ?3)",
                )?;
                insert.execute((series, at, value))?;
            }
            transaction.commit()
        })();
        kept.map_err(|source| self.fail(source))
    }

    /// Keeps what a host is from now on.
    ///
    /// # Errors
    /// The database refuses.
    pub fn happened(&self, one: &Occurrence) -> Result<(), HistoryError> {
        let insert = "INSERT INTO event (at, host, state, words) VALUES (:at, :host, :state, :words)";
        let values =
            named_params! { ":at": one.at, ":host": one.host, ":state": one.state, ":words": one.words };
        self.database.execute(insert, values).map(drop).map_err(|source| self.fail(source))
    }

    /// What happened since a time, in order.
    ///
    /// # Errors
    /// The database refuses.
    pub fn occurrences(&self, since: i64) -> Result<Vec<Occurrence>, HistoryError> {
        let read = || {
            let select = "SELECT at, host, state, words FROM event WHERE at >= ?1 ORDER BY at, id";
            let mut select = self.database.prepare(select)?;
            let row = |row: &rusqlite::Row<'_>| {
                Ok(Occurrence { at: row.get(0)?, host: row.get(1)?, state: row.get(2)?, words: row.get(3)? })
            };
            select.query_map([since], row)?.collect::<rusqlite::Result<Vec<_>>>()
        };
        read().map_err(|source| self.fail(source))
    }

    /// The names of all that was measured.
    ///
    /// # Errors
    /// The database refuses.
    pub fn metrics(&self) -> Result<Vec<String>, HistoryError> {
        let read = || {
            let mut select = self.database.prepare("SELECT DISTINCT metric FROM series ORDER BY metric")?;
            select.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<Vec<_>>>()
        };
        read().map_err(|source| self.fail(source))
    }
}

/// The number of a series, which is made where there is none.
fn series(database: &Connection, host: &HostName, metric: &str, part: &str) -> rusqlite::Result<i64> {
    let find = "SELECT id FROM series WHERE host = ?1 AND metric = ?2 AND part = ?3";
    let found = database.prepare_cached(find)?.query_row((host.as_str(), metric, part), |row| row.get(0));
    match found {
        Err(rusqlite::Error::QueryReturnedNoRows) => {
            let insert = "INSERT INTO series (host, metric, part) VALUES (?1, ?2, ?3)";
            database.prepare_cached(insert)?.execute((host.as_str(), metric, part))?;
            Ok(database.last_insert_rowid())
        }
        found => found,
    }
}

#[cfg(test)]
mod tests;
