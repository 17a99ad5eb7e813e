//! Changing many hosts: lock, look, plan, ask, apply, look again.

use std::{sync::Arc, time::Duration};

use super::{
    Member, Members,
    agreed::Agreed,
    brake::Brake,
    break_glass::look_for_second_ways,
    each::each,
    event::{Events, What},
    journal::anchor::{self, Moment},
    outcome::{Outcome, Report, names},
    renewed::renewed,
    scan::{self, Lookout},
    survey::{Surveyed, Visit, report, survey},
    work::carry_out,
};
use crate::{
    model::name::HostName,
    plan::{
        Goal, Plan,
        control::assess,
        crossing::Consents,
        digest, plan,
        preflight::break_glass::{CHECK, SecondWay},
        release,
    },
};

/// What is to be reached, and how.
#[derive(Debug, Clone)]
pub struct Order {
    /// What is to be reached.
    pub goal: Goal,
    /// How many hosts at once.
    pub parallel: usize,
    /// How long a host waits for the confirmation of a guarded change.
    pub window: Duration,
    /// Who we are, for the lock.
    pub owner: String,
    /// What was agreed to that cannot be taken back.
    pub consents: Consents,
    /// What is asked about a second way in before passwords are switched off.
    pub second_way: SecondWay,
    /// How it is stopped by hand.
    pub brake: Brake,
}

/// A host that was looked at, with its plan.
pub(super) struct Planned {
    pub(super) surveyed: Surveyed,
    pub(super) plan: Plan,
}

/// Every host after the first look: those with a plan, and the reports of the others.
pub(super) struct Opened {
    pub(super) planned: Vec<Planned>,
    pub(super) reports: Vec<Report>,
}

/// What an administrator says to the plans.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Do it.
    Yes,
    /// Leave it.
    No,
}

/// Looks at every host and plans; changes nothing.
pub async fn look(
    members: &Members,
    goal: Goal,
    second_way: SecondWay,
    consents: Consents,
    parallel: usize,
    events: &Events,
) -> Vec<Report> {
    let mut looks = survey(members, &Visit::Look, parallel, events).await;
    look_for_second_ways(&mut looks, goal, second_way, parallel).await;
    looks
        .into_iter()
        .map(|look| match look.and_then(|surveyed| plan_one(surveyed, goal, consents)) {
            Ok(host) if host.plan.is_empty() => host.report(Outcome::Unchanged),
            Ok(host) => host.report(Outcome::Planned),
            Err(report) => *report,
        })
        .collect()
}

/// Brings every host to the goal. Nothing is changed on any host before all were looked at, every reachable one meets
/// its needs, and `ask` said yes to all plans.
pub async fn change(
    members: &Members,
    order: &Order,
    events: &Events,
    ask: impl AsyncFnOnce(&[(HostName, Plan)]) -> Answer,
) -> Vec<Report> {
    let visit = Visit::Change { owner: order.owner.clone() };
    let Opened { planned, mut reports } = open(members, &visit, order, events).await;
    if reports.iter().any(|report| report.outcome == Outcome::NotReady) {
        reports.extend(planned.into_iter().map(|host| host.report(Outcome::LeftAlone)));
        return in_order(reports, members);
    }
    let plans: Vec<(HostName, Plan)> = planned
        .iter()
        .filter(|host| !host.plan.is_empty())
        .map(|host| (host.surveyed.member.host().clone(), host.plan.clone()))
        .collect();
    if !plans.is_empty() && ask(&plans).await == Answer::No {
        reports.extend(planned.into_iter().map(|host| host.report(Outcome::LeftAlone)));
        return in_order(reports, members);
    }
    if !plans.is_empty() {
        let hosts = plans.iter().map(|(host, _)| host.clone()).collect();
        events.say(What::Begun { plan: digest::of_all(&plans), hosts });
    }
    let hosts: Vec<Arc<Member>> = planned.iter().map(|host| Arc::clone(&host.surveyed.member)).collect();
    let lookouts: Arc<[Lookout]> = planned.iter().map(|host| Lookout::on(&host.surveyed)).collect();
    let done = each(planned, order.parallel, |host| {
        finish(host, order.clone(), Arc::clone(&lookouts), events.clone())
    })
    .await;
    if !plans.is_empty() {
        events.say(What::Ended { why: None });
    }
    reports.extend(
        done.into_iter()
            .zip(hosts)
            .map(|(done, member)| done.unwrap_or_else(|| report(&member, Outcome::Died))),
    );
    in_order(reports, members)
}

