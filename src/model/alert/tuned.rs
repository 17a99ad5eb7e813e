//! What an inventory changes about the shipped rules.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Limit, Rule, Severity};
use crate::model::{
    compose::Period,
    schema::word::{self, Figure},
};

/// What is different about a rule on this platform.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tuning {
    /// How soon somebody has to do something: `info`, `warning` or `critical`.
    pub severity: Option<Severity>,
    /// The threshold. Without a `clear` beside it, it is also where the alert is over.
    #[schemars(with = "Option<Figure>")]
    pub threshold: Option<f64>,
    /// The alert is over on the other side of this value.
    #[schemars(with = "Option<Figure>")]
    pub clear: Option<f64>,
    /// How long it holds before the alert fires.
    #[serde(rename = "for")]
    #[schemars(with = "Option<word::Period>")]
    pub within: Option<Period>,
    /// How long it does not hold before the alert is over.
    #[schemars(with = "Option<word::Period>")]
    pub clear_for: Option<Period>,
    /// How long others of the same rule may join a message.
    #[schemars(with = "Option<word::Period>")]
    pub gather: Option<Period>,
    /// How often it is said again while it holds; `0s`: never.
    #[schemars(with = "Option<word::Period>")]
    pub remind: Option<Period>,
}

/// A rule as it holds on a platform.
///
/// # Errors
/// A threshold for a rule without one, or an end on the wrong side of it.
pub fn tuned(rule: &Rule, tuning: &Tuning) -> Result<Rule, &'static str> {
    let limit = match (rule.limit, tuning.threshold, tuning.clear) {
        (limit, None, None) => limit,
        (None, _, _) => return Err("it has no threshold"),
        (Some(limit), Some(at), clear) => Some(Limit { at, clear: clear.unwrap_or(at), ..limit }),
        (Some(limit), None, Some(clear)) => Some(Limit { clear, ..limit }),
    };
    if limit.is_some_and(Limit::contradicts_itself) {
        return Err("`clear` must be on the other side of the threshold");
    }
    let or = |said: Option<Period>, shipped| said.map_or(shipped, |period| period.0);
    Ok(Rule {
        severity: tuning.severity.unwrap_or(rule.severity),
        limit,
        within: or(tuning.within, rule.within),
        clear_for: or(tuning.clear_for, rule.clear_for),
        gather: or(tuning.gather, rule.gather),
        remind: match tuning.remind {
            Some(remind) => Some(remind.0).filter(|remind| !remind.is_zero()),
            None => rule.remind,
        },
        ..rule.clone()
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::model::alert::shipped;

    fn tune(id: &str, tuning: &str) -> Result<Rule, &'static str> {
        let rule = shipped().unwrap().iter().find(|rule| rule.id == id).unwrap();
        tuned(rule, &serde_json::from_str(tuning).unwrap())
    }

    #[test]
    fn what_is_not_said_stays() {
        let rule = tune("disk-full", "{}").unwrap();
        assert_eq!(Some(&rule), shipped().unwrap().iter().find(|rule| rule.id == "disk-full"));
        let rule = tune("disk-full", r#"{ "threshold": 0.1, "for": "2m", "remind": "0s" }"#).unwrap();
        assert_eq!(rule.limit.map(|limit| (limit.at, limit.clear)), Some((0.1, 0.1)));
        assert_eq!((rule.within, rule.remind), (Duration::from_secs(120), None));
        let rule = tune("disk-full", r#"{ "clear": 0.2, "severity": "info" }"#).unwrap();
        assert_eq!(rule.limit.map(|limit| (limit.at, limit.clear)), Some((0.05, 0.2)));
        assert_eq!(rule.severity, Severity::Info);
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        assert_eq!(tune("drift", r#"{ "threshold": 1 }"#), Err("it has no threshold"));
        let refused = tune("disk-full", r#"{ "clear": 0.01 }"#);
        assert_eq!(refused, Err("`clear` must be on the other side of the threshold"));
    }
}
