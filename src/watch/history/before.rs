//! How a host was before this daemon was started: what was said of it last, and which warnings it had from the beginning.

use std::collections::BTreeSet;

use rusqlite::OptionalExtension as _;

use super::{History, HistoryError, Occurrence};

impl History {
    /// How a host was when it was said last.
    ///
    /// # Errors
    /// The database refuses.
    pub fn last(&self, host: &str) -> Result<Option<Occurrence>, HistoryError> {
        let read = || {
            let select = "SELECT at, host, state, words FROM event WHERE host = ?1 \
                AND state IN ('well', 'drifted', 'unfit', 'locked', 'away') ORDER BY id DESC LIMIT 1";
            self.database
                .query_row(select, [host], |row| {
                    Ok(Occurrence {
                        at: row.get(0)?,
                        host: row.get(1)?,
                        state: row.get(2)?,
                        words: row.get(3)?,
                    })
                })
                .optional()
        };
        read().map_err(|source| self.fail(source))
    }

    /// The checks of preflight that ended with a warning when a host was looked at for the first time, which is now if it was
    /// not before.
    ///
    /// # Errors
    /// The database refuses.
    pub fn warned(&mut self, host: &str, now: &[&str]) -> Result<BTreeSet<String>, HistoryError> {
        let mut read = || {
            let transaction = self.database.transaction()?;
            let mut names: BTreeSet<String> = transaction
                .prepare("SELECT name FROM warned WHERE host = ?1")?
                .query_map([host], |row| row.get(0))?
                .collect::<rusqlite::Result<_>>()?;
            if names.is_empty() {
                for name in now.iter().copied().chain([""]) {
                    let insert = "INSERT OR IGNORE INTO warned (host, name) VALUES (?1, ?2)";
                    transaction.execute(insert, [host, name])?;
                    names.insert(name.to_owned());
                }
                transaction.commit()?;
            }
            Ok(names)
        };
        read().map_err(|source| self.fail(source))
    }
}
