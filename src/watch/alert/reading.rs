//! What was heard, as answers to the question of a rule.

use std::collections::BTreeMap;

use crate::{
    model::alert::{Condition, Level, Rule},
    watch::{measure::Measure, sign::Sign},
};

/// What was heard of one part.
#[derive(Debug, Clone, PartialEq)]
pub enum Reading {
    /// It holds.
    Holds {
        /// In words.
        words: String,
        /// The number that goes with it.
        number: Option<f64>,
    },
    /// It goes on as it was.
    Between,
    /// It does not hold.
    Clear,
}

/// What a number says to a rule.
pub fn of_number(rule: &Rule, part: &str, number: f64) -> Reading {
    match rule.limit.map(|limit| limit.level(number)) {
        None | Some(Level::Past) => Reading::Holds { words: rule.said(part, number), number: Some(number) },
        Some(Level::Between) => Reading::Between,
        Some(Level::Clear) => Reading::Clear,
    }
}

/// What a sign of the rule's kind says to it.
pub fn of_sign(rule: &Rule, sign: &Sign) -> Reading {
    let level = rule.limit.zip(sign.number).map(|(limit, number)| limit.level(number));
    match level {
        None | Some(Level::Past) => Reading::Holds { words: sign.words.clone(), number: sign.number },
        Some(Level::Between) => Reading::Between,
        Some(Level::Clear) => Reading::Clear,
    }
}

/// A sample by metric and part.
pub struct Sample<'a>(BTreeMap<&'a str, BTreeMap<&'a str, f64>>);

impl<'a> Sample<'a> {
    /// Sorts what was measured.
    pub fn of(measures: &'a [Measure]) -> Self {
        let mut sorted: BTreeMap<_, BTreeMap<_, _>> = BTreeMap::new();
        for Measure { metric, part, value } in measures {
            sorted.entry(*metric).or_default().insert(part.as_str(), *value);
        }
        Self(sorted)
    }

    /// What it says to a rule about metrics, part by part. What was not measured is not there.
    pub fn readings(&self, rule: &Rule) -> Vec<(&'a str, Reading)> {
        let Condition::Metric { sum, of, part: only } = &rule.condition else { return Vec::new() };
        let Some(first) = sum.first().and_then(|metric| self.0.get(metric.as_str())) else {
            return Vec::new();
        };
        let parts = first.keys().filter(|part| only.as_deref().is_none_or(|only| only == **part));
        let read = |part: &&'a str| {
            let all: Option<f64> = sum.iter().map(|metric| self.value(metric, part)).sum();
            let whole = of.as_ref().map(|of| self.value(of, part).or_else(|| self.value(of, "")));
            let reading = match (all?, whole) {
                (all, None) => of_number(rule, part, all),
                (_, Some(None)) => return None,
                // Some file systems count no inodes.
                (_, Some(Some(0.0))) => Reading::Clear,
                (all, Some(Some(whole))) => of_number(rule, part, all / whole),
            };
            Some((*part, reading))
        };
        parts.filter_map(read).collect()
    }

    fn value(&self, metric: &str, part: &str) -> Option<f64> {
        self.0.get(metric)?.get(part).copied()
    }
}
