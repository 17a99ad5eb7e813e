//! Keeping samples.

use std::collections::HashMap;

use rusqlite::{Connection, TransactionBehavior};

use super::{
    History, HistoryError,
    pack::{Figure, pack},
    row::place,
};
use crate::{model::name::HostName, watch::measure::Measure};

/// A sample that is to be kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Kept {
    /// Of which host.
    pub host: HostName,
    /// When, in seconds since 1970.
    pub at: i64,
    /// What was measured.
    pub measures: Vec<Measure>,
}

/// The numbers that stand for names in the database. They never change, and so are asked for once.
#[derive(Default)]
pub(super) struct Names {
    hosts: HashMap<HostName, i64>,
    series: HashMap<&'static str, HashMap<String, u32>>,
}

impl Names {
    fn host(&mut self, database: &Connection, host: &HostName) -> rusqlite::Result<i64> {
        if let Some(id) = self.hosts.get(host) {
            return Ok(*id);
        }
        let insert = "INSERT INTO host (name) VALUES (?1) ON CONFLICT DO NOTHING";
        database.execute(insert, [host.as_str()])?;
        let id =
            database.query_row("SELECT id FROM host WHERE name = ?1", [host.as_str()], |row| row.get(0))?;
        self.hosts.insert(host.clone(), id);
        Ok(id)
    }

    fn series(&mut self, database: &Connection, one: &Measure) -> rusqlite::Result<u32> {
        let known = self.series.entry(one.metric).or_default();
        if let Some(id) = known.get(&one.part) {
            return Ok(*id);
        }
        let name = (one.metric, &one.part);
        let insert = "INSERT INTO series (metric, part) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
        database.execute(insert, name)?;
        let select = "SELECT id FROM series WHERE metric = ?1 AND part = ?2";
        let id = database.query_row(select, name, |row| row.get(0))?;
        known.insert(one.part.clone(), id);
        Ok(id)
    }
}

impl History {
    /// Keeps samples, all of them or none.
    ///
    /// # Errors
    /// The database refuses.
    pub fn keep(&mut self, samples: &[Kept]) -> Result<(), HistoryError> {
        let kept = (|| {
            let transaction = self.database.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let insert = "INSERT OR REPLACE INTO sample (place, packed) VALUES (?1, ?2)";
            let mut insert = transaction.prepare_cached(insert)?;
            for Kept { host, at, measures } in samples {
                let host = self.names.host(&transaction, host)?;
                let figures = measures
                    .iter()
                    .map(|one| Ok(Figure::single(self.names.series(&transaction, one)?, one.value)));
                let mut figures = figures.collect::<rusqlite::Result<Vec<_>>>()?;
                figures.sort_unstable_by_key(|one| one.series);
                insert.execute((place(host, *at), pack(&figures)))?;
            }
            drop(insert);
            transaction.commit()
        })();
        // Names of a transaction that was undone are not there.
        kept.map_err(|source| {
            self.names = Names::default();
            self.fail(source)
        })
    }
}
