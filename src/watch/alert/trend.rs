//! Where a curve leads: the straight line through its last hours, by least squares.

use std::time::Duration;

use crate::watch::history::Point;

/// How far back a line is drawn from.
pub const WINDOW: Duration = Duration::from_secs(6 * 3600);

/// A line through less than this says nothing, in seconds.
const LEAST: f64 = 3600.0;

/// The least share of a curve's ups and downs that the line must explain (R²); a curve that goes up and down leads nowhere.
const FIT: f64 = 0.5;

/// In how many hours a curve reaches a value if it goes on as in the last hours; `None`: it does not lead there.
pub fn hours_until(points: &[Point], reaches: f64, now: i64) -> Option<f64> {
    let (first, last) = (points.first()?, points.last()?);
    let pairs: Vec<(f64, f64)> = points.iter().map(|point| (seconds(point.at - now), point.mean)).collect();
    if seconds(last.at - first.at) < LEAST {
        return None;
    }
    let mean = |of: &dyn Fn(&(f64, f64)) -> f64| {
        let sum: f64 = pairs.iter().map(of).sum();
        sum / seconds(i64::try_from(pairs.len()).unwrap_or(i64::MAX))
    };
    let (x, y) = (mean(&|pair| pair.0), mean(&|pair| pair.1));
    let along = mean(&|pair| (pair.0 - x) * (pair.0 - x));
    let across = mean(&|pair| (pair.1 - y) * (pair.1 - y));
    let both = mean(&|pair| (pair.0 - x) * (pair.1 - y));
    if across <= 0.0 || both * both / (along * across) < FIT {
        return None;
    }
    let slope = both / along;
    let hours = (reaches - (y - slope * x)) / slope / 3600.0;
    (hours > 0.0).then_some(hours)
}

#[expect(clippy::cast_precision_loss, reason = "hours in seconds, and numbers of points")]
fn seconds(time: i64) -> f64 {
    time as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curve(hours: i64, value: impl Fn(f64) -> f64) -> Vec<Point> {
        let point = |step: i64| {
            let mean = value(seconds(step) / 12.0);
            Point { at: 1000 + step * 300, mean, least: mean, most: mean }
        };
        (0..=hours * 12).map(point).collect()
    }

    fn hours(points: &[Point]) -> Option<f64> {
        hours_until(points, 0.0, points.last().unwrap().at).map(|hours| (hours * 10.0).round() / 10.0)
    }

    #[test]
    fn a_line_is_drawn_on() {
        assert_eq!(hours(&curve(6, |hour| 100.0 - 2.0 * hour)), Some(44.0));
        let wobbly = curve(6, |hour| 100.0 - 10.0 * hour + 3.0 * (hour * 20.0).sin());
        assert!(hours(&wobbly).is_some_and(|hours| (3.5..4.5).contains(&hours)), "{:?}", hours(&wobbly));
    }

    #[test]
    fn what_leads_nowhere_is_no_trend() {
        assert_eq!(hours(&curve(6, |_| 100.0)), None);
        assert_eq!(hours(&curve(6, |hour| 100.0 + hour)), None);
        assert_eq!(hours_until(&[], 0.0, 0), None);
        let short: Vec<Point> = curve(1, |hour| 100.0 - 90.0 * hour).into_iter().take(6).collect();
        assert_eq!(hours(&short), None);
        // Logs that are written and thrown away.
        assert_eq!(hours(&curve(6, |hour| 100.0 - 10.0 * hour.fract())), None);
    }
}
