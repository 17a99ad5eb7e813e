//! Hosts one after the other: everything is pulled everywhere first; then batch by batch, each verified before the
//! next; a host that fails goes back by itself to what it served.

mod pause;
mod reach;
mod turn;
mod walk;

pub use pause::{Pause, pause};

use std::{collections::BTreeMap, time::Duration};

use super::{
    Members,
    change::{Answer, Opened, Order, Planned, in_order, open},
    event::Events,
    outcome::{Outcome, Report},
    survey::Visit,
};
use crate::{
    model::{
        name::{HostName, RoleName},
        role::{Hooks, Upgrade},
    },
    plan::{
        Goal, Plan,
        rollout::{Batch, Ended, Moment, Policy, Schedule, Stage, Why, hook::whole},
    },
};
use walk::Walk;

/// A rollout, as the administrator wants it.
#[derive(Debug, Clone)]
pub struct Rolling {
    /// What is to be reached, and how.
    pub order: Order,
    /// The hosts by role, in the order of their turns.
    pub stages: Vec<Stage>,
    /// What happens when too many hosts fail; `None`: what their roles say.
    pub policy: Option<Policy>,
    /// What each role says about its place.
    pub upgrades: BTreeMap<RoleName, Upgrade>,
    /// How long after its beginning no batch begins any more; `None`: never.
    pub deadline: Option<Duration>,
}

/// What is about to be done.
#[derive(Debug)]
pub struct Proposal<'a> {
    /// The plan of every host that will be changed.
    pub plans: &'a [(HostName, Plan)],
    /// Every host that was looked at, with the hooks around its turn.
    pub hosts: BTreeMap<HostName, Vec<String>>,
    /// The rules of the order, a line a role.
    pub rules: Vec<String>,
    /// The order, if every host does well.
    pub batches: Vec<Batch>,
    /// Why it will end before all hosts had their turn, if it will.
    pub short: Option<Why>,
}

/// A rollout that came to its end.
#[derive(Debug)]
pub struct Rolled {
    /// Every host.
    pub reports: Vec<Report>,
    /// Why it ended before all hosts had their turn, if it did.
    pub early: Option<String>,
}

/// Looks at every host and says what would be done; changes nothing.
pub async fn propose(
    members: &Members,
    rolling: &Rolling,
    events: &Events,
    show: impl FnOnce(&Proposal),
) -> Vec<Report> {
    let Opened { planned, mut reports } = open(members, &Visit::Look, &rolling.order, events).await;
    let plans = plans(&planned);
    show(&Proposal::of(&plans, &planned, rolling, &schedule(rolling, &planned, &reports)));
    for host in planned {
        let outcome = if host.plan.is_empty() { Outcome::Unchanged } else { Outcome::Planned };
        reports.push(host.report(outcome));
    }
    in_order(reports, members)
}

/// Brings the hosts to the goal, batch by batch. Nothing is changed on any host before all were looked at, every
/// reachable one meets its needs, `ask` said yes, and every image is where it is needed.
pub async fn roll(
    members: &Members,
    rolling: &Rolling,
    events: &Events,
    ask: impl AsyncFnOnce(&Proposal) -> Answer,
) -> Rolled {
    let visit = Visit::Change { owner: rolling.order.owner.clone() };
    let Opened { planned, reports } = open(members, &visit, &rolling.order, events).await;
    let schedule = schedule(rolling, &planned, &reports);
    let plans = plans(&planned);
    let held = reports.iter().any(|report| holds_back(&report.outcome));
    let proposal = Proposal::of(&plans, &planned, rolling, &schedule);
    let go = !held && (plans.is_empty() || ask(&proposal).await == Answer::Yes);
    let mut walk = Walk::new(rolling, events, schedule, planned, reports);
    let early = if go && !plans.is_empty() { walk.all(&plans).await } else { None };
    Rolled { reports: in_order(walk.end().await, members), early }
}

impl Rolling {
    /// What is called around a host's turn. Going back is not slowed down by hooks.
    fn hooks(&self, host: &Planned) -> Hooks {
        let mut all = Hooks::default();
        if self.order.goal != Goal::Install {
            return all;
        }
        let roles = &host.surveyed.member.place.roles;
        for upgrade in roles.iter().filter_map(|role| self.upgrades.get(role)) {
            all.before.extend(upgrade.hooks.before.iter().cloned());
            all.after.extend(upgrade.hooks.after.iter().cloned());
        }
        all
    }
}

/// The plans in which there is something to do.
fn plans(planned: &[Planned]) -> Vec<(HostName, Plan)> {
    let busy = planned.iter().filter(|host| !host.plan.is_empty());
    busy.map(|host| (host.surveyed.member.host().clone(), host.plan.clone())).collect()
}

fn schedule(rolling: &Rolling, planned: &[Planned], reports: &[Report]) -> Schedule {
    let idle = planned.iter().filter(|host| host.plan.is_empty());
    let idle = idle.map(|host| (host.surveyed.member.host().clone(), Ended::Untouched));
    let away = reports.iter().map(|report| (report.host.clone(), Ended::Unreachable));
    let known: BTreeMap<_, _> = idle.chain(away).collect();
    Schedule { stages: rolling.stages.clone(), known, policy: rolling.policy }
}

impl<'a> Proposal<'a> {
    fn of(
        plans: &'a [(HostName, Plan)],
        planned: &[Planned],
        rolling: &Rolling,
        schedule: &Schedule,
    ) -> Self {
        let (batches, short) = schedule.forecast();
        let hosts = planned.iter().map(|host| (host.surveyed.member.host().clone(), hooks(host, rolling)));
        let rules = schedule.stages.iter().map(Stage::to_string);
        Self { plans, hosts: hosts.collect(), rules: rules.collect(), batches, short }
    }
}

/// All hooks around a host's turn in the order of their calls, and all that each does.
fn hooks(host: &Planned, rolling: &Rolling) -> Vec<String> {
    if host.plan.is_empty() {
        return Vec::new();
    }
    let Hooks { before, after, .. } = rolling.hooks(host);
    let backup = host.plan.backups().into_iter().map(|hook| whole(hook, Moment::Backup));
    let before = before.iter().map(|hook| whole(hook, Moment::Before));
    backup.chain(before).chain(after.iter().map(|hook| whole(hook, Moment::After))).collect()
}

/// Whether a host keeps all others from being begun. One that is away only takes its place in the budget.
fn holds_back(outcome: &Outcome) -> bool {
    match outcome {
        Outcome::NotReady
        | Outcome::Conflict(_)
        | Outcome::Locked(_)
        | Outcome::LockLost(_)
        | Outcome::Died => true,
        Outcome::Unreachable(_)
        | Outcome::Looked
        | Outcome::Unchanged
        | Outcome::Planned
        | Outcome::Changed { .. }
        | Outcome::LeftAlone
        | Outcome::Failed { .. }
        | Outcome::WentBack { .. }
        | Outcome::TakenBack
        | Outcome::Stopped { .. }
        | Outcome::Exposed { .. }
        | Outcome::Silent { .. }
        | Outcome::NotConverged { .. } => false,
    }
}
