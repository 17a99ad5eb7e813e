//! How a host is, in one word and a sentence.

use super::history::Occurrence;
use crate::{
    app::exit::{Exit, looked},
    fleet::outcome::{Outcome, Report, names},
    model::name::HostName,
    plan::finding::Verdict,
};

/// How a host is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// As the inventory says.
    Well,
    /// It has drifted from the inventory.
    Drifted {
        /// The steps that would bring it back.
        steps: Vec<String>,
    },
    /// It does not meet its needs any more, or nothing can be planned for it.
    Unfit {
        /// What is wrong with it.
        findings: Vec<String>,
        /// The exit code of a command that looked at it alone.
        exit: Exit,
    },
    /// A controller is at work there.
    Locked {
        /// Which.
        why: String,
    },
    /// It cannot be reached or logged in to.
    Away {
        /// Why.
        why: String,
    },
}

impl Standing {
    /// What a look came to.
    pub fn of(report: &Report) -> Self {
        match &report.outcome {
            Outcome::Unchanged | Outcome::Looked | Outcome::Changed { .. } => Self::Well,
            Outcome::Planned => Self::Drifted { steps: names(&report.plan.steps) },
            Outcome::Unreachable(trouble) => Self::Away { why: trouble.message.clone() },
            Outcome::Locked(trouble) | Outcome::LockLost(trouble) => {
                Self::Locked { why: trouble.message.clone() }
            }
            Outcome::Conflict(findings) => {
                Self::Unfit { findings: findings.clone(), exit: looked(&report.outcome) }
            }
            Outcome::NotReady
            | Outcome::LeftAlone
            | Outcome::Failed { .. }
            | Outcome::WentBack { .. }
            | Outcome::TakenBack
            | Outcome::Stopped { .. }
            | Outcome::Exposed { .. }
            | Outcome::Silent { .. }
            | Outcome::NotConverged { .. } => {
                Self::Unfit { findings: failures(report), exit: looked(&report.outcome) }
            }
            Outcome::Died => {
                let findings = vec!["a bug in pryvctl ended the look".to_owned()];
                Self::Unfit { findings, exit: looked(&report.outcome) }
            }
        }
    }

    /// The exit code of a command that looked at the host alone.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Well => Exit::Done,
            Self::Drifted { .. } => Exit::Drift,
            Self::Unfit { exit, .. } => *exit,
            Self::Locked { .. } => Exit::Locked,
            Self::Away { .. } => Exit::Unreachable,
        }
    }

    /// That a host is so from then on, in seconds since 1970.
    pub fn since(&self, at: i64, host: &HostName) -> Occurrence {
        Occurrence { at, host: host.to_string(), state: self.word().to_owned(), words: self.sentence() }
    }

    /// The word for it, as in the JSON.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Well => "well",
            Self::Drifted { .. } => "drifted",
            Self::Unfit { .. } => "unfit",
            Self::Locked { .. } => "locked",
            Self::Away { .. } => "away",
        }
    }

    /// The sentence for it.
    pub fn sentence(&self) -> String {
        match self {
            Self::Well => "the host is as the inventory says".to_owned(),
            Self::Drifted { steps } => {
                format!("the host has drifted; `pryvctl install` would do {}", steps.join(", "))
            }
            Self::Unfit { findings, .. } => {
                format!("the host does not meet its needs: {}", findings.join("; "))
            }
            Self::Locked { why } => format!("another controller has the host: {why}"),
            Self::Away { why } => format!("the host cannot be reached: {why}"),
        }
    }
}

/// That something else than pryvctl made is in the way, in words.
pub fn in_the_way(conflicts: &[String]) -> String {
    format!("something that pryvctl does not manage is in the way: {}", conflicts.join("; "))
}

fn failures(report: &Report) -> Vec<String> {
    let failed = report.findings.iter().filter(|finding| finding.verdict == Verdict::Failure);
    failed
        .map(|finding| format!("{}: {} instead of {}", finding.check, finding.found, finding.needed))
        .collect()
}
