//! How large it may become.

use rusqlite::Connection;

use super::{
    History, HistoryError,
    thin::{GRAINS, Grain, forget},
};
use crate::{model::size::Bytes, watch::seconds};

/// Below this there is no room for what is needed of a few hosts.
pub const SMALLEST: Bytes = Bytes(64_000_000);

/// What the log beside the database may take of the bound. A reader that reads for long makes it longer for as long.
const LOG: i64 = 16 << 20;

/// How many pages go back to the disk in one piece of work.
const PIECE: i64 = 4096;

impl History {
    /// What is left of the bound for the file itself.
    fn room(&self) -> i64 {
        i64::try_from(self.bound.0).unwrap_or(i64::MAX) - LOG
    }

    /// Lets the database become so large and no larger, together with its log: a write that does not fit is refused.
    ///
    /// # Errors
    /// The database refuses.
    pub fn limit(&mut self, bound: Bytes) -> Result<(), HistoryError> {
        self.bound = bound;
        let limit = || {
            let size = pragma(&self.database, "page_size")?;
            self.database.pragma_update(None, "max_page_count", self.room() / size)?;
            self.database.pragma_update(None, "journal_size_limit", LOG)
        };
        limit().map_err(|source| self.fail(source))
    }

    /// Makes room where less than a twentieth is left: the finest rows go first, and of these the oldest.
    ///
    /// # Errors
    /// The database refuses.
    pub fn make_room(&self, now: i64) -> Result<(), HistoryError> {
        let make = || {
            let enough = self.room() / 20 * 19;
            let hosts = self.hosts()?;
            for grain in &GRAINS {
                while used(&self.database)? > enough {
                    let Some(before) = self.next_cut(grain, &hosts, now)? else { break };
                    forget(&self.database, &hosts, grain, before)?;
                }
            }
            self.give_back(enough)
        };
        make().map_err(|source| self.fail(source))
    }

    /// Up to where the oldest tenth of what may go reaches; `None`: all that is there is needed.
    fn next_cut(&self, grain: &Grain, hosts: &[(i64, String)], now: i64) -> rusqlite::Result<Option<i64>> {
        let end = now - seconds(grain.needed);
        let mut oldest = None;
        for (host, _) in hosts {
            oldest = oldest.into_iter().chain(self.first(grain, *host, 0..end)?).min();
        }
        Ok(oldest.map(|oldest| oldest + ((end - oldest) / 10).max(grain.step)))
    }

    /// Gives pages back to the disk that hold nothing, if the file is too large or a quarter of it is empty.
    fn give_back(&self, enough: i64) -> rusqlite::Result<()> {
        let database = &self.database;
        loop {
            let (pages, free) = (pragma(database, "page_count")?, pragma(database, "freelist_count")?);
            let is_large = pages * pragma(database, "page_size")? > enough;
            if free == 0 || !is_large && free < pages / 4 {
                return Ok(());
            }
            database.execute_batch(&format!("PRAGMA incremental_vacuum({PIECE})"))?;
        }
    }
}

/// Bytes that hold something.
fn used(database: &Connection) -> rusqlite::Result<i64> {
    let pages = pragma(database, "page_count")? - pragma(database, "freelist_count")?;
    Ok(pages * pragma(database, "page_size")?)
}

fn pragma(database: &Connection, name: &str) -> rusqlite::Result<i64> {
    database.query_row(&format!("PRAGMA {name}"), [], |row| row.get(0))
}
