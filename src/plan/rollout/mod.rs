//! In which order hosts are upgraded, how many at a time, and when it ends early. A state machine without a state: what
//! is to be done next follows from what was done so far.
//!
//! Hosts fall into stages, one a role, in the order the roles ask for by `upgrade: { after: [...] }`. Within a stage one
//! host goes first, the canary; then batches follow, within the budget of hosts that may be away at a time, and never in
//! two zones at once unless the role allows it.

mod batch;
pub mod hook;
mod stage;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

pub use batch::{Batch, Ended, Finished, Policy, Why};
pub use hook::Moment;
pub use stage::{Candidate, Cycle, Direction, Rules, Stage, stages};

use crate::model::name::HostName;

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
