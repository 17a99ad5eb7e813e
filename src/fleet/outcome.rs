//! How it ended on each host. Collected for all of them; judged by the face.

use std::time::Duration;

use super::event::What;
use crate::{
    facts::{Facts, release::Served},
    model::name::HostName,
    plan::{Conflict, Plan, control::Assessment, finding::Finding, preflight::Preflight, step::Step},
};

/// Everything a run says about one host.
#[derive(Debug)]
pub struct Report {
    /// The host.
    pub host: HostName,
    /// What was seen, if the host let us look.
    pub facts: Option<Facts>,
    /// What preflight found.
    pub findings: Vec<Finding>,
    /// What every control came to when the host was looked at.
    pub controls: Vec<Assessment>,
    /// What was planned.
    pub plan: Plan,
    /// How it ended.
    pub outcome: Outcome,
    /// How long it had its turn.
    pub took: Duration,
}

impl Report {
    /// Containers that `rollback` would bring back, and that are gone.
    pub fn lost(&self) -> impl Iterator<Item = &Served> {
        let facts = self.facts.as_ref().and_then(|facts| facts.release.known().zip(facts.containers.known()));
        facts.into_iter().flat_map(|(release, there)| release.lost(&there.states))
    }
}

/// How it ended on one host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Looked at; nothing was to be done with it.
    Looked,
    /// It is as it should be; nothing was changed.
    Unchanged,
    /// The plan waits; nothing was changed.
    Planned,
    /// Changed, looked at again, and as it should be.
    Changed {
        /// How many steps were carried out.
        steps: usize,
    },
    /// It does not meet its needs; nothing was changed.
    NotReady,
    /// Left alone, because another host does not meet its needs or the administrator said no.
    LeftAlone,
    /// It could not be reached or logged in to.
    Unreachable(Trouble),
    /// Another controller is at work there, or what one began; nothing was changed.
    Locked(Trouble),
    /// It was locked by us, and is not any more: what was not begun by then was not done.
    LockLost(Trouble),
    /// Something foreign stands where ours should be; nothing was changed.
    Conflict(Vec<String>),
    /// A step failed.
    Failed {
        /// Which step.
        step: String,
        /// Why.
        trouble: Trouble,
    },
    /// A step failed, and what served before serves again.
    WentBack {
        /// Which step.
        step: String,
        /// Why.
        trouble: Trouble,
    },
    /// It did well, and went back because others failed.
    TakenBack,
    /// Stopped by hand before a step.
    Stopped {
        /// The step that would have come next.
        before: String,
    },
    /// All steps were carried out, and still something is to be done.
    NotConverged {
        /// What is left.
        left: Vec<String>,
    },
    /// All steps were carried out, and ports answer from outside that nobody asked for.
    Exposed {
        /// Which, and whom.
        ports: Vec<String>,
    },
    /// It is as planned, and declared ports do not answer from outside.
    Silent {
        /// Which, whom, and what drops them where that is known.
        ports: Vec<String>,
    },
    /// The task died; a bug of pryvctl.
    Died,
}

/// A failure in words: what, the way out, and lines that explain.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize)]
pub struct Trouble {
    /// What went wrong.
    pub message: String,
    /// The way out.
    pub hint: Option<String>,
    /// Lines that explain it.
    pub details: Vec<String>,
}

impl Outcome {
    /// The plan would contradict what is there.
    pub fn conflict(conflicts: &[Conflict]) -> Self {
        Self::Conflict(conflicts.iter().map(ToString::to_string).collect())
    }

    /// At this step not everything of the host was to be seen that a plan needs.
    pub fn unreadable(step: &str, message: &str, looked: &Preflight) -> Self {
        let details = looked.findings.iter().map(ToString::to_string).collect();
        let trouble = Trouble { message: message.to_owned(), hint: None, details };
        Self::Failed { step: step.to_owned(), trouble }
    }

    /// The first word of the line about a host.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Looked => "looked",
            Self::Unchanged => "unchanged",
            Self::Planned => "planned",
            Self::Changed { .. } => "changed",
            Self::NotReady => "not-ready",
            Self::LeftAlone => "left-alone",
            Self::Unreachable(_) => "unreachable",
            Self::Locked(_) => "locked",
            Self::LockLost(_) => "lock-lost",
            Self::Conflict(_) => "conflict",
            Self::Failed { .. } => "failed",
            Self::WentBack { .. } => "went-back",
            Self::TakenBack => "taken-back",
            Self::Stopped { .. } => "stopped",
            Self::NotConverged { .. } => "not-converged",
            Self::Exposed { .. } => "exposed",
            Self::Silent { .. } => "silent",
            Self::Died => "died",
        }
    }

    /// The last event of a host.
    pub fn event(&self) -> What {
        What::Finished { outcome: self.word().to_owned(), well: self.trouble().is_none() }
    }

    /// What an administrator must know beyond the word.
    pub fn trouble(&self) -> Option<Trouble> {
        let plain = |message: String| Trouble { message, ..Trouble::default() };
        match self {
            Self::Looked
            | Self::Unchanged
            | Self::Planned
            | Self::Changed { .. }
            | Self::LeftAlone
            | Self::TakenBack => None,
            Self::NotReady => Some(plain("the host does not meet its needs".to_owned())),
            Self::Unreachable(trouble) | Self::Locked(trouble) | Self::LockLost(trouble) => {
                Some(trouble.clone())
            }
            Self::Conflict(conflicts) => Some(Trouble {
                message: "something that is not ours stands in the way".to_owned(),
                hint: Some("move it away, or change the inventory".to_owned()),
                details: conflicts.clone(),
            }),
            Self::Failed { step, trouble } => {
                Some(Trouble { message: format!("{step}: {}", trouble.message), ..trouble.clone() })
            }
            Self::WentBack { step, trouble } => Some(Trouble {
                message: format!("{step}: {}; what served before serves again", trouble.message),
                ..trouble.clone()
            }),
            Self::Stopped { before } => Some(Trouble {
                message: format!("stopped by hand before {before}"),
                hint: Some(
                    "run the same command again to go on, or `pryvctl rollback` to go back".to_owned(),
                ),
                details: Vec::new(),
            }),
            Self::NotConverged { left } => Some(Trouble {
                message: "all steps were carried out and still these are to be done".to_owned(),
                hint: Some("does something else on the host change it back?".to_owned()),
                details: left.clone(),
            }),
            Self::Exposed { ports } => Some(Trouble {
                message: "ports answer from outside that nobody asked for".to_owned(),
                hint: Some(
                    "`ss -lntp` and `nft list ruleset` on the host say what answers; if they do not, something \
                     between answers in its place"
                        .to_owned(),
                ),
                details: ports.clone(),
            }),
            Self::Silent { ports } => Some(Trouble {
                message: "ports that roles open do not answer from outside".to_owned(),
                hint: Some(
                    "let them pass where they are dropped; `nft -a list ruleset` on the host shows every rule. If nothing drops \
                     them there, look at the firewall of the network or the cloud, and at the service's log"
                        .to_owned(),
                ),
                details: ports.clone(),
            }),
            Self::Died => Some(plain("a bug of pryvctl ended the work on this host".to_owned())),
        }
    }
}

/// The names of steps.
pub fn names(steps: &[Step]) -> Vec<String> {
    steps.iter().map(|step| step.id.clone()).collect()
}
