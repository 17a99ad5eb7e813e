//! What is kept of hosts: a database in the state folder. Who loses it loses the past, and nothing else.

mod alerts;
mod before;
mod bound;
mod claim;
mod curves;
mod error;
mod keep;
mod outbox;
mod pack;
mod row;
mod thin;
mod writer;

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use rusqlite::{Connection, OpenFlags, named_params};

use crate::{app::state, model::size::Bytes};

pub use bound::SMALLEST;
pub use claim::Claim;
pub use curves::{Curve, Point};
pub use error::HistoryError;
pub use keep::Kept;
pub use outbox::{Due, Waiting};
pub use writer::Writer;

const SCHEMA: &str = include_str!("schema.sql");

/// The version of the schema. A database of a later one is left alone.
const VERSION: i64 = 2;

/// Those who write wait so long for each other.
const PATIENCE: Duration = Duration::from_secs(10);

/// The same for one on whom all hosts wait, and who tries again.
const HURRY: Duration = Duration::from_millis(100);

/// For whoever is in a hurry and tries again: how long somebody else may write before it is said that something is not kept, in
/// seconds.
pub(super) const BUSY: i64 = 10;

/// How long one waits for others who write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wait {
    /// A moment: all hosts wait as well.
    Hurried,
    /// As long as it takes.
    Patient,
}

/// The past of some hosts.
pub struct History {
    path: PathBuf,
    database: Connection,
    names: keep::Names,
    /// How large it may become, with its log.
    bound: Bytes,
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
        // What is free is given back to the disk. It is to be said before the first table is made.
        history.run("PRAGMA auto_vacuum = INCREMENTAL;")?;
        // Readers go on while it is written, and a killed daemon leaves it whole. A power cut may take the last seconds.
        history.run("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON;")?;
        if history.is_of_the_first_form()? {
            history.run("DROP TABLE sample; DROP TABLE means; DROP TABLE series; VACUUM;")?;
        }
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
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let history = Self::opened(path, flags)?;
        if history.is_of_the_first_form()? {
            return Err(HistoryError::Older(path.to_owned()));
        }
        Ok(history)
    }

    /// Whether it has a row for each figure, as before the first release.
    fn is_of_the_first_form(&self) -> Result<bool, HistoryError> {
        let count = "SELECT count(*) FROM sqlite_schema WHERE name = 'means'";
        let found: Result<i64, _> = self.database.query_row(count, [], |row| row.get(0));
        found.map(|found| found > 0).map_err(|source| self.fail(source))
    }

    fn opened(path: &Path, flags: OpenFlags) -> Result<Self, HistoryError> {
        let fail = |source| HistoryError::Database { path: path.to_owned(), source };
        let database = Connection::open_with_flags(path, flags).map_err(fail)?;
        database.busy_timeout(PATIENCE).map_err(fail)?;
        let found = database.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(fail)?;
        if found > VERSION {
            return Err(HistoryError::Newer { path: path.to_owned(), found });
        }
        Ok(Self { path: path.to_owned(), database, names: keep::Names::default(), bound: Bytes(u64::MAX) })
    }

    /// Opens it once more to write, with the same bound.
    ///
    /// # Errors
    /// It cannot be opened.
    pub(super) fn again(path: &Path, bound: Bytes) -> Result<Self, HistoryError> {
        let mut history = Self::open(path)?;
        history.limit(bound)?;
        Ok(history)
    }

    /// How long it waits for others who write, before it says that it is busy.
    pub(super) fn wait_for_others(&self, at_most: Wait) -> Result<(), HistoryError> {
        let patience = match at_most {
            Wait::Hurried => HURRY,
            Wait::Patient => PATIENCE,
        };
        self.database.busy_timeout(patience).map_err(|source| self.fail(source))
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

    /// How large it may become.
    pub(super) fn bound(&self) -> Bytes {
        self.bound
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

    /// The hosts of which something was kept, by their numbers.
    fn hosts(&self) -> rusqlite::Result<Vec<(i64, String)>> {
        let mut select = self.database.prepare_cached("SELECT id, name FROM host ORDER BY name")?;
        select.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
    }
}

#[cfg(test)]
mod tests;
