//! A stage: the hosts of one role, and the rules by which they take their turns.

use std::{collections::BTreeMap, fmt, time::Duration};

use super::batch::{Batch, Ended, Finished, Policy, Why};
use crate::model::{
    desired::{OnFailure, Parallelism, Rollout},
    name::{HostName, RoleName, ZoneName},
    role::{Upgrade, Zones},
};

/// The hosts of one role, in the order of their turns.
#[derive(Debug, Clone, PartialEq)]
pub struct Stage {
    /// The role.
    pub role: RoleName,
    /// The hosts, the canary first, zone by zone.
    pub hosts: Vec<Candidate>,
    /// How they take their turns.
    pub rules: Rules,
}

/// A host that waits for its turn.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// Its name.
    pub host: HostName,
    /// Where it stands.
    pub zone: ZoneName,
    /// Whether it wants to be the first of its stage.
    pub canary: bool,
    /// Its roles.
    pub roles: Vec<RoleName>,
    /// What its services say about an upgrade.
    pub forward: Vec<Rollout>,
    /// What they say about a rollback.
    pub back: Vec<Rollout>,
}

/// How the hosts of a stage take their turns.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rules {
    /// How many hosts may be away at a time.
    pub budget: usize,
    /// How many hosts the first batch has.
    pub canaries: usize,
    /// Whether hosts of two zones may be away at once.
    pub zones: Zones,
    /// The wait between two batches.
    pub delay: Duration,
    /// The tolerated share of failed hosts, 0 to 1.
    pub max_failure_ratio: f64,
    /// What happens when more failed.
    pub on_failure: Policy,
}

impl fmt::Display for Stage {
    /// Everything by which its hosts take their turns, for those who read a plan.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { role, hosts, rules } = self;
        let Rules { budget, canaries, zones, delay, max_failure_ratio, on_failure } = rules;
        let hosts: Vec<_> = hosts.iter().map(|host| host.host.as_str()).collect();
        let zones = match zones {
            Zones::Apart => "never in two zones at once",
            Zones::Together => "zones together",
        };
        let then = match on_failure {
            Policy::Stop => "no other host is started",
            Policy::RollbackBatch => "no other host is started, and the last batch is rolled back",
            Policy::RollbackAll => "no other host is started, and all are rolled back",
            Policy::Continue => "the other hosts continue",
        };
        write!(
            f,
            "{role}: {}; {canaries} first, then at most {budget} down at a time, {zones}, {} s between batches; if more than \
             {:.1} % fail, {then}",
            hosts.join(" "),
            delay.as_secs_f64(),
            max_failure_ratio * 100.0,
        )
    }
}

/// Which way a rollout goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// To what the inventory says.
    Forward,
    /// To what served before: the stages in the opposite order.
    Back,
}

/// Roles that wait for one another.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the roles {0} form a cycle through `upgrade: {{ after: [...] }}`")]
pub struct Cycle(pub String);

/// Puts hosts into stages. A host with several roles takes its turn with the last of them.
///
/// # Errors
/// Roles that wait for one another.
pub fn stages(
    hosts: &[Candidate],
    upgrades: &BTreeMap<RoleName, Upgrade>,
    direction: Direction,
) -> Result<Vec<Stage>, Cycle> {
    let order = order(hosts, upgrades)?;
    let place = |role: &RoleName| order.iter().position(|known| known == role);
    let mut stages: BTreeMap<usize, Vec<Candidate>> = BTreeMap::new();
    for host in hosts {
        let last = host.roles.iter().filter_map(place).max().unwrap_or_default();
        stages.entry(last).or_default().push(host.clone());
    }
    let stage = |(place, hosts): (usize, Vec<Candidate>)| {
        let role = order.get(place)?.clone();
        let zones = upgrades.get(&role).map(|upgrade| upgrade.zones).unwrap_or_default();
        Some(Stage { rules: Rules::of(&hosts, zones, direction), hosts: in_turn(hosts), role })
    };
    let mut stages: Vec<Stage> = stages.into_iter().filter_map(stage).collect();
    match direction {
        Direction::Forward => {}
        Direction::Back => stages.reverse(),
    }
    Ok(stages)
}

/// All roles of the hosts: what a role waits for stands before it, ties keep the order of the inventory.
fn order(hosts: &[Candidate], upgrades: &BTreeMap<RoleName, Upgrade>) -> Result<Vec<RoleName>, Cycle> {
    let mut rest: Vec<&RoleName> = Vec::new();
    for role in hosts.iter().flat_map(|host| &host.roles) {
        if !rest.contains(&role) {
            rest.push(role);
        }
    }
    let mut order = Vec::new();
    while !rest.is_empty() {
        let waits = |role: &&RoleName| {
            let after = upgrades.get(*role).into_iter().flat_map(|upgrade| &upgrade.after);
            after.into_iter().any(|earlier| rest.contains(&earlier))
        };
        let Some(ready) = rest.iter().position(|role| !waits(role)) else {
            let names: Vec<_> = rest.iter().map(|role| role.as_str()).collect();
            return Err(Cycle(names.join(", ")));
        };
        order.push(rest.remove(ready).clone());
    }
    Ok(order)
}

