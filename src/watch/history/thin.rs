//! The older, the coarser: every sample of two days, means of five minutes of a month, means of an hour of two years.

use std::{collections::BTreeMap, time::Duration};

use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior};

use super::{
    History, HistoryError,
    pack::{Figure, pack, unpack},
    row::{place, places, time},
};
use crate::watch::seconds;

const DAY: u64 = 24 * 60 * 60;

/// How long events are kept.
const EVENTS: Duration = Duration::from_secs(730 * DAY);

/// Rows of one kind.
pub(super) struct Grain {
    /// The table.
    pub table: &'static str,
    /// Seconds of one row; 1: a sample.
    pub step: i64,
    /// How long they are kept.
    pub kept: Duration,
    /// How long they are kept also when space is short: as long as the next kind needs them.
    pub needed: Duration,
}

/// From fine to coarse; each kind is made of the one before.
pub(super) const GRAINS: [Grain; 3] = [
    Grain {
        table: "sample",
        step: 1,
        kept: Duration::from_secs(2 * DAY),
        needed: Duration::from_secs(60 * 60),
    },
    Grain {
        table: "minutes",
        step: 300,
        kept: Duration::from_secs(30 * DAY),
        needed: Duration::from_secs(DAY),
    },
    Grain { table: "hours", step: 3600, kept: EVENTS, needed: Duration::from_secs(DAY) },
];

impl History {
    /// Makes the means of all time so far, and forgets what is older than it is kept. Doing it twice does no harm.
    ///
    /// # Errors
    /// The database refuses.
    pub fn thin(&self, now: i64) -> Result<(), HistoryError> {
        let thin = || {
            let hosts = self.hosts()?;
            for [finer, grain] in [[&GRAINS[0], &GRAINS[1]], [&GRAINS[1], &GRAINS[2]]] {
                let since = made(&self.database, grain.step)?;
                for (host, _) in &hosts {
                    coarsen(&self.database, *host, (finer, grain), since..now + 1)?;
                }
                let insert = "INSERT OR REPLACE INTO made (step, at) VALUES (?1, ?2)";
                self.database.execute(insert, (grain.step, now / grain.step * grain.step))?;
            }
            for grain in &GRAINS {
                forget(&self.database, &hosts, grain, now - seconds(grain.kept))?;
            }
            for events in ["event", "message"] {
                self.database
                    .execute(&format!("DELETE FROM {events} WHERE at < ?1"), [now - seconds(EVENTS)])?;
            }
            Ok(())
        };
        thin().map_err(|source| self.fail(source))
    }
}

/// Where the last row of means begins. It may have been made of a part of its time, and is made once more.
fn made(database: &Connection, step: i64) -> rusqlite::Result<i64> {
    let select = "SELECT at FROM made WHERE step = ?1";
    Ok(database.query_row(select, [step], |row| row.get(0)).optional()?.unwrap_or_default())
}

/// Forgets the rows of a kind before a time. A host at a time: the log stays small.
pub(super) fn forget(
    database: &Connection,
    hosts: &[(i64, String)],
    grain: &Grain,
    before: i64,
) -> rusqlite::Result<()> {
    let delete = format!("DELETE FROM {} WHERE place >= ?1 AND place < ?2", grain.table);
    let mut delete = database.prepare_cached(&delete)?;
    hosts.iter().try_for_each(|(host, _)| delete.execute(places(*host, 0..before)).map(drop))
}

/// Makes the means of one host.
fn coarsen(
    database: &Connection,
    host: i64,
    (finer, grain): (&Grain, &Grain),
    at: std::ops::Range<i64>,
) -> rusqlite::Result<()> {
    let select = format!("SELECT place, packed FROM {} WHERE place >= ?1 AND place < ?2", finer.table);
    let insert = format!("INSERT OR REPLACE INTO {} (place, packed) VALUES (?1, ?2)", grain.table);
    // It reads before it writes, and another connection may write in between.
    let transaction = Transaction::new_unchecked(database, TransactionBehavior::Immediate)?;
    {
        let mut select = transaction.prepare_cached(&select)?;
        let mut insert = transaction.prepare_cached(&insert)?;
        let mut rows = select.query(places(host, at))?;
        let (mut begin, mut heap) = (0, Heap::default());
        while let Some(row) = rows.next()? {
            let at = time(row.get(0)?) / grain.step * grain.step;
            if at != begin {
                heap.put(&mut insert, host, begin)?;
                begin = at;
            }
            heap.add(row.get_ref(1)?.as_blob().unwrap_or_default());
        }
        heap.put(&mut insert, host, begin)?;
    }
    transaction.commit()
}

/// The figures of the time of one row.
#[derive(Default)]
struct Heap(BTreeMap<u32, Many>);

struct Many {
    sum: f64,
    count: u32,
    least: f64,
    most: f64,
}

impl Heap {
    fn add(&mut self, packed: &[u8]) {
        for Figure { series, mean, least, most } in unpack(packed) {
            let many = self.0.entry(series).or_insert(Many { sum: 0.0, count: 0, least, most });
            many.sum += mean;
            many.count += 1;
            many.least = many.least.min(least);
            many.most = many.most.max(most);
        }
    }

    /// Writes the row, and begins the next one.
    fn put(
        &mut self,
        insert: &mut rusqlite::CachedStatement<'_>,
        host: i64,
        at: i64,
    ) -> rusqlite::Result<()> {
        if self.0.is_empty() {
            return Ok(());
        }
        let figures = std::mem::take(&mut self.0);
        let figures: Vec<_> = figures
            .into_iter()
            .map(|(series, many)| Figure::of_many(series, (many.sum, many.count), many.least, many.most))
            .collect();
        insert.execute((place(host, at), pack(&figures))).map(drop)
    }
}
