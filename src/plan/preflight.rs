//! Whether a host can become what it must be: from facts to findings, and to the state the planner works on.

mod access;
pub mod break_glass;
mod capacity;
mod conntrack;
pub mod door;
mod engine;
mod judge;
mod others;
mod ports;
mod software;
mod stop;
mod system;
mod way;
mod written;

pub use system::{ControllerClock, SKEW_NOTED, skew};

use super::finding::{Finding, Verdict};
use crate::{
    facts::{Facts, state::HostState, survey::Unread},
    model::desired::Desired,
};

/// What came out of looking at one host.
#[derive(Debug, Clone, PartialEq)]
pub struct Preflight {
    /// Everything that was checked, always in the same order.
    pub findings: Vec<Finding>,
    /// The host as the planner needs it; `None`: something it rests on is not known, and a finding says what.
    pub state: Option<HostState>,
}

impl Preflight {
    /// Adds what was found elsewhere; where a check fails, it is not called well any more.
    pub fn add(&mut self, finding: Finding) {
        self.findings.retain(|before| before.check != finding.check || before.verdict != Verdict::Ok);
        self.findings.push(finding);
    }
}

/// Judges a host. Without root's rights or without perl nothing else can be judged, so only that is said.
pub fn preflight(desired: &Desired, facts: &Facts, clock: &ControllerClock) -> Preflight {
    let rights = access::rights(desired, facts);
    if facts.rights.known().is_none_or(|rights| rights.uid != 0) {
        return Preflight { findings: vec![rights], state: None };
    }
    if software::lacks_perl(facts) {
        return Preflight { findings: vec![rights, software::commands(facts)], state: None };
    }
    let mut findings = vec![
        rights,
        system::distribution(facts),
        system::kernel(facts),
        system::architecture(facts),
        system::systemd(facts),
        system::cgroup(facts),
        system::restart(facts),
        system::clock(facts, clock),
        capacity::cpus(desired, facts),
        capacity::memory(desired, facts),
    ];
    findings.extend(system::newer_kernel(facts));
    findings.extend(capacity::disks(desired, facts));
    findings.extend(ports::ports(desired, facts));
    findings.extend([access::sshd(facts), access::login(desired, facts)]);
    findings.extend(door::door(desired, facts));
    findings.extend([software::commands(facts), software::packages(facts), software::firewall(facts)]);
    findings.extend(conntrack::conntrack(facts));
    findings.extend(engine::checks(desired, facts));
    findings.extend(unknown(facts));
    findings.extend(written::written(desired, facts));
    let state = facts.state();
    findings.extend(state.iter().map(|state| way::uplink(desired, state)));
    findings.extend(state.iter().flat_map(|state| others::rules(desired, facts, state)));
    findings.extend(state.iter().flat_map(others::networks));
    Preflight { findings, state }
}

/// Facts that have no check of their own, but without which nothing can be planned.
fn unknown(facts: &Facts) -> impl Iterator<Item = Finding> {
    let failure =
        |it: Unread| Finding::ok(it.check, format!("unreadable: {}", it.why), "readable").failure(it.remedy);
    facts.unread().into_iter().map(failure)
}
