//! What a run is about to do, as it is put to somebody who says yes or no.

use std::collections::BTreeMap;

use super::{
    opened::Planned,
    order::{Order, RoleHooks},
};
use crate::{
    model::{name::HostName, role::Hooks},
    plan::{
        Plan,
        rollout::{Batch, Moment, Schedule, Stage, Why, hook::whole},
    },
};

/// What is about to be done.
#[derive(Debug)]
pub struct Proposal<'a> {
    /// The plan of every host that will be changed.
    pub plans: &'a [(HostName, Plan)],
    /// Every host that was looked at, with the hooks around its turn.
    pub hosts: BTreeMap<HostName, Vec<String>>,
    /// The rules of the order, a line a role; none where everybody has a turn at once.
    pub rules: Vec<String>,
    /// The order, if every host does well; nothing where everybody has a turn at once.
    pub batches: Vec<Batch>,
    /// Why it will end before all hosts had their turn, if it will.
    pub short: Option<Why>,
}

/// What is said to the plans.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Do it.
    Yes,
    /// Leave it.
    No,
}

impl<'a> Proposal<'a> {
    pub(super) fn of(
        plans: &'a [(HostName, Plan)],
        planned: &[Planned],
        order: &Order,
        schedule: Option<&Schedule>,
    ) -> Self {
        let (batches, short) = schedule.map(Schedule::forecast).unwrap_or_default();
        let hosts = planned.iter().map(|host| (host.host().clone(), lines(host, order)));
        let stages = schedule.iter().flat_map(|schedule| &schedule.stages);
        Self { plans, hosts: hosts.collect(), rules: stages.map(Stage::to_string).collect(), batches, short }
    }
}

/// The plans in which there is something to do.
pub(super) fn plans(planned: &[Planned]) -> Vec<(HostName, Plan)> {
    let busy = planned.iter().filter(|host| !host.plan.is_empty());
    busy.map(|host| (host.host().clone(), host.plan.clone())).collect()
}

/// What is called around a host's turn.
pub(super) fn hooks(host: &Planned, order: &Order) -> Hooks {
    let mut all = Hooks::default();
    let upgrades = match &order.policies.hooks {
        RoleHooks::NotCalled => return all,
        RoleHooks::Called(upgrades) => upgrades,
    };
    let roles = &host.surveyed.member.place.roles;
    for upgrade in roles.iter().filter_map(|role| upgrades.get(role)) {
        all.before.extend(upgrade.hooks.before.iter().cloned());
        all.after.extend(upgrade.hooks.after.iter().cloned());
    }
    all
}

/// All hooks around a host's turn in the order of their calls, and all that each does.
fn lines(host: &Planned, order: &Order) -> Vec<String> {
    if host.plan.is_empty() {
        return Vec::new();
    }
    let Hooks { before, after, .. } = hooks(host, order);
    let backup = host.plan.backups().into_iter().map(|hook| whole(hook, Moment::Backup));
    let before = before.iter().map(|hook| whole(hook, Moment::Before));
    backup.chain(before).chain(after.iter().map(|hook| whole(hook, Moment::After))).collect()
}
