//! `history`: what `watch` has kept of hosts.

use std::{path::PathBuf, time::Duration};

use clap::Args;

use super::{
    args::Format,
    gate,
    halt::Halt,
    render::{events::document, tables::table},
    report::Screen,
};
use crate::{
    app::exit::Exit,
    model::{compose::parse_period, name::HostName},
    watch::{
        history::{Curve, History, Occurrence, place},
        moment, now, seconds,
    },
};

/// What of the history is shown.
#[derive(Debug, Clone, Args)]
pub struct Past {
    /// Show only this host. Default: all hosts.
    #[arg(long, value_name = "HOST")]
    pub host: Option<HostName>,
    /// Show the values of a metric, as in memory_available_bytes. Default: show the events. `--metric list` shows the names.
    #[arg(long, value_name = "METRIC")]
    pub metric: Option<String>,
    /// How far back, as in 90m, 24h or 7d.
    #[arg(long, value_name = "PERIOD", default_value = "24h", value_parser = period)]
    pub since: Duration,
    /// Print comma-separated values.
    #[arg(long)]
    pub csv: bool,
    /// The database. Default: pryvctl/history.db in your state directory, ~/.local/state.
    #[arg(long, value_name = "FILE", env = "PRYVCTL_HISTORY", hide_env = true)]
    pub history: Option<PathBuf>,
}

/// Reads a period; a day is 24 hours.
///
/// # Errors
/// A text that is not a whole number with a unit.
pub fn period(text: &str) -> Result<Duration, String> {
    let days = text.strip_suffix('d').and_then(|days| days.parse::<u32>().ok());
    match days {
        Some(days) => Ok(Duration::from_secs(u64::from(days) * 24 * 60 * 60)),
        None => parse_period(text)
            .map_err(|_| "write whole numbers with units, as in 90s, 15m, 24h or 7d".to_owned()),
    }
}

/// Shows it.
pub fn run(command: &Past, screen: &Screen) -> Result<Exit, Halt> {
    let history = History::read(&place(command.history.as_ref())?)?;
    let now = now();
    let since = now - seconds(command.since);
    let is_wanted = |host: &str| command.host.as_ref().is_none_or(|wanted| wanted.as_str() == host);
    let form = match (command.csv, screen.format()) {
        (true, _) => Form::Csv,
        (false, Format::Text) => Form::Table,
        (false, Format::Json | Format::Yaml) => Form::Json,
    };
    let text = match command.metric.as_deref() {
        None => {
            let mut found = history.occurrences(since)?;
            found.retain(|one| is_wanted(&one.host));
            events(&found, form)
        }
        Some("list") => history.metrics()?.join("\n"),
        Some(metric) => {
            let known = history.metrics()?;
            if !known.iter().any(|one| one == metric) {
                let hint = "`--metric list` shows the metrics that there are".to_owned();
                return Err(Halt::new(
                    Exit::Usage,
                    format!("there is no metric `{metric}` in the history"),
                    Some(hint),
                ));
            }
            let host = command.host.as_ref().map(HostName::as_str);
            let found = history.curves(&[metric], host, since, now)?;
            curves(&found, form)
        }
    };
    match form {
        Form::Json => screen.json(&text),
        Form::Table | Form::Csv => screen.text(text.trim_end()),
    }
    Ok(Exit::Done)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Table,
    Json,
    Csv,
}

fn events(found: &[Occurrence], form: Form) -> String {
    match form {
        Form::Table => {
            let mut table = table(&["time", "host", "state", "what it means"]);
            for one in found {
                table.add_row([moment(one.at), one.host.clone(), one.state.clone(), gate::line(&one.words)]);
            }
            table.to_string()
        }
        Form::Json => {
            let rows: Vec<_> = found.iter().map(document).collect();
            serde_json::to_string(&rows).unwrap_or_default()
        }
        Form::Csv => {
            let rows = found.iter().map(|one| row(&[&moment(one.at), &one.host, &one.state, &one.words]));
            format!("time,host,state,words\n{}", rows.collect::<String>())
        }
    }
}

fn curves(found: &[Curve], form: Form) -> String {
    match form {
        Form::Table => {
            let mut table = table(&["host", "part", "least", "mean", "most", "last", "over time"]);
            for Curve { host, part, points, .. } in found {
                let least = points.iter().map(|point| point.least).fold(f64::INFINITY, f64::min);
                let most = points.iter().map(|point| point.most).fold(f64::NEG_INFINITY, f64::max);
                let means: Vec<f64> = points.iter().map(|point| point.mean).collect();
                let last = means.last().copied().unwrap_or_default();
                let figures = [least, mean(&means), most, last].map(figure);
                let [least, mean, most, last] = figures;
                table.add_row([host.clone(), gate::line(part), least, mean, most, last, plot(&means)]);
            }
            table.to_string()
        }
        Form::Json => {
            let rows = found.iter().map(|curve| {
                let points = curve.points.iter().map(|point| {
                    serde_json::json!({ "time": moment(point.at), "mean": point.mean, "least": point.least, "most": point.most })
                });
                let points: Vec<_> = points.collect();
                serde_json::json!({ "host": curve.host, "metric": curve.metric, "part": curve.part, "points": points })
            });
            serde_json::Value::Array(rows.collect()).to_string()
        }
        Form::Csv => {
            let rows = found.iter().flat_map(|curve| curve.points.iter().map(move |point| (curve, point)));
            let rows = rows.map(|(curve, point)| {
                let figures = [point.mean, point.least, point.most].map(|figure| figure.to_string());
                row(&[&moment(point.at), &curve.host, &curve.part, &figures[0], &figures[1], &figures[2]])
            });
            format!("time,host,part,mean,least,most\n{}", rows.collect::<String>())
        }
    }
}