impl Stage {
    /// All hosts at once: for a platform that may be away for a while.
    #[must_use]
    pub fn at_once(self) -> Self {
        let budget = self.hosts.len();
        Self { rules: Rules { budget, zones: Zones::Together, canaries: budget, ..self.rules }, ..self }
    }
}

/// The canary first: one that wants to be, else the first of the inventory. Its zone follows, then the others.
fn in_turn(mut hosts: Vec<Candidate>) -> Vec<Candidate> {
    let first = hosts.iter().position(|host| host.canary).unwrap_or_default();
    let canary = hosts.remove(first);
    let mut zones = vec![canary.zone.clone()];
    for host in &hosts {
        if !zones.contains(&host.zone) {
            zones.push(host.zone.clone());
        }
    }
    hosts.sort_by_key(|host| zones.iter().position(|zone| *zone == host.zone));
    hosts.insert(0, canary);
    hosts
}

impl Candidate {
    fn rollouts(&self, direction: Direction) -> &[Rollout] {
        match direction {
            Direction::Forward => &self.forward,
            Direction::Back => &self.back,
        }
    }
}

impl Rules {
    /// The strictest of what the services of these hosts say.
    fn of(hosts: &[Candidate], zones: Zones, direction: Direction) -> Self {
        let all = || hosts.iter().flat_map(|host| host.rollouts(direction));
        let budget = all().map(|rollout| at_a_time(rollout.parallelism, hosts.len())).min();
        let ratio = all().map(|rollout| rollout.max_failure_ratio).min_by(f64::total_cmp);
        Self {
            budget: budget.unwrap_or(1),
            canaries: 1,
            zones,
            delay: all().map(|rollout| rollout.delay).max().unwrap_or_default(),
            max_failure_ratio: ratio.unwrap_or_default(),
            on_failure: on_failure(all().map(|rollout| rollout.on_failure)),
        }
    }

    /// Whether so many failures are more than the role tolerates.
    pub(super) fn is_too_many(&self, failed: usize, of: usize) -> bool {
        #[expect(clippy::cast_precision_loss, reason = "nobody has 2^52 hosts")]
        let (failed, of) = (failed as f64, of as f64);
        failed > self.max_failure_ratio * of
    }
}

/// At least one, or nothing would ever begin.
fn at_a_time(parallelism: Parallelism, hosts: usize) -> usize {
    let number = match parallelism {
        Parallelism::All => hosts,
        Parallelism::Hosts(number) => usize::try_from(number).unwrap_or(hosts).min(hosts),
        Parallelism::Percent(share) => hosts * usize::from(share) / 100,
    };
    number.max(1)
}

/// The most careful of several wishes: going back before stopping, stopping before going on.
fn on_failure(wishes: impl Iterator<Item = OnFailure> + Clone) -> Policy {
    let wished = |wish: OnFailure| wishes.clone().any(|other| other == wish);
    if wished(OnFailure::Rollback) {
        Policy::RollbackAll
    } else if wished(OnFailure::Pause) {
        Policy::Stop
    } else if wished(OnFailure::Continue) {
        Policy::Continue
    } else {
        Policy::Stop
    }
}

impl Stage {
    /// How many hosts ended in a way.
    pub(super) fn count(&self, ended: &BTreeMap<HostName, Ended>, is: impl Fn(Ended) -> bool) -> usize {
        self.hosts.iter().filter(|candidate| ended.get(&candidate.host).copied().is_some_and(&is)).count()
    }

    /// The next hosts; none when all had their turn.
    pub(super) fn batch(
        &self,
        ended: &BTreeMap<HostName, Ended>,
        done: &[Finished],
    ) -> Result<Option<Batch>, Why> {
        let waiting = || self.hosts.iter().filter(|candidate| !ended.contains_key(&candidate.host));
        let Some(first) = waiting().next() else { return Ok(None) };
        let role = || self.role.clone();
        let away = |candidate: &&Candidate| ended.get(&candidate.host).copied().is_some_and(Ended::is_away);
        let (down, of, budget) = (self.count(ended, Ended::is_away), self.hosts.len(), self.rules.budget);
        let free = budget.saturating_sub(down);
        if free == 0 {
            return Err(Why::Budget { role: role(), down, of, budget });
        }
        let begun = done.iter().flatten().any(|(host, _)| self.hosts.iter().any(|own| own.host == *host));
        let most = if begun { free } else { free.min(self.rules.canaries) };
        let hosts: Vec<HostName> = match self.rules.zones {
            Zones::Together => waiting().take(most).map(|candidate| candidate.host.clone()).collect(),
            Zones::Apart => {
                // A zone in which a host is away is the only one that may lose another.
                let zone = self.hosts.iter().find(away).map_or(&first.zone, |candidate| &candidate.zone);
                if self.hosts.iter().filter(away).any(|candidate| candidate.zone != *zone) {
                    return Err(Why::Zone { role: role() });
                }
                let there = waiting().filter(|candidate| candidate.zone == *zone);
                there.take(most).map(|candidate| candidate.host.clone()).collect()
            }
        };
        if hosts.is_empty() {
            return Err(Why::Zone { role: role() });
        }
        let delay = if begun { self.rules.delay } else { Duration::ZERO };
        Ok(Some(Batch { role: role(), hosts, delay }))
    }
}
