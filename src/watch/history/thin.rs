//! The older, the coarser: every sample of two days, means of five minutes of a month, means of an hour of two years.

use std::time::Duration;

use super::{Curve, History, HistoryError, Point};

const DAY: u64 = 24 * 60 * 60;

/// How long every sample is kept.
pub const SAMPLES: Duration = Duration::from_secs(2 * DAY);

/// How long means of five minutes are kept.
pub const FIVE_MINUTES: Duration = Duration::from_secs(30 * DAY);

/// How long means of an hour are kept.
pub const HOUR: Duration = Duration::from_secs(730 * DAY);

/// One kind of means.
struct Coarse {
    table: &'static str,
    /// Seconds of one row.
    step: i64,
    /// What it is made of: an expression for the mean, the least and the most, and a table.
    from: (&'static str, &'static str),
}

const COARSE: [Coarse; 2] = [
    Coarse { table: "five_minutes", step: 300, from: ("avg(value), min(value), max(value)", "sample") },
    Coarse { table: "hour", step: 3600, from: ("avg(mean), min(least), max(most)", "five_minutes") },
];

impl History {
    /// Makes the means of all time that is over, and forgets what is older than it is kept. Doing it twice does no harm.
    ///
    /// # Errors
    /// The database refuses.
    pub fn thin(&mut self, now: i64) -> Result<(), HistoryError> {
        let mut thin = || {
            let transaction = self.database.transaction()?;
            for Coarse { table, step, from: (means, source) } in COARSE {
                // What was made last may have been made of a part of its time.
                let last = format!("SELECT coalesce(max(at), 0) FROM {table}");
                let last: i64 = transaction.query_row(&last, [], |row| row.get(0))?;
                transaction.execute(
                    &format!(
                        "INSERT OR REPLACE INTO {table} (series, at, mean, least, most) \
                         SELECT series, at / {step} * {step}, {means} FROM {source} WHERE at >= ?1 GROUP BY 1, 2"
                    ),
                    [last],
                )?;
            }
            for (table, kept) in
                [("sample", SAMPLES), ("five_minutes", FIVE_MINUTES), ("hour", HOUR), ("event", HOUR)]
            {
                transaction.execute(&format!("DELETE FROM {table} WHERE at < ?1"), [now - seconds(kept)])?;
            }
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
        let points = match age {
            age if age <= seconds(SAMPLES) => {
                "SELECT series, at, value AS mean, value AS least, value AS most FROM sample"
            }
            age if age <= seconds(FIVE_MINUTES) => "SELECT series, at, mean, least, most FROM five_minutes",
            _ => "SELECT series, at, mean, least, most FROM hour",
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

/// As the database counts. No time that is kept is too long for it.
fn seconds(kept: Duration) -> i64 {
    i64::try_from(kept.as_secs()).unwrap_or(i64::MAX)
}
