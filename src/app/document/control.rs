//! What controls found, for programs.

use schemars::JsonSchema;
use serde::Serialize;

use crate::plan::control::{Assessment, Part, Verdict, score::Score};

/// What one control comes to on one host.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ControlDocument {
    /// The control.
    id: String,
    /// What is so when it passes.
    title: String,
    /// Its level, 1 or 2.
    level: u8,
    /// Which auditors ask for it.
    #[serde(rename = "ref")]
    refs: Vec<String>,
    /// What it may break.
    breaks: String,
    /// How it ended.
    verdict: ControlVerdict,
    /// Why it does not count here: the reason for skipping it, or what makes it not applicable.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// What was looked at.
    parts: Vec<PartDocument>,
}

/// How a control ended.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum ControlVerdict {
    /// It is as it must be.
    Pass,
    /// It is not.
    Fail,
    /// The inventory leaves it out.
    Skipped,
    /// It has no meaning on this host.
    NotApplicable,
}

/// One thing a control looks at.
#[derive(Debug, Clone, Serialize, JsonSchema)]
struct PartDocument {
    /// Where.
    place: String,
    /// What is there.
    found: String,
    /// What must be there.
    wanted: String,
    /// Whether it is so.
    fits: bool,
}

/// The controls of one level, counted.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
pub struct ScoreDocument {
    /// The level; its own controls only.
    level: u8,
    /// How many hold.
    pass: usize,
    /// How many do not.
    fail: usize,
    /// How many the inventory leaves out.
    skipped: usize,
    /// How many have no meaning on this host.
    not_applicable: usize,
}

impl ControlDocument {
    pub(super) fn of(one: &Assessment) -> Self {
        let part = |Part { place, found, wanted, fits }: &Part| PartDocument {
            place: place.clone(),
            found: found.clone(),
            wanted: wanted.clone(),
            fits: *fits,
        };
        Self {
            id: one.id.clone(),
            title: one.title.clone(),
            level: one.level.into(),
            refs: one.refs.clone(),
            breaks: one.breaks.clone(),
            verdict: match one.verdict {
                Verdict::Pass => ControlVerdict::Pass,
                Verdict::Fail => ControlVerdict::Fail,
                Verdict::Skipped => ControlVerdict::Skipped,
                Verdict::NotApplicable => ControlVerdict::NotApplicable,
            },
            reason: one.reason.clone(),
            parts: one.parts.iter().map(part).collect(),
        }
    }
}

impl ScoreDocument {
    pub(super) fn of(score: Score) -> Self {
        let Score { level, pass, fail, skipped, not_applicable } = score;
        Self { level: level.into(), pass, fail, skipped, not_applicable }
    }
}
