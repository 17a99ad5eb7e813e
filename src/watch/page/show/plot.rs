//! One plot as SVG: curves alone. What is written beside them is HTML, so that it keeps its size on a narrow screen.

use std::fmt::Write as _;

use crate::watch::history::Point;

/// The size of the drawing in its own units; a page stretches it.
const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 120.0;

/// Moments at most in one curve: more than a screen shows are more than anybody sees.
const MOMENTS: usize = 360;

/// The time and the figures that a drawing shows.
#[derive(Debug, Clone, Copy)]
pub struct Frame {
    /// Where it begins, in seconds since 1970.
    pub since: i64,
    /// Where it ends.
    pub now: i64,
    /// The figure at its top; the bottom is 0.
    pub top: f64,
}

/// A curve as two paths: from its least to its most, and its mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paths {
    /// The area between the least and the most; empty: they are the same.
    pub band: String,
    /// The mean.
    pub line: String,
}

/// Draws a curve. Where points are missing for longer than usual there is a gap.
pub fn paths(points: &[Point], frame: Frame) -> Paths {
    let points = &thinned(points);
    let gap = 3 * usual(points);
    let mut paths = Paths { band: String::new(), line: String::new() };
    for piece in points.chunk_by(|a, b| b.at - a.at <= gap) {
        let place = |point: &Point, value: f64| (frame.x(point.at), frame.y(value));
        draw(piece.iter().map(|point| place(point, point.mean)), &mut paths.line);
        // One moment alone would be no line.
        if let [alone] = piece {
            let (x, y) = place(alone, alone.mean);
            write!(paths.line, "L{:.1} {y:.1}", x + 1.0).unwrap_or_default();
        }
        if piece.iter().any(|point| point.most > point.least) {
            let up = piece.iter().map(|point| place(point, point.most));
            let back = piece.iter().rev().map(|point| place(point, point.least));
            draw(up.chain(back), &mut paths.band);
            paths.band.push('Z');
        }
    }
    paths
}

fn draw(places: impl Iterator<Item = (f64, f64)>, to: &mut String) {
    for (number, (x, y)) in places.enumerate() {
        let pen = if number == 0 { 'M' } else { 'L' };
        write!(to, "{pen}{x:.1} {y:.1}").unwrap_or_default();
    }
}

impl Frame {
    fn x(self, at: i64) -> f64 {
        share(at - self.since, self.now - self.since) * WIDTH
    }

    fn y(self, value: f64) -> f64 {
        let share = if self.top > 0.0 { (value / self.top).clamp(0.0, 1.0) } else { 0.0 };
        HEIGHT * (1.0 - share)
    }
}

#[expect(clippy::cast_precision_loss, reason = "no span has so many seconds")]
fn share(part: i64, whole: i64) -> f64 {
    (part as f64 / whole.max(1) as f64).clamp(0.0, 1.0)
}

/// The usual time between two points.
fn usual(points: &[Point]) -> i64 {
    let mut steps: Vec<i64> = points.windows(2).map(|pair| pair[1].at - pair[0].at).collect();
    steps.sort_unstable();
    steps.get(steps.len() / 2).copied().unwrap_or_default()
}

/// No more points than are seen, each with the least and the most of those that it stands for.
fn thinned(points: &[Point]) -> Vec<Point> {
    let merge = |some: &[Point]| {
        #[expect(clippy::cast_precision_loss, reason = "there are not so many points")]
        let count = some.len() as f64;
        Some(Point {
            at: some.first()?.at,
            mean: some.iter().map(|point| point.mean).sum::<f64>() / count,
            least: some.iter().map(|point| point.least).fold(f64::INFINITY, f64::min),
            most: some.iter().map(|point| point.most).fold(f64::NEG_INFINITY, f64::max),
        })
    };
    points.chunks(points.len().div_ceil(MOMENTS).max(1)).filter_map(merge).collect()
}

/// A round figure that is not below the greatest one: 1, 2 or 5 with zeroes, in a unit of 1000 or of 1024.
pub fn top(greatest: f64, step: f64) -> f64 {
    if greatest <= 0.0 || !greatest.is_finite() {
        return 1.0;
    }
    let mut unit = 1.0;
    while greatest / unit >= step {
        unit *= step;
    }
    let rest = greatest / unit;
    let round =
        [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0];
    unit * round.into_iter().find(|round| *round >= rest).unwrap_or(step)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(at: i64, mean: f64) -> Point {
        Point { at, mean, least: mean, most: mean }
    }

    const FRAME: Frame = Frame { since: 0, now: 720, top: 10.0 };

    #[test]
    fn a_gap_is_no_line() {
        let drawn = paths(&[point(0, 0.0), point(60, 10.0), point(120, 5.0), point(600, 20.0)], FRAME);
        assert_eq!(drawn.line, "M0.0 120.0L60.0 0.0L120.0 60.0M600.0 0.0L601.0 0.0");
        assert_eq!(drawn.band, "");
    }

    #[test]
    fn means_have_a_band() {
        let wide = Point { least: 0.0, most: 10.0, ..point(0, 5.0) };
        assert_eq!(
            paths(&[wide, Point { at: 720, ..wide }], FRAME).band,
            "M0.0 0.0L720.0 0.0L720.0 120.0L0.0 120.0Z"
        );
    }

    #[test]
    fn what_nobody_sees_is_merged_and_a_peak_stays() {
        let mut many: Vec<_> = (0..10_000).map(|at| point(at, 1.0)).collect();
        many[5000] = point(5000, 9.0);
        let few = thinned(&many);
        assert!(few.len() <= MOMENTS);
        assert!(few.iter().any(|point| point.most > 8.0 && point.mean < 2.0));
        assert_eq!(paths(&[], FRAME).line, "");
    }

    #[test]
    fn the_top_is_round() {
        assert_eq!(
            [0.0, 0.3, 1.0, 3.0, 730.0, 1500.0].map(|most| top(most, 1000.0)),
            [1.0, 0.5, 1.0, 5.0, 1000.0, 2000.0]
        );
        assert_eq!(top(3.0 * 1024.0, 1024.0), 5.0 * 1024.0);
    }
}
