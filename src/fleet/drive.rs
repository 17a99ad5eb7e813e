//! The one driver of every command: look at all hosts, plan, ask, do, look again, report.

use std::{collections::BTreeMap, time::Duration};

use super::{
    Members,
    batches::Batches,
    event::Events,
    opened::{Opened, Planned, in_order, open},
    order::{Aim, Order, Turns},
    outcome::Report,
    proposal::{Answer, Proposal, plans},
    survey::Visit,
};
use crate::plan::rollout::{Ended, Schedule, Why};

/// A run that came to its end.
#[derive(Debug)]
pub struct Done {
    /// Every host.
    pub reports: Vec<Report>,
    /// Why it ended before all hosts had their turn, if it did.
    pub early: Option<Early>,
}

/// Why a run ended before all hosts had their turn.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Early {
    /// A host could not pull what it needs.
    #[error("not every image could be pulled, so no host was changed")]
    Pull,
    /// Somebody wanted it.
    #[error("stopped by Ctrl-C or a signal")]
    Stopped,
    /// It took too long.
    #[error("the deadline of {} s has passed", .0.as_secs())]
    Deadline(Duration),
    /// Hosts failed, or are away.
    #[error(transparent)]
    Hosts(#[from] Why),
}

/// Looks at every host and plans; changes nothing.
pub async fn look(members: &Members, aim: &Aim, events: &Events) -> Vec<Report> {
    let Opened { planned, mut reports } = open(members, &Visit::Look, aim, events).await;
    reports.extend(planned.into_iter().map(Planned::looked_at));
    in_order(reports, members)
}

/// Looks at every host and says what would be done; changes nothing.
pub async fn propose(
    members: &Members,
    order: &Order,
    events: &Events,
    show: impl FnOnce(&Proposal),
) -> Vec<Report> {
    let Opened { planned, mut reports } = open(members, &Visit::Look, &order.aim, events).await;
    let plans = plans(&planned);
    show(&Proposal::of(&plans, &planned, order, schedule(order, &planned, &reports).as_ref()));
    reports.extend(planned.into_iter().map(Planned::looked_at));
    in_order(reports, members)
}

/// Brings the hosts to the goal. Nothing is changed on any host before all were looked at, every reachable one meets its
/// needs, and `ask` said yes to all plans.
pub async fn carry_out(
    members: &Members,
    order: &Order,
    events: &Events,
    ask: impl AsyncFnOnce(&Proposal) -> Answer,
) -> Done {
    let visit = Visit::Change { owner: order.owner.clone() };
    let Opened { planned, reports } = open(members, &visit, &order.aim, events).await;
    let schedule = schedule(order, &planned, &reports);
    let plans = plans(&planned);
    let held = reports.iter().any(|report| order.policies.blocking.is_by(&report.outcome));
    let proposal = Proposal::of(&plans, &planned, order, schedule.as_ref());
    let go = !held && (plans.is_empty() || ask(&proposal).await == Answer::Yes);
    let mut batches = Batches::new(order, events, schedule, planned, reports);
    let early = if go { batches.all(&plans).await } else { None };
    Done { reports: in_order(batches.end().await, members), early }
}

fn schedule(order: &Order, planned: &[Planned], reports: &[Report]) -> Option<Schedule> {
    let staged = match &order.turns {
        Turns::Together => return None,
        Turns::Staged(staged) => staged,
    };
    let idle = planned.iter().filter(|host| host.plan.is_empty());
    let idle = idle.map(|host| (host.host().clone(), Ended::Untouched));
    let away = reports.iter().map(|report| (report.host.clone(), Ended::Unreachable));
    let known: BTreeMap<_, _> = idle.chain(away).collect();
    Some(Schedule { stages: staged.stages.clone(), known, policy: staged.policy })
}
