//! What holds now, and what somebody is told of it. Both change in one transaction, before anything is sent.

use rusqlite::{Row, named_params};

use super::{History, HistoryError};
use crate::watch::alert::{Alert, Key, Turn};

impl History {
    /// What holds now.
    ///
    /// # Errors
    /// The database refuses.
    pub fn alerts(&self) -> Result<Vec<(Key, Alert)>, HistoryError> {
        let read = || {
            let select = "SELECT rule, host, part, began, fired, told, over, words, number FROM alert";
            let mut select = self.database.prepare(select)?;
            let rows = select.query_map([], |row| Ok(key(row)?.zip(Some(alert(row)?))))?;
            rows.collect::<rusqlite::Result<Vec<_>>>()
        };
        let rows = read().map_err(|source| self.fail(source))?;
        Ok(rows.into_iter().flatten().collect())
    }

    /// Keeps what is different now, and puts each message into the outbox of each notifier; all of it or nothing.
    ///
    /// # Errors
    /// The database refuses.
    pub fn turn(&mut self, turn: &Turn, at: i64, notifiers: &[String]) -> Result<(), HistoryError> {
        let mut keep = || {
            let transaction = self.database.transaction()?;
            for (Key { rule, host, part }, alert) in &turn.changed {
                let key = (rule, host.as_str(), part);
                match alert {
                    None => {
                        let delete = "DELETE FROM alert WHERE rule = ?1 AND host = ?2 AND part = ?3";
                        transaction.prepare_cached(delete)?.execute(key)?;
                    }
                    Some(alert) => {
                        let mut insert = transaction.prepare_cached(
                            "INSERT OR REPLACE INTO alert (rule, host, part, began, fired, told, over, words, number) \
                             VALUES (:rule, :host, :part, :began, :fired, :told, :over, :words, :number)",
                        )?;
                        insert.execute(named_params! {
                            ":rule": rule, ":host": host.as_str(), ":part": part,
                            ":began": alert.began, ":fired": alert.fired, ":told": alert.told, ":over": alert.over,
                            ":words": alert.words, ":number": alert.number,
                        })?;
                    }
                }
            }
            for message in &turn.messages {
                let body = serde_json::to_string(message)
                    .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
                let insert = "INSERT OR IGNORE INTO message (name, at, rule, body) VALUES (?1, ?2, ?3, ?4)";
                // One of the same name is this one, kept a moment ago.
                if transaction.execute(insert, (&message.id, at, &message.alert, body))? == 0 {
                    continue;
                }
                let id = transaction.last_insert_rowid();
                for notifier in notifiers {
                    let insert = "INSERT INTO outbox (notifier, message, tries, due, error) VALUES (?1, ?2, 0, ?3, '')";
                    transaction.execute(insert, (notifier, id, at))?;
                }
            }
            transaction.commit()
        };
        keep().map_err(|source| self.fail(source))
    }
}

/// `None`: the name of a host that no inventory can have.
fn key(row: &Row<'_>) -> rusqlite::Result<Option<Key>> {
    let (rule, host, part): (_, String, _) = (row.get(0)?, row.get(1)?, row.get(2)?);
    Ok(host.parse().ok().map(|host| Key { rule, host, part }))
}

fn alert(row: &Row<'_>) -> rusqlite::Result<Alert> {
    Ok(Alert {
        began: row.get(3)?,
        fired: row.get(4)?,
        told: row.get(5)?,
        over: row.get(6)?,
        words: row.get(7)?,
        number: row.get(8)?,
    })
}
