//! Reading curves.

use std::{collections::BTreeMap, ops::Range};

use super::{
    History, HistoryError,
    pack::{Figure, unpack},
    row::{places, time},
    thin::{GRAINS, Grain},
};
use crate::watch::seconds;

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

impl History {
    /// The curves of some metrics since a time, of one host or of all: every sample where there are some, and means where it is
    /// longer ago. A row holds all figures of its time, so it is read once for all metrics.
    ///
    /// # Errors
    /// The database refuses.
    pub fn curves(
        &self,
        metrics: &[&str],
        host: Option<&str>,
        since: i64,
        now: i64,
    ) -> Result<Vec<Curve>, HistoryError> {
        let fits = GRAINS.iter().position(|grain| now - since <= seconds(grain.kept));
        self.grains(metrics, host, since..now + 1, GRAINS.get(fits.unwrap_or(GRAINS.len() - 1)..))
    }

    /// The same of all hosts in means of five minutes, or coarser: for whoever wants to know where a curve leads.
    ///
    /// # Errors
    /// The database refuses.
    pub fn means(&self, metrics: &[&str], since: i64, now: i64) -> Result<Vec<Curve>, HistoryError> {
        self.grains(metrics, None, since..now + 1, GRAINS.get(1..))
    }

    fn grains(
        &self,
        metrics: &[&str],
        host: Option<&str>,
        at: Range<i64>,
        grains: Option<&[Grain]>,
    ) -> Result<Vec<Curve>, HistoryError> {
        let read = || {
            let mut series = Vec::new();
            for metric in metrics {
                series.extend(self.parts(metric)?.into_iter().map(|(id, part)| (id, (*metric, part))));
            }
            let places: BTreeMap<u32, usize> = series.iter().map(|(id, _)| *id).zip(0..).collect();
            if series.is_empty() {
                return Ok(Vec::new());
            }
            let mut curves = Vec::new();
            for (id, name) in self.hosts()? {
                if host.is_some_and(|wanted| wanted != name) {
                    continue;
                }
                let empty = |(metric, part): &(&str, String)| Curve {
                    host: name.clone(),
                    metric: (*metric).to_owned(),
                    part: part.clone(),
                    points: Vec::new(),
                };
                let mut found: Vec<_> = series.iter().map(|(_, of)| empty(of)).collect();
                self.points(id, at.clone(), grains.unwrap_or_default(), |at, figure| {
                    let place = places.get(&figure.series);
                    if let Some(curve) = place.and_then(|place| found.get_mut(*place)) {
                        let Figure { mean, least, most, .. } = figure;
                        curve.points.push(Point { at, mean, least, most });
                    }
                })?;
                curves.extend(found.into_iter().filter(|curve| !curve.points.is_empty()));
            }
            Ok(curves)
        };
        read().map_err(|source| self.fail(source))
    }

    /// The series of a metric, in order of their parts.
    fn parts(&self, metric: &str) -> rusqlite::Result<Vec<(u32, String)>> {
        let select = "SELECT id, part FROM series WHERE metric = ?1 ORDER BY part";
        let mut select = self.database.prepare_cached(select)?;
        select.query_map([metric], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
    }

    /// All figures of a host since a time. Where the finest rows for that time are gone because space was short, it begins with
    /// coarser ones.
    fn points(
        &self,
        host: i64,
        at: Range<i64>,
        grains: &[Grain],
        mut take: impl FnMut(i64, Figure),
    ) -> rusqlite::Result<()> {
        let (mut pieces, mut finer) = (Vec::new(), None);
        for grain in grains {
            // A row that reaches into what is there already would say the same once more.
            let end = finer.map_or(at.end, |begin| begin - (grain.step - 1));
            if let Some(begin) = self.first(grain, host, at.start..end)? {
                pieces.push((grain, begin..end));
                finer = Some(begin);
            }
        }
        pieces.into_iter().rev().try_for_each(|(grain, at)| self.rows(grain, host, at, &mut take))
    }

    /// Where the first row within a time begins.
    pub(super) fn first(&self, grain: &Grain, host: i64, at: Range<i64>) -> rusqlite::Result<Option<i64>> {
        let select = format!("SELECT min(place) FROM {} WHERE place >= ?1 AND place < ?2", grain.table);
        let mut select = self.database.prepare_cached(&select)?;
        let first: Option<i64> = select.query_row(places(host, at), |row| row.get(0))?;
        Ok(first.map(time))
    }

    fn rows(
        &self,
        grain: &Grain,
        host: i64,
        at: Range<i64>,
        take: &mut impl FnMut(i64, Figure),
    ) -> rusqlite::Result<()> {
        let select = format!(
            "SELECT place, packed FROM {} WHERE place >= ?1 AND place < ?2 ORDER BY place",
            grain.table
        );
        let mut select = self.database.prepare_cached(&select)?;
        let mut rows = select.query(places(host, at))?;
        while let Some(row) = rows.next()? {
            let at = time(row.get(0)?);
            unpack(row.get_ref(1)?.as_blob().unwrap_or_default()).for_each(|figure| take(at, figure));
        }
        Ok(())
    }
}
