//! What is known now, for Prometheus: counters as hosts count them, in base units, so that it makes the rates itself.

use std::fmt::Write as _;

use crate::{
    app::visible::shown,
    watch::{
        families::{FAMILIES, Kind},
        live::{Seen, View},
        standing::Standing,
    },
};

/// The text format, version 0.0.4.
pub fn text(view: &View) -> String {
    let mut text = Text::default();
    text.family("pryvctl_build_info", Kind::Gauge, "The version of pryvctl that watches.");
    text.row("pryvctl_build_info", &[("version", env!("CARGO_PKG_VERSION"))], 1.0);
    standings(view, &mut text);
    let moments = [
        (
            "pryvctl_host_sample_timestamp_seconds",
            "When the host was sampled last, since 1970.",
            (|seen| seen.sample.as_ref().map(|sample| sample.at)) as fn(&Seen) -> Option<i64>,
        ),
        (
            "pryvctl_host_look_timestamp_seconds",
            "When the host was compared with the inventory last, since 1970.",
            |seen| seen.look.as_ref().map(|look| look.at),
        ),
    ];
    for (name, help, read) in moments {
        text.family(name, Kind::Gauge, help);
        for (host, seen) in &view.hosts {
            let Some(at) = read(seen) else { continue };
            #[expect(clippy::cast_precision_loss, reason = "seconds since 1970")]
            text.row(name, &of(host.as_str(), seen), at as f64);
        }
    }
    for family in FAMILIES {
        let name = family.whole_name();
        text.family(&name, family.kind, family.help);
        for (host, seen) in &view.hosts {
            let Some(sample) = &seen.sample else { continue };
            for (labels, value) in (family.read)(&sample.counted) {
                let own = of(host.as_str(), seen);
                let labels = labels.iter().map(|(key, value)| (*key, value.as_str()));
                text.row(&name, &own.into_iter().chain(labels).collect::<Vec<_>>(), value);
            }
        }
    }
    text.0
}

/// The words for how a host may be.
const STATES: [&str; 5] = ["well", "drifted", "unfit", "locked", "away"];

fn standings(view: &View, text: &mut Text) {
    let name = "pryvctl_host_state";
    text.family(name, Kind::Gauge, "How the host is: 1 for the state that it is in, 0 for the others.");
    for (host, seen) in &view.hosts {
        let Some(word) = seen.standing.as_ref().map(Standing::word) else { continue };
        for state in STATES {
            let [host, zone] = of(host.as_str(), seen);
            text.row(name, &[host, zone, ("state", state)], if state == word { 1.0 } else { 0.0 });
        }
    }
}

fn of<'a>(host: &'a str, seen: &'a Seen) -> [(&'static str, &'a str); 2] {
    [("host", host), ("zone", &seen.place.zone)]
}

#[derive(Default)]
struct Text(String);

impl Text {
    fn family(&mut self, name: &str, kind: Kind, help: &str) {
        let kind = kind.word();
        write!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}\n").unwrap_or_default();
    }

    fn row(&mut self, name: &str, labels: &[(&str, &str)], value: f64) {
        let labels = labels.iter().map(|(key, value)| format!("{key}=\"{}\"", escaped(value)));
        let labels = labels.collect::<Vec<_>>().join(",");
        writeln!(self.0, "{name}{{{labels}}} {value}").unwrap_or_default();
    }
}

/// The value of a label: the format knows three letters that are escaped.
fn escaped(value: &str) -> String {
    shown(value).replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_cannot_end_before_its_end() {
        assert_eq!(escaped("a\"} 1\n# \\ \u{1b}[2J"), r#"a\"} 1\n# \\ \\x1b[2J"#);
    }

    #[test]
    fn names_are_as_prometheus_wants_them() {
        for family in FAMILIES {
            let counts = family.name.ends_with("_total");
            assert_eq!(counts, matches!(family.kind, Kind::Counter), "{}", family.name);
            assert!(family.help.ends_with('.'), "{}", family.help);
        }
    }
}
