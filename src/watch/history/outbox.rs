//! What each notifier has still to deliver.
//!
//! A message is tried in this order: its next try is written down, it is sent, and then it is taken out. Whoever is killed
//! in between sends it again later, under the same name; whoever else works on the same outbox leaves it alone until then.

use rusqlite::{OptionalExtension as _, TransactionBehavior};

use super::{History, HistoryError};

/// One message that is to be delivered now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// Its number.
    pub message: i64,
    /// The JSON that receivers get.
    pub body: String,
    /// How often it was tried before.
    pub tries: u32,
}

/// What a notifier could not deliver yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// The notifier.
    pub notifier: String,
    /// How many messages.
    pub messages: i64,
    /// Why the last try failed; empty: there was none.
    pub error: String,
}

impl History {
    /// The first message that a notifier has to deliver now, which is not given again before `later` of its tries. Messages
    /// of one rule come in their order: one that waits for its next try holds back those behind it.
    ///
    /// # Errors
    /// The database refuses.
    pub fn due(
        &mut self,
        notifier: &str,
        now: i64,
        later: impl Fn(u32) -> i64,
    ) -> Result<Option<Due>, HistoryError> {
        let mut take = || {
            // Another daemon reads the same rows.
            let transaction = self.database.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let select = "SELECT message.id, body, tries FROM outbox JOIN message ON message.id = outbox.message \
                          WHERE notifier = ?1 AND due <= ?2 AND NOT EXISTS (\
                              SELECT 1 FROM outbox AS before JOIN message AS earlier ON earlier.id = before.message \
                              WHERE before.notifier = ?1 AND earlier.rule = message.rule AND earlier.id < message.id) \
                          ORDER BY message.id LIMIT 1";
            let row = |row: &rusqlite::Row<'_>| {
                Ok(Due { message: row.get(0)?, body: row.get(1)?, tries: row.get(2)? })
            };
            let due = transaction.query_row(select, (notifier, now), row).optional()?;
            if let Some(Due { message, tries, .. }) = &due {
                let update =
                    "UPDATE outbox SET tries = tries + 1, due = ?3 WHERE notifier = ?1 AND message = ?2";
                transaction.execute(update, (notifier, message, later(*tries)))?;
            }
            transaction.commit()?;
            Ok(due)
        };
        take().map_err(|source| self.fail(source))
    }

    /// Takes out what was delivered.
    ///
    /// # Errors
    /// The database refuses.
    pub fn delivered(&self, notifier: &str, message: i64) -> Result<(), HistoryError> {
        let delete = "DELETE FROM outbox WHERE notifier = ?1 AND message = ?2";
        self.database.execute(delete, (notifier, message)).map(drop).map_err(|source| self.fail(source))
    }

    /// Writes down why a message was not delivered.
    ///
    /// # Errors
    /// The database refuses.
    pub fn undelivered(&self, notifier: &str, message: i64, error: &str) -> Result<(), HistoryError> {
        let update = "UPDATE outbox SET error = ?3 WHERE notifier = ?1 AND message = ?2";
        let updated = self.database.execute(update, (notifier, message, error));
        updated.map(drop).map_err(|source| self.fail(source))
    }

    /// Forgets what is for notifiers that there are no more.
    ///
    /// # Errors
    /// The database refuses.
    pub fn keep_notifiers(&self, notifiers: &[String]) -> Result<(), HistoryError> {
        let known = serde_json::json!(notifiers).to_string();
        let delete = "DELETE FROM outbox WHERE notifier NOT IN (SELECT value FROM json_each(?1))";
        self.database.execute(delete, [known]).map(drop).map_err(|source| self.fail(source))
    }

    /// What waits to be delivered, for each notifier that has something.
    ///
    /// # Errors
    /// The database refuses.
    pub fn waiting(&self) -> Result<Vec<Waiting>, HistoryError> {
        let read = || {
            let select =
                "SELECT notifier, count(*), max(error) FROM outbox GROUP BY notifier ORDER BY notifier";
            let mut select = self.database.prepare(select)?;
            let row = |row: &rusqlite::Row<'_>| {
                Ok(Waiting { notifier: row.get(0)?, messages: row.get(1)?, error: row.get(2)? })
            };
            select.query_map([], row)?.collect::<rusqlite::Result<Vec<_>>>()
        };
        read().map_err(|source| self.fail(source))
    }
}
