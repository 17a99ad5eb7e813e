//! From `hardening/alerts.yaml` to rules, or to problems that name the rule and the key.

use std::{sync::LazyLock, time::Duration};

use serde::Deserialize;
use serde_json::Value;

use super::{Condition, Limit, Rule, Severity, Side};
use crate::model::{
    compose::{self, Fault, List, Period},
    problem::Problem,
    role::syntax_fault,
};

const FILE: &str = "alerts.yaml";

static SHIPPED: LazyLock<Result<Vec<Rule>, Vec<Problem>>> =
    LazyLock::new(|| parse(include_str!("../../../hardening/alerts.yaml")));

/// How long others of the same rule may join a message.
const GATHER: Duration = Duration::from_secs(10);

/// The rules shipped with pryvctl, in the order of the file.
///
/// # Errors
/// The shipped file does not parse: a defect of this build.
pub fn shipped() -> Result<&'static [Rule], Vec<Problem>> {
    SHIPPED.as_deref().map_err(Clone::clone)
}

/// A rule as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: String,
    severity: Severity,
    sign: Option<String>,
    metric: Option<List>,
    of: Option<String>,
    part: Option<String>,
    reaches: Option<f64>,
    above: Option<f64>,
    below: Option<f64>,
    clear: Option<f64>,
    #[serde(default, rename = "for")]
    within: Period,
    #[serde(default)]
    clear_for: Period,
    gather: Option<Period>,
    remind: Option<Period>,
    title: String,
    #[serde(default)]
    detail: String,
    #[serde(rename = "do")]
    next: String,
}

fn parse(text: &str) -> Result<Vec<Rule>, Vec<Problem>> {
    let options = serde_saphyr::options! { with_snippet: false, strict_booleans: true };
    let problem = |fault: &Fault| Problem::error("alert.unreadable", fault.within(FILE));
    let value: Value = serde_saphyr::from_str_with_options(text, options)
        .map_err(|error| vec![problem(&syntax_fault(&error, text))])?;
    let Value::Array(entries) = value else {
        return Err(vec![problem(&Fault::at("", "must be a list of rules, each beginning with `- id:`"))]);
    };
    let (mut rules, mut problems): (Vec<Rule>, _) = (Vec::new(), Vec::new());
    for (index, value) in entries.into_iter().enumerate() {
        let named = value["id"].as_str().map_or_else(|| format!("[{index}]"), str::to_owned);
        let rule = compose::read::<Entry>(&named, value)
            .and_then(|entry| entry.rule().map_err(|message| Fault::at(named.clone(), message)));
        match rule {
            Ok(rule) if rules.iter().any(|earlier| earlier.id == rule.id) => {
                problems.push(problem(&Fault::at(named, "is defined twice")));
            }
            Ok(rule) => rules.push(rule),
            Err(fault) => problems.push(problem(&fault)),
        }
    }
    if problems.is_empty() { Ok(rules) } else { Err(problems) }
}

impl Entry {
    fn rule(self) -> Result<Rule, &'static str> {
        let limit = self.limit()?;
        let condition = self.condition(limit)?;
        if self.detail.is_empty() != matches!(condition, Condition::Sign(_)) {
            return Err("must have a `detail` with a metric, and none with a sign");
        }
        Ok(Rule {
            id: self.id,
            severity: self.severity,
            condition,
            limit,
            within: self.within.0,
            clear_for: self.clear_for.0,
            gather: self.gather.map_or(GATHER, |gather| gather.0),
            remind: self.remind.map(|remind| remind.0),
            title: self.title,
            detail: self.detail,
            next: self.next,
        })
    }

    fn limit(&self) -> Result<Option<Limit>, &'static str> {
        let (side, at) = match (self.above, self.below, self.clear) {
            (Some(at), None, _) => (Side::Above, at),
            (None, Some(at), _) => (Side::Below, at),
            (None, None, None) => return Ok(None),
            (None, None, Some(_)) => return Err("has a `clear` without `above` or `below`"),
            (Some(_), Some(_), _) => return Err("must have one of `above` and `below`"),
        };
        let limit = Limit { side, at, clear: self.clear.unwrap_or(at) };
        if limit.contradicts_itself() {
            return Err("`clear` must be on the other side of the threshold");
        }
        Ok(Some(limit))
    }

    fn condition(&self, limit: Option<Limit>) -> Result<Condition, &'static str> {
        let Self { sign, metric, of, part, reaches, .. } = self;
        match (sign, metric, reaches) {
            (Some(sign), None, None) if of.is_none() && part.is_none() => Ok(Condition::Sign(sign.clone())),
            (None, Some(_), _) if limit.is_none() => Err("needs `above` or `below`"),
            (None, Some(List(sum)), None) => {
                Ok(Condition::Metric { sum: sum.clone(), of: of.clone(), part: part.clone() })
            }
            (None, Some(List(sum)), Some(reaches)) => match sum.as_slice() {
                [metric] if of.is_none() && part.is_none() => {
                    Ok(Condition::Trend { metric: metric.clone(), reaches: *reaches })
                }
                _ => Err("must have one `metric` and neither `of` nor `part` with `reaches`"),
            },
            _ => Err(
                "must have either a `sign` or a `metric`, and `of`, `part` and `reaches` only with a `metric`",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: &str = "- id: a\n  severity: info\n  title: t\n  do: d\n";

    fn refused(more: &str) -> String {
        let problems = parse(&format!("{RULE}{more}")).unwrap_err();
        problems.into_iter().map(|problem| problem.message).collect::<Vec<_>>().join("; ")
    }

    #[test]
    fn the_shipped_rules_are_sound() {
        let rules = shipped().unwrap();
        assert!(rules.len() > 30);
        for Rule { id, title, next, .. } in rules {
            assert!(!title.ends_with('.') && next.ends_with('.'), "{id}");
            assert!(id.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{id}");
        }
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let twice = format!("  sign: drift\n{RULE}  sign: drift\n");
        let wrong = [
            ("  sing: drift\n", "sing"),
            ("", "must have either a `sign` or a `metric`"),
            ("  metric: load1\n  detail: d\n", "needs `above` or `below`"),
            ("  metric: load1\n  detail: d\n  above: 2\n  clear: 3\n", "on the other side of the threshold"),
            ("  metric: load1\n  above: 2\n", "must have a `detail` with a metric"),
            ("  sign: drift\n  clear: 3\n", "has a `clear` without"),
            ("  sign: drift\n  for: soon\n", "`soon` is not a duration"),
            (twice.as_str(), "is defined twice"),
        ];
        for (more, words) in wrong {
            let said = refused(more);
            assert!(said.starts_with("alerts.yaml: `a") && said.contains(words), "{said}");
        }
        assert!(parse("a: b").unwrap_err()[0].message.contains("must be a list of rules"));
    }
}
