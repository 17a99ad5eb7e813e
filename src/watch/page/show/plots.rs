//! The plots of a host, from its curves.

mod table;
mod unit;

use std::collections::BTreeMap;

use serde::Serialize;

use table::{Line, Of, PLOTS, Plot};

use super::{
    plot::{Frame, paths},
    span::Span,
};
use crate::watch::history::{Curve, Point};

pub use table::metrics;

/// Lines at most in one plot: there are not more colours that can be told apart.
const LINES: usize = 8;

/// One plot as a page shows it.
#[derive(Debug, Serialize)]
pub struct Shown {
    id: &'static str,
    title: &'static str,
    /// The figures at its side, from the top.
    side: Vec<String>,
    /// The times below it.
    below: Vec<String>,
    lines: Vec<ShownLine>,
    /// How many lines are not shown.
    hidden: usize,
}

#[derive(Debug, Serialize)]
struct ShownLine {
    label: String,
    band: String,
    line: String,
    last: String,
    mean: String,
    most: String,
}

/// Plots of one kind.
#[derive(Debug, Serialize)]
pub struct Section {
    title: &'static str,
    plots: Vec<Shown>,
}

/// The plots that there is something to show in.
pub fn sections(curves: &[Curve], span: Span, now: i64) -> Vec<Section> {
    let known: BTreeMap<(&str, &str), &[Point]> = curves
        .iter()
        .map(|curve| ((curve.metric.as_str(), curve.part.as_str()), curve.points.as_slice()))
        .collect();
    let mut sections: Vec<Section> = Vec::new();
    for plot in &PLOTS {
        let Some(shown) = show(plot, &known, span, now) else { continue };
        match sections.last_mut().filter(|section| section.title == plot.section) {
            Some(section) => section.plots.push(shown),
            None => sections.push(Section { title: plot.section, plots: vec![shown] }),
        }
    }
    sections
}

type Known<'a> = BTreeMap<(&'a str, &'a str), &'a [Point]>;

fn show(plot: &Plot, known: &Known<'_>, span: Span, now: i64) -> Option<Shown> {
    let mut found: Vec<(String, Vec<Point>)> = plot.lines.iter().flat_map(|line| of(line, known)).collect();
    if found.is_empty() {
        return None;
    }
    // Those that matter most, in an order that stays.
    let hidden = found.len().saturating_sub(LINES);
    if hidden > 0 {
        found.sort_by(|(_, a), (_, b)| mean(b).total_cmp(&mean(a)));
        found.truncate(LINES);
        found.sort_by(|(a, _), (b, _)| a.cmp(b));
    }
    let greatest = found.iter().map(|(_, points)| most(points)).fold(0.0, f64::max);
    let frame = Frame { since: now - span.seconds(), now, top: plot.unit.top(greatest) };
    let lines = found.into_iter().map(|(label, points)| {
        let drawn = paths(&points, frame);
        let last = points.last().map(|point| point.mean).unwrap_or_default();
        let [last, mean, most] = [last, mean(&points), most(&points)].map(|value| plot.unit.shown(value));
        ShownLine { label, band: drawn.band, line: drawn.line, last, mean, most }
    });
    let side = [frame.top, frame.top / 2.0, 0.0].map(|value| plot.unit.shown(value));
    let below = (0..=4).map(|part| span.shows(frame.since + span.seconds() * part / 4));
    Some(Shown {
        id: plot.id,
        title: plot.title,
        side: side.into(),
        below: below.collect(),
        lines: lines.collect(),
        hidden,
    })
}

/// The curves of a line, one for each part of the host that has it, with their labels.
fn of(line: &Line, known: &Known<'_>) -> Vec<(String, Vec<Point>)> {
    let label = |part: &str| match (line.label, part) {
        (label, "") => label.to_owned(),
        ("", part) => part.to_owned(),
        (label, part) => format!("{part} {label}"),
    };
    let all =
        |metric: &'static str| known.range((metric, "")..).take_while(move |((name, _), _)| *name == metric);
    match line.of {
        Of::Metric(metric) => all(metric).map(|((_, part), points)| (label(part), points.to_vec())).collect(),
        Of::Without(whole, rest) => all(whole)
            .filter_map(|((_, part), points)| pair(points, known.get(&(rest, *part))?, part, |a, b| a - b))
            .map(|(part, points)| (label(&part), points))
            .collect(),
        Of::Used(whole, rest) => all(whole)
            .filter_map(|((_, part), points)| {
                pair(points, known.get(&(rest, *part))?, part, |a, b| if a > 0.0 { 1.0 - b / a } else { 0.0 })
            })
            .map(|(part, points)| (label(&part), points))
            .collect(),
    }
}

/// Two curves of the same moments in one. The more there is of the second, the less there is of both.
fn pair(
    whole: &[Point],
    rest: &[Point],
    part: &str,
    both: impl Fn(f64, f64) -> f64,
) -> Option<(String, Vec<Point>)> {
    let rest: BTreeMap<i64, &Point> = rest.iter().map(|point| (point.at, point)).collect();
    let points: Vec<Point> = whole
        .iter()
        .filter_map(|point| {
            let other = rest.get(&point.at)?;
            Some(Point {
                at: point.at,
                mean: both(point.mean, other.mean),
                least: both(point.mean, other.most),
                most: both(point.mean, other.least),
            })
        })
        .collect();
    (!points.is_empty()).then(|| (part.to_owned(), points))
}

fn mean(points: &[Point]) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "there are not so many points")]
    let count = points.len().max(1) as f64;
    points.iter().map(|point| point.mean).sum::<f64>() / count
}

fn most(points: &[Point]) -> f64 {
    points.iter().map(|point| point.most).fold(0.0, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curve(metric: &str, part: &str, values: &[f64]) -> Curve {
        let points = values.iter().zip(0..).map(|(value, minute)| Point {
            at: 6400 + minute * 60,
            mean: *value,
            least: *value,
            most: *value,
        });
        Curve {
            host: "co1".to_owned(),
            metric: metric.to_owned(),
            part: part.to_owned(),
            points: points.collect(),
        }
    }

    #[test]
    fn what_is_used_is_what_is_not_free() {
        let curves = [
            curve("filesystem_size_bytes", "/", &[100.0, 100.0]),
            curve("filesystem_free_bytes", "/", &[75.0, 25.0]),
            curve("load1", "", &[0.5]),
        ];
        let sections = sections(&curves, Span::Hour, 10_000);
        let titles: Vec<_> = sections.iter().map(|section| section.title).collect();
        assert_eq!(titles, ["Processors", "Disks"]);
        let disk = &sections[1].plots[0];
        assert_eq!((disk.lines[0].label.as_str(), disk.lines[0].last.as_str()), ("/", "75 %"));
        assert_eq!(disk.lines[0].mean, "50 %");
        assert_eq!(disk.side, ["100 %", "50 %", "0 %"]);
        assert_eq!(disk.below.len(), 5);
    }

    #[test]
    fn too_many_lines_are_those_that_matter() {
        let values: Vec<f64> = (0..20).map(f64::from).collect();
        let curves: Vec<_> = values
            .iter()
            .map(|value| curve("container_cpu_ratio", &format!("c{value:02}"), &[*value]))
            .collect();
        let sections = sections(&curves, Span::Hour, 10_000);
        let plot = &sections[0].plots[0];
        assert_eq!((plot.lines.len(), plot.hidden), (8, 12));
        assert_eq!((plot.lines[0].label.as_str(), plot.lines[7].label.as_str()), ("c12", "c19"));
    }
}
