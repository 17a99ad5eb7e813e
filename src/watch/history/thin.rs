//! The older, the coarser: every sample of two days, means of five minutes of a month, means of an hour of two years.

use std::time::Duration;

use rusqlite::named_params;

use super::{Curve, History, HistoryError, Point};
use crate::watch::seconds;

const DAY: u64 = 24 * 60 * 60;

/// How long every sample is kept.
const SAMPLES: Duration = Duration::from_secs(2 * DAY);

/// How long events are kept.
const EVENTS: Duration = Duration::from_secs(730 * DAY);

/// One kind of means.
struct Means {
    /// Seconds of one row.
    step: i64,
    /// How long they are kept.
    kept: Duration,
    /// What they are made of.
    source: &'static str,
}

/// From fine to coarse; each kind is made of the one before.
const MEANS: [Means; 2] = [
    Means {
        step: 300,
        kept: Duration::from_secs(30 * DAY),
        source: "SELECT series, at, value AS mean, value AS least, value AS most FROM sample",
    },
    Means { step: 3600, kept: EVENTS, source: "SELECT * FROM means WHERE step = 300" },
];

impl History {
    /// Makes the means of all time that is over, and forgets what is older than it is kept. Doing it twice does no harm.
    ///
    /// # Errors
    /// The database refuses.
    pub fn thin(&mut self, now: i64) -> Result<(), HistoryError> {
        let mut thin = || {
            let transaction = self.database.transaction()?;
            for Means { step, source, .. } in MEANS {
                // What was made last may have been made of a part of its time.
                let make = format!(
                    "INSERT OR REPLACE INTO means (step, series, at, mean, least, most) \
                     SELECT :step, series, at / :step * :step, avg(mean), min(least), max(most) FROM ({source}) \
                     WHERE at >= (SELECT coalesce(max(at), 0) FROM means WHERE step = :step) GROUP BY 2, 3"
                );
                transaction.execute(&make, named_params! { ":step": step })?;
            }
            for Means { step, kept, .. } in MEANS {
                let old = "DELETE FROM means WHERE step = ?1 AND at < ?2";
                transaction.execute(old, (step, now - seconds(kept)))?;
            }
            transaction.execute("DELETE FROM sample WHERE at < ?1", [now - seconds(SAMPLES)])?;
            transaction.execute("DELETE FROM event WHERE at < ?1", [now - seconds(EVENTS)])?;
            transaction.commit()
        };
        thin().map_err(|source| self.fail(source))
    }

    /// The curves of a metric since a time: every sample where there are some, and means where it is longer ago.
    ///
    /// # Errors
    /// The database refuses.
    pub fn curves(&self, metric: &str, since: i64, now: i64) -> Result<Vec<Curve>, HistoryError> {
        let age = now - since;
        let [fine, coarse] = &MEANS;
        let points = if age <= seconds(SAMPLES) {
            fine.source.to_owned()
        } else {
            let step = if age <= seconds(fine.kept) { fine.step } else { coarse.step };
            format!("SELECT * FROM means WHERE step = {step}")
        };
        let read = || {
            let mut select = self.database.prepare(&format!(
                "SELECT host, part, at, mean, least, most FROM ({points}) JOIN series ON id = series \
                 WHERE metric = ?1 AND at >= ?2 ORDER BY host, part, at"
            ))?;
            let mut rows = select.query((metric, since))?;
            let mut curves: Vec<Curve> = Vec::new();
            while let Some(row) = rows.next()? {
                let (host, part): (String, String) = (row.get(0)?, row.get(1)?);
                let point =
                    Point { at: row.get(2)?, mean: row.get(3)?, least: row.get(4)?, most: row.get(5)? };
                match curves.last_mut().filter(|curve| curve.host == host && curve.part == part) {
                    Some(curve) => curve.points.push(point),
                    None => curves.push(Curve { host, metric: metric.to_owned(), part, points: vec![point] }),
                }
            }
            Ok(curves)
        };
        read().map_err(|source| self.fail(source))
    }
}