/// A line of comma-separated values (RFC 4180). A spreadsheet would carry out a text that begins like a formula.
fn row(cells: &[&str]) -> String {
    let cell = |text: &&str| {
        let text = gate::line(text);
        let formula =
            if text.starts_with(['=', '+', '-', '@']) && text.parse::<f64>().is_err() { "'" } else { "" };
        if text.contains([',', '"']) || !formula.is_empty() {
            format!("\"{formula}{}\"", text.replace('"', "\"\""))
        } else {
            text
        }
    };
    format!("{}\n", cells.iter().map(cell).collect::<Vec<_>>().join(","))
}

fn mean(values: &[f64]) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "there are not so many points")]
    let count = values.len().max(1) as f64;
    values.iter().sum::<f64>() / count
}

/// With a unit of thousands where it is large.
fn figure(value: f64) -> String {
    let units = [(1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")];
    match units.into_iter().find(|(size, _)| value.abs() >= *size) {
        Some((size, unit)) => format!("{:.1} {unit}", value / size),
        None => format!("{value:.2}"),
    }
}

/// How many columns a plot has at most.
const COLUMNS: usize = 40;

const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// The course of a curve in one line, from its least to its most.
fn plot(values: &[f64]) -> String {
    let means: Vec<f64> = values.chunks(values.len().div_ceil(COLUMNS).max(1)).map(mean).collect();
    let (least, most) = means.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), value| {
        (least.min(*value), most.max(*value))
    });
    let bar = |value: &f64| {
        let share = if most > least { (value - least) / (most - least) } else { 0.0 };
        let reached = BARS.iter().zip(1_u8..).take_while(|(_, step)| share * 8.0 >= f64::from(*step));
        reached.last().map_or(BARS[0], |(bar, _)| *bar)
    };
    means.iter().map(bar).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::watch::history::Point;

    fn curve(values: &[f64]) -> Curve {
        let points = values.iter().zip(0..).map(|(value, minute)| Point {
            at: 1_796_027_400 + minute * 60,
            mean: *value,
            least: *value,
            most: *value,
        });
        Curve {
            host: "co1".to_owned(),
            metric: "load1".to_owned(),
            part: String::new(),
            points: points.collect(),
        }
    }

    #[test]
    fn a_curve_is_a_line_of_a_table() {
        let text = curves(&[curve(&[0.5, 1.0, 4.0, 2.0])], Form::Table);
        insta::assert_snapshot!(text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n"), @r"
         HOST  PART  LEAST  MEAN  MOST  LAST  OVER TIME
         co1         0.50   1.88  4.00  2.00  ▁▁█▃
        ");
    }

    #[test]
    fn a_plot_is_never_wider_than_its_columns() {
        let many: Vec<f64> = (0..1000).map(f64::from).collect();
        assert_eq!(plot(&many).chars().count(), COLUMNS);
        assert_eq!(plot(&[1.0, 1.0]), "▁▁");
        assert_eq!(plot(&[]), "");
    }

    #[test]
    fn values_are_read_back_by_programs() {
        insta::assert_snapshot!(curves(&[curve(&[0.5])], Form::Csv), @r"
        time,host,part,mean,least,most
        2026-11-30T08:30:00Z,co1,,0.5,0.5,0.5
        ");
        let odd =
            Occurrence { at: 0, host: "co1".into(), state: "away".into(), words: "=1+1, \"x\"\n-".into() };
        insta::assert_snapshot!(events(std::slice::from_ref(&odd), Form::Csv), @r#"
        time,host,state,words
        1970-01-01T00:00:00Z,co1,away,"'=1+1, ""x""\n-"
        "#);
        let json: serde_json::Value =
            serde_json::from_str(&events(std::slice::from_ref(&odd), Form::Json)).unwrap();
        assert_eq!(json[0]["state"], "away");
    }

    #[test]
    fn a_period_may_be_days() {
        assert_eq!(period("7d"), Ok(Duration::from_secs(7 * 86_400)));
        assert_eq!(period("1h30m"), Ok(Duration::from_secs(5400)));
        assert!(period("week").is_err());
    }
}
