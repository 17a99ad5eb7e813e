//! What an alert is about, as data: the rules of `hardening/alerts.yaml`, which an inventory may change in part.

mod read;
pub mod tuned;

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use read::shipped;

/// How soon somebody has to do something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Some day.
    Info,
    /// This week.
    Warning,
    /// Now.
    Critical,
}

impl Severity {
    /// Its word, as in the inventory.
    pub fn word(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }
}

/// When to send an alert, and what it says.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// Its name, as in `disk-full`.
    pub id: String,
    /// How soon somebody has to do something.
    pub severity: Severity,
    /// What it is about.
    pub condition: Condition,
    /// The number from which on it holds; `None`: it holds as long as there is such a sign.
    pub limit: Option<Limit>,
    /// How long it holds before it fires.
    pub within: Duration,
    /// How long it does not hold before it is over.
    pub clear_for: Duration,
    /// How long others of the same rule may join a message.
    pub gather: Duration,
    /// How often it is said again.
    pub remind: Option<Duration>,
    /// What is so, a sentence without its full stop.
    pub title: String,
    /// What is said of one part, with `{part}` and `{value}`; empty: the words of the sign.
    pub detail: String,
    /// What to do next.
    pub next: String,
}

/// What a rule is about.
#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    /// A kind of thing that a look finds.
    Sign(String),
    /// What a sample measures.
    Metric {
        /// The sum of these.
        sum: Vec<String>,
        /// Divided by this one.
        of: Option<String>,
        /// Of this part only.
        part: Option<String>,
    },
    /// The hours until a metric reaches a value, by the line through the last hours.
    Trend {
        /// Which.
        metric: String,
        /// The value.
        reaches: f64,
    },
}

/// A threshold, and a second one behind which it is over; between the two nothing changes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limit {
    /// On which side it holds.
    pub side: Side,
    /// The threshold.
    pub at: f64,
    /// On the other side of this it is over.
    pub clear: f64,
}

/// A side of a threshold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// It holds above.
    Above,
    /// It holds below.
    Below,
}

/// What a number says to a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// It holds.
    Past,
    /// It goes on as it was.
    Between,
    /// It does not hold.
    Clear,
}

impl Limit {
    /// Where a number stands.
    pub fn level(self, value: f64) -> Level {
        let is_past = |limit: f64| match self.side {
            Side::Above => value > limit,
            Side::Below => value < limit,
        };
        match (is_past(self.at), is_past(self.clear)) {
            (true, _) => Level::Past,
            (false, true) => Level::Between,
            (false, false) => Level::Clear,
        }
    }

    /// Whether what is over can hold at the same time.
    pub fn contradicts_itself(self) -> bool {
        match self.side {
            Side::Above => self.clear > self.at,
            Side::Below => self.clear < self.at,
        }
    }
}

impl Side {
    /// Its key in a rule.
    pub fn word(self) -> &'static str {
        match self {
            Self::Above => "above",
            Self::Below => "below",
        }
    }
}

impl Rule {
    /// What is said of a part with this number.
    pub fn said(&self, part: &str, value: f64) -> String {
        self.detail.replace("{part}", part).replace("{value}", &self.figure(value))
    }

    fn figure(&self, value: f64) -> String {
        match &self.condition {
            Condition::Trend { .. } if value < 2.0 => format!("{:.0} minutes", value * 60.0),
            Condition::Trend { .. } => format!("{value:.0} hours"),
            Condition::Metric { sum, .. } if self.is_share(sum) => format!("{:.1} %", value * 100.0),
            Condition::Metric { .. } | Condition::Sign(_) => format!("{value:.1}"),
        }
    }

    /// Whether its number is a share of a whole.
    fn is_share(&self, sum: &[String]) -> bool {
        let is_ratio = sum.iter().all(|metric| metric.ends_with("_ratio"));
        let of_all = self.limit.is_some_and(|limit| limit.at < 1.0);
        is_ratio || of_all && matches!(self.condition, Condition::Metric { of: Some(_), .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn between_its_thresholds_a_limit_says_nothing() {
        let limit = Limit { side: Side::Below, at: 5.0, clear: 8.0 };
        let levels = [4.9, 5.0, 7.9, 8.0].map(|value| limit.level(value));
        assert_eq!(levels, [Level::Past, Level::Between, Level::Between, Level::Clear]);
        assert!(Limit { clear: 4.0, ..limit }.contradicts_itself() && !limit.contradicts_itself());
        let limit = Limit { side: Side::Above, at: 0.0, clear: 0.0 };
        assert_eq!([0.0, 0.1].map(|value| limit.level(value)), [Level::Clear, Level::Past]);
    }

    #[test]
    fn numbers_come_with_their_unit() {
        let said = |id: &str, value| {
            let rules = shipped().unwrap();
            rules.iter().find(|rule| rule.id == id).unwrap().said("/srv", value)
        };
        assert_eq!(said("disk-full", 0.031), "/srv has 3.1 % of its space left");
        assert_eq!(said("disk-filling", 30.2), "/srv will be full in 30 hours");
        assert_eq!(said("disk-filling", 0.5), "/srv will be full in 30 minutes");
        assert_eq!(said("load", 6.25), "6.2 tasks wanted each processor");
        assert_eq!(said("memory-pressure", 0.5), "all programs waited 50.0 % of the time");
    }
}
