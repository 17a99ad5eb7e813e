//! Compose's `deploy`: limits, and how updates go.

use serde::Deserialize;

use super::{Cpus, Limit, Period, Whole, Word};
use crate::model::desired::{OnFailure, Parallelism, Rollout, UpdateOrder};

/// Compose's `deploy`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(missing_docs, reason = "the keys are those of the Compose specification")]
pub struct Deploy {
    pub resources: Resources,
    pub update_config: RollConfig,
    pub rollback_config: RollConfig,
}

/// Compose's `deploy.resources`; reservations would be promises nobody keeps on a single host.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Resources {
    /// The most a container may take.
    pub limits: Limits,
}

/// Compose's `deploy.resources.limits`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(missing_docs, reason = "the keys are those of the Compose specification")]
pub struct Limits {
    pub memory: Option<Limit>,
    pub cpus: Option<Cpus>,
    pub pids: Option<Whole>,
}

/// Compose's `update_config` and `rollback_config`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(missing_docs, reason = "the keys are those of the Compose specification")]
pub struct RollConfig {
    pub order: Option<UpdateOrder>,
    pub parallelism: Option<AtATime>,
    pub delay: Option<Period>,
    pub monitor: Option<Period>,
    pub failure_action: Option<OnFailure>,
    pub max_failure_ratio: Option<Ratio>,
}

/// A number of hosts, or a share of them as in `25%`, which is beyond the Compose specification.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Word")]
pub struct AtATime(pub Parallelism);

impl TryFrom<Word> for AtATime {
    type Error = String;
    fn try_from(Word(text): Word) -> Result<Self, String> {
        let share = |text: &str| text.parse().ok().filter(|share| (1..=100).contains(share));
        let parallelism = match text.strip_suffix('%') {
            Some(text) => share(text).map(Parallelism::Percent),
            None if text == "0" => Some(Parallelism::All),
            None => text.parse().ok().map(Parallelism::Hosts),
        };
        parallelism.map(Self).ok_or_else(|| {
            format!("`{text}` is not a parallelism: write a number of hosts, 0 for all, or 1% to 100%")
        })
    }
}

/// A share from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(try_from = "f64")]
pub struct Ratio(pub f64);

impl TryFrom<f64> for Ratio {
    type Error = String;
    fn try_from(ratio: f64) -> Result<Self, String> {
        if (0.0..=1.0).contains(&ratio) {
            Ok(Self(ratio))
        } else {
            Err(format!("{ratio} is not between 0 and 1"))
        }
    }
}

impl RollConfig {
    /// With the specification's defaults.
    pub fn rollout(&self) -> Rollout {
        let default = Rollout::default();
        Rollout {
            parallelism: self.parallelism.map_or(default.parallelism, |number| number.0),
            delay: self.delay.map_or(default.delay, |period| period.0),
            monitor: self.monitor.map_or(default.monitor, |period| period.0),
            on_failure: self.failure_action.unwrap_or(default.on_failure),
            max_failure_ratio: self.max_failure_ratio.map_or(default.max_failure_ratio, |ratio| ratio.0),
        }
    }
}
