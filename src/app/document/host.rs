//! What was done on one host, for programs.

use schemars::JsonSchema;
use serde::Serialize;

use super::{ControlDocument, FactsDocument, ScoreDocument};
use crate::{
    facts::release::Served,
    fleet::outcome::{Outcome, Report, Trouble},
    plan::{
        control::score::Score,
        finding::{Finding, Verdict},
        step::Step,
    },
};

/// One host.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct HostDocument {
    /// Its name.
    host: String,
    /// How it ended there.
    outcome: OutcomeWord,
    /// What an administrator must know beyond that.
    #[serde(skip_serializing_if = "Option::is_none")]
    trouble: Option<TroubleDocument>,
    /// How long it had its turn.
    #[serde(skip_serializing_if = "is_zero")]
    milliseconds: u64,
    /// What preflight found.
    findings: Vec<FindingDocument>,
    /// What controls found.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    controls: Vec<ControlDocument>,
    /// The controls of each level, counted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    scores: Vec<ScoreDocument>,
    /// What was to be done.
    plan: Vec<StepDocument>,
    /// What `rollback` would bring back and is gone.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    lost: Vec<LostDocument>,
    /// What was seen; nothing of a host that was not reached.
    #[serde(skip_serializing_if = "Option::is_none")]
    facts: Option<FactsDocument>,
}

/// How it ended on one host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum OutcomeWord {
    Looked,
    Unchanged,
    Planned,
    Changed,
    NotReady,
    LeftAlone,
    Unreachable,
    Locked,
    LockLost,
    Conflict,
    Failed,
    WentBack,
    TakenBack,
    Stopped,
    NotConverged,
    Exposed,
    Silent,
    Died,
}

/// A failure.
#[derive(Debug, Clone, Serialize, JsonSchema)]
struct TroubleDocument {
    /// What went wrong.
    message: String,
    /// What to do about it.
    hint: Option<String>,
    /// Lines that explain it.
    details: Vec<String>,
}

/// One thing that was checked.
#[derive(Debug, Clone, Serialize, JsonSchema)]
struct FindingDocument {
    /// What was checked, as in `memory`.
    check: String,
    /// How it ended.
    verdict: FindingVerdict,
    /// What is there.
    found: String,
    /// What must be there.
    needed: String,
    /// What to do about it.
    remedy: Option<String>,
}

/// How a check ended.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum FindingVerdict {
    /// All is well.
    Ok,
    /// It will work, and someone should know.
    Warning,
    /// Nothing is installed before this is put right.
    Failure,
}

/// One step.
#[derive(Debug, Clone, Serialize, JsonSchema)]
struct StepDocument {
    /// Its name.
    id: String,
    /// Why it is needed.
    why: Vec<String>,
    /// Whether the host takes it back by itself unless a new login comes through.
    guarded: bool,
}

/// A container that `rollback` would bring back and that is gone.
#[derive(Debug, Clone, Serialize, JsonSchema)]
struct LostDocument {
    /// Its name.
    name: String,
    /// The service.
    service: String,
    /// The slot, a or b.
    slot: String,
    /// The image it was made from.
    image: String,
}

impl HostDocument {
    pub(super) fn of(report: &Report) -> Self {
        Self {
            host: report.host.to_string(),
            outcome: OutcomeWord::of(&report.outcome),
            trouble: report.outcome.trouble().map(TroubleDocument::of),
            milliseconds: report.took.as_millis().try_into().unwrap_or(u64::MAX),
            findings: report.findings.iter().map(FindingDocument::of).collect(),
            controls: Vec::new(),
            scores: Vec::new(),
            plan: report.plan.steps.iter().map(StepDocument::of).collect(),
            lost: report.lost().map(LostDocument::of).collect(),
            facts: report.facts.as_ref().map(FactsDocument::of),
        }
    }

    /// Everything that a look at a host says.
    pub fn with_controls(report: &Report) -> Self {
        let scores = Score::of(&report.controls).into_iter().map(ScoreDocument::of).collect();
        let controls = report.controls.iter().map(ControlDocument::of).collect();
        Self { controls, scores, ..Self::of(report) }
    }
}

fn is_zero(time: &u64) -> bool {
    *time == 0
}

impl OutcomeWord {
    fn of(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Looked => Self::Looked,
            Outcome::Unchanged => Self::Unchanged,
            Outcome::Planned => Self::Planned,
            Outcome::Changed { .. } => Self::Changed,
            Outcome::NotReady => Self::NotReady,
            Outcome::LeftAlone => Self::LeftAlone,
            Outcome::Unreachable(_) => Self::Unreachable,
            Outcome::Locked(_) => Self::Locked,
            Outcome::LockLost(_) => Self::LockLost,
            Outcome::Conflict(_) => Self::Conflict,
            Outcome::Failed { .. } => Self::Failed,
            Outcome::WentBack { .. } => Self::WentBack,
            Outcome::TakenBack => Self::TakenBack,
            Outcome::Stopped { .. } => Self::Stopped,
            Outcome::NotConverged { .. } => Self::NotConverged,
            Outcome::Exposed { .. } => Self::Exposed,
            Outcome::Silent { .. } => Self::Silent,
            Outcome::Died => Self::Died,
        }
    }
}

impl TroubleDocument {
    fn of(Trouble { message, hint, details }: Trouble) -> Self {
        Self { message, hint, details }
    }
}

impl FindingDocument {
    fn of(finding: &Finding) -> Self {
        Self {
            check: finding.check.to_owned(),
            verdict: match finding.verdict {
                Verdict::Ok => FindingVerdict::Ok,
                Verdict::Warning => FindingVerdict::Warning,
                Verdict::Failure => FindingVerdict::Failure,
            },
            found: finding.found.clone(),
            needed: finding.needed.clone(),
            remedy: finding.remedy.clone(),
        }
    }
}

impl StepDocument {
    fn of(step: &Step) -> Self {
        Self { id: step.id.to_string(), why: step.why.clone(), guarded: step.risk.needs_guard() }
    }
}

impl LostDocument {
    fn of(served: &Served) -> Self {
        Self {
            name: served.name.clone(),
            service: served.service.clone(),
            slot: served.slot.as_str().to_owned(),
            image: served.image.clone(),
        }
    }
}