/// Looks at every host and plans.
pub(super) async fn open(members: &Members, visit: &Visit, order: &Order, events: &Events) -> Opened {
    let mut opened = Opened { planned: Vec::new(), reports: Vec::new() };
    let mut looks = survey(members, visit, order.parallel, events).await;
    look_for_second_ways(&mut looks, order.goal, order.second_way, order.parallel).await;
    for look in looks {
        match look.and_then(|surveyed| plan_one(surveyed, order.goal, order.consents)) {
            Ok(host) => opened.planned.push(host),
            Err(report) => opened.reports.push(*report),
        }
    }
    opened
}

/// The plan of a host, or why there is none.
fn plan_one(mut surveyed: Surveyed, goal: Goal, consents: Consents) -> Result<Planned, Box<Report>> {
    let findings = &surveyed.preflight.findings;
    let stops: Vec<_> = findings.iter().filter(|finding| goal.is_stopped_by(finding)).collect();
    let stopped = !stops.is_empty();
    // Who is to name a second way in has to see what for.
    let shown = stops.iter().all(|finding| finding.check == CHECK);
    let state = match &surveyed.preflight.state {
        Some(state) if shown => state,
        Some(_) | None => {
            return Err(Box::new(surveyed.report(Plan::default(), Outcome::NotReady)));
        }
    };
    let plan = match plan(&surveyed.member.desired, state, goal) {
        Ok(plan) => plan,
        Err(conflicts) => {
            return Err(Box::new(surveyed.report(Plan::default(), Outcome::conflict(&conflicts))));
        }
    };
    let objections = plan.objections(consents);
    if stopped || !objections.is_empty() {
        surveyed.preflight.findings.extend(objections);
        return Err(Box::new(surveyed.report(plan, Outcome::NotReady)));
    }
    Ok(Planned { surveyed, plan })
}

/// Carries out one host's plan and says how it ended.
async fn finish(mut host: Planned, order: Order, lookouts: Arc<[Lookout]>, events: Events) -> Report {
    let member = Arc::clone(&host.surveyed.member);
    let voice = events.of(member.host());
    let outcome = match agreed(&host, &order, &events).await {
        Ok(Some(agreed)) => {
            anchor::tell(&host.surveyed.connection, Moment::Begin, voice).await;
            carry_out(&host.surveyed, agreed, &order, &events).await
        }
        Ok(None) => Outcome::Unchanged,
        Err(outcome) => outcome,
    };
    let outcome = scan::judged(&host.surveyed, &lookouts, order.goal, outcome, voice).await;
    events.of(member.host()).say(outcome.event());
    if outcome != Outcome::Unchanged {
        anchor::tell(&host.surveyed.connection, Moment::End, events.of(member.host())).await;
    }
    host.release().await;
    host.report(outcome)
}

/// What may be carried out now. A host with nothing to do is not looked at again.
async fn agreed(host: &Planned, order: &Order, events: &Events) -> Result<Option<Agreed>, Outcome> {
    if host.plan.is_empty() {
        return Ok(None);
    }
    let plan = renewed(host, order).await?;
    if plan.is_empty() {
        return Ok(None);
    }
    let agreed = Agreed::to(plan, &host.surveyed, order, events).await?;
    let agreed = agreed.after_hooks(0, &host.surveyed, order).await?;
    Ok(Some(agreed).filter(|agreed| !agreed.plan().is_empty()))
}

impl Surveyed {
    fn report(self, plan: Plan, outcome: Outcome) -> Report {
        let state = self.preflight.state.as_ref();
        Report {
            host: self.member.host().clone(),
            facts: Some(self.facts),
            findings: self.preflight.findings,
            controls: state.map(|state| assess(&self.member.desired, state)).unwrap_or_default(),
            plan,
            outcome,
            took: Duration::ZERO,
        }
    }
}

impl Planned {
    /// Lets go of the host's lock, and waits until it is free.
    pub(super) async fn release(&mut self) {
        if let Some(lock) = self.surveyed.lock.take() {
            lock.release().await;
        }
    }

    /// Images that only a release older than the last one needed.
    pub(super) fn outdated(&self) -> Vec<String> {
        let state = self.surveyed.preflight.state.as_ref();
        state.map(|state| release::outdated(&self.surveyed.member.desired, state)).unwrap_or_default()
    }

    pub(super) fn report(self, outcome: Outcome) -> Report {
        self.surveyed.report(self.plan, outcome)
    }
}

/// What is left of a plan, in names.
pub fn left(plan: &Plan) -> Vec<String> {
    names(&plan.steps)
}

/// The order of the inventory, whatever the order in which hosts ended.
pub(super) fn in_order(mut reports: Vec<Report>, members: &Members) -> Vec<Report> {
    let place = |report: &Report| members.iter().position(|member| *member.host() == report.host);
    reports.sort_by_key(place);
    reports
}
