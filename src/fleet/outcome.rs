//! How it ended on each host. Collected for all of them; judged by the face.

use std::time::Duration;

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
}

/// The names of steps.
pub fn names(steps: &[Step]) -> Vec<String> {
    steps.iter().map(|step| step.id.to_string()).collect()
}
