//! What a look says of repairs.

use std::time::Instant;

use crate::{
    fleet::outcome::{Outcome, Report},
    plan::{finding::Verdict, repair::Cut},
};

/// What a look found that concerns repairs.
#[derive(Debug)]
pub struct Inspection {
    /// When the look began.
    pub begun: Instant,
    /// What it found.
    pub found: Found,
}

/// What a look found.
#[derive(Debug)]
pub enum Found {
    /// The host, and what of its drift may be repaired.
    Seen(Cut),
    /// Something that keeps everything from being repaired.
    InTheWay(String),
    /// Nothing: the host is away.
    Unseen,
}

impl Found {
    /// What a look came to.
    pub fn of(report: &Report, cut: Option<Cut>) -> Self {
        match &report.outcome {
            Outcome::Locked(why) => {
                Self::InTheWay(format!("another controller has the host: {}", why.message))
            }
            Outcome::Conflict(found) => Self::InTheWay(format!(
                "something that pryvctl does not manage is in the way: {}",
                found.join("; ")
            )),
            Outcome::NotReady => {
                Self::InTheWay(format!("the host does not meet its needs: {}", needs(report)))
            }
            Outcome::Unchanged | Outcome::Planned => cut.map_or(Self::Unseen, Self::Seen),
            Outcome::Looked
            | Outcome::Changed { .. }
            | Outcome::LeftAlone
            | Outcome::Unreachable(_)
            | Outcome::LockLost(_)
            | Outcome::Failed { .. }
            | Outcome::WentBack { .. }
            | Outcome::TakenBack
            | Outcome::Stopped { .. }
            | Outcome::NotConverged { .. }
            | Outcome::Exposed { .. }
            | Outcome::Silent { .. }
            | Outcome::Died => Self::Unseen,
        }
    }
}

/// The checks that failed.
pub fn needs(report: &Report) -> String {
    let failed = report.findings.iter().filter(|finding| finding.verdict == Verdict::Failure);
    let words =
        failed.map(|finding| format!("{}: {} instead of {}", finding.check, finding.found, finding.needed));
    words.collect::<Vec<_>>().join("; ")
}

/// What is left to people, and why.
pub fn left(cut: &Cut) -> Option<String> {
    let reasons: Vec<String> =
        cut.left.iter().map(|(why, steps)| format!("{why} ({})", steps.join(", "))).collect();
    (!reasons.is_empty()).then(|| reasons.join("; "))
}
