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
    /// The host was read; the command changes nothing.
    Looked,
    /// The host matches the inventory; nothing was changed.
    Unchanged,
    /// A plan was made; nothing was changed.
    Planned,
    /// The host was changed, read again, and matches the inventory.
    Changed {
        /// How many steps were carried out.
        steps: usize,
    },
    /// The host does not meet the requirements; nothing was changed.
    NotReady,
    /// The host was skipped, because another host does not meet the requirements or the administrator said no.
    LeftAlone,
    /// The host could not be reached, or the login failed.
    Unreachable(Trouble),
    /// Another run holds the lock of the host, or commands of an earlier run still run; nothing was changed.
    Locked(Trouble),
    /// The run lost its lock on the host; steps that had not started were not run.
    LockLost(Trouble),
    /// The plan conflicts with something that pryvctl does not manage; nothing was changed.
    Conflict(Vec<String>),
    /// A step failed.
    Failed {
        /// Which step.
        step: String,
        /// Why.
        trouble: Trouble,
    },
    /// A step failed, and the host was rolled back to the previous containers.
    WentBack {
        /// Which step.
        step: String,
        /// Why.
        trouble: Trouble,
    },
    /// The change succeeded, and was rolled back because other hosts failed.
    TakenBack,
    /// The run was stopped by Ctrl-C or a signal before a step.
    Stopped {
        /// The step that would have come next.
        before: String,
    },
    /// All steps ran, and further steps are still needed.
    NotConverged {
        /// What is left.
        left: Vec<String>,
    },
    /// All steps ran, and ports answer from outside that no role opens.
    Exposed {
        /// Which, and whom.
        ports: Vec<String>,
    },
    /// All steps ran, and ports that roles open do not answer from outside.
    Silent {
        /// Which, whom, and what drops them where that is known.
        ports: Vec<String>,
    },
    /// A bug in pryvctl ended the work on this host.
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
