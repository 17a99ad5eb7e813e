//! In which order hosts are upgraded, how many at a time, and when it ends early. A state machine without a state: what
//! is to be done next follows from what was done so far.
//!
//! Hosts fall into stages, one a role, in the order the roles ask for by `upgrade: { after: [...] }`. Within a stage one
//! host goes first, the canary; then batches follow, within the budget of hosts that may be away at a time, and never in
//! two zones at once unless the role allows it.

pub mod hook;
mod stage;
#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, time::Duration};

pub use hook::Moment;
pub use stage::{Candidate, Circle, Direction, Rules, Stage, stages};

use crate::model::name::{HostName, RoleName};

/// The order of a rollout.
#[derive(Debug, Clone, PartialEq)]
pub struct Schedule {
    /// One after the other.
    pub stages: Vec<Stage>,
    /// Hosts whose outcome is known before anything begins: unreachable ones, and those with nothing to be done.
    pub known: BTreeMap<HostName, Ended>,
    /// What happens when too many hosts of a stage failed; `None`: what its role says.
    pub policy: Option<Policy>,
}

/// How it ended on one host, as far as the order depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ended {
    /// It is as it should be, and it was changed.
    Good,
    /// Nothing was to be done there.
    Untouched,
    /// It failed, and what served before serves again.
    Back,
    /// It failed, and nobody knows what serves there.
    Down,
    /// It could not be reached, and nothing was changed.
    Unreachable,
}

/// What happens when too many hosts of a stage failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// Go no further; what was reached stays.
    Stop,
    /// Go no further, and the hosts of the last batch go back.
    RollbackBatch,
    /// Go no further, and every host of this run goes back.
    RollbackAll,
    /// Go on.
    Continue,
}

/// Hosts that are upgraded at the same time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// The role whose stage it belongs to.
    pub role: RoleName,
    /// The hosts; never none.
    pub hosts: Vec<HostName>,
    /// The wait before it begins.
    pub delay: Duration,
}

/// A batch that came to its end.
pub type Finished = Vec<(HostName, Ended)>;

/// What is to be done next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// These hosts.
    Batch(Batch),
    /// Nothing: all stages are through.
    Done,
    /// Nothing: it ends early.
    Stop(Stop),
}

/// A rollout that ends early.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stop {
    /// Why.
    pub why: Why,
    /// The hosts that go back to what they served before, the last one first.
    pub back: Vec<HostName>,
}

/// Why a rollout ends early.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Why {
    /// More hosts failed than the role tolerates.
    #[error("{failed} of {of} hosts of {role} failed")]
    Failures {
        /// The role.
        role: RoleName,
        /// How many failed.
        failed: usize,
        /// How many there are.
        of: usize,
    },
    /// As many hosts are away as may be.
    #[error("{down} of {of} hosts of {role} are away already, and no more than {budget} may be")]
    Budget {
        /// The role.
        role: RoleName,
        /// How many are away.
        down: usize,
        /// How many there are.
        of: usize,
        /// How many may be away.
        budget: usize,
    },
    /// A host of another zone is away.
    #[error("a host of {role} is away in another zone, and two zones are never touched at once")]
    Zone {
        /// The role.
        role: RoleName,
    },
}

impl Ended {
    /// Whether the host does not serve, as far as we know.
    fn is_away(self) -> bool {
        match self {
            Self::Down | Self::Unreachable => true,
            Self::Good | Self::Untouched | Self::Back => false,
        }
    }

    /// Whether it counts against the tolerance of its stage.
    fn has_failed(self) -> bool {
        match self {
            Self::Back | Self::Down => true,
            // Not this run's doing; it takes its place in the budget instead.
            Self::Unreachable | Self::Good | Self::Untouched => false,
        }
    }
}

impl Schedule {
    /// What is to be done next, after the batches so far.
    pub fn next(&self, done: &[Finished]) -> Next {
        let ended = self.ended(done);
        for stage in &self.stages {
            if let Some(stop) = self.too_many(stage, &ended, done) {
                return Next::Stop(stop);
            }
            match stage.batch(&ended, done) {
                Ok(Some(batch)) => return Next::Batch(batch),
                Ok(None) => {}
                Err(why) => return Next::Stop(Stop { why, back: Vec::new() }),
            }
        }
        Next::Done
    }

    /// The batches as they will come if every host does well, and why they end before all is done, if they do.
    pub fn forecast(&self) -> (Vec<Batch>, Option<Why>) {
        let (mut batches, mut done) = (Vec::new(), Vec::new());
        loop {
            match self.next(&done) {
                Next::Batch(batch) => {
                    done.push(batch.hosts.iter().map(|host| (host.clone(), Ended::Good)).collect());
                    batches.push(batch);
                }
                Next::Done => return (batches, None),
                Next::Stop(stop) => return (batches, Some(stop.why)),
            }
        }
    }

    /// The hosts that were never begun.
    pub fn left(&self, done: &[Finished]) -> Vec<HostName> {
        let ended = self.ended(done);
        let hosts = self.stages.iter().flat_map(|stage| &stage.hosts);
        hosts.map(|candidate| candidate.host.clone()).filter(|host| !ended.contains_key(host)).collect()
    }

    fn ended(&self, done: &[Finished]) -> BTreeMap<HostName, Ended> {
        self.known.clone().into_iter().chain(done.iter().flatten().cloned()).collect()
    }

    fn too_many(&self, stage: &Stage, ended: &BTreeMap<HostName, Ended>, done: &[Finished]) -> Option<Stop> {
        let (failed, of) = (stage.count(ended, Ended::has_failed), stage.hosts.len());
        if !stage.rules.is_too_many(failed, of) {
            return None;
        }
        let changed = |batch: &Finished| -> Vec<HostName> {
            let good = batch.iter().rev().filter(|(_, ended)| *ended == Ended::Good);
            good.map(|(host, _)| host.clone()).collect()
        };
        let back = match self.policy.unwrap_or(stage.rules.on_failure) {
            Policy::Continue => return None,
            Policy::Stop => Vec::new(),
            Policy::RollbackBatch => done.last().map(changed).unwrap_or_default(),
            Policy::RollbackAll => done.iter().rev().flat_map(changed).collect(),
        };
        let why = Why::Failures { role: stage.role.clone(), failed, of };
        Some(Stop { why, back })
    }
}
