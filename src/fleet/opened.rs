//! The first look at every host of a run, and the plan of each.

use std::time::Duration;

use super::{
    Members,
    break_glass::look_for_second_ways,
    event::Events,
    order::Aim,
    outcome::{Outcome, Report},
    survey::{Surveyed, Visit, survey},
};
use crate::{
    model::{inventory::Repairs, name::HostName},
    plan::{
        Plan,
        control::assess,
        plan,
        preflight::break_glass::CHECK,
        release,
        repair::{Cut, cut},
    },
};

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

/// Looks at every host and plans.
pub(super) async fn open(members: &Members, visit: &Visit, aim: &Aim, events: &Events) -> Opened {
    let mut opened = Opened { planned: Vec::new(), reports: Vec::new() };
    let mut looks = survey(members, visit, aim.parallel, events).await;
    look_for_second_ways(&mut looks, aim.goal, aim.second_way, aim.parallel).await;
    for look in looks {
        match look.and_then(|surveyed| plan_one(surveyed, aim)) {
            Ok(host) => opened.planned.push(host),
            Err(report) => opened.reports.push(*report),
        }
    }
    opened
}

/// The plan of a host, or why there is none.
pub(super) fn plan_one(mut surveyed: Surveyed, aim: &Aim) -> Result<Planned, Box<Report>> {
    let findings = &surveyed.preflight.findings;
    let stops: Vec<_> = findings.iter().filter(|finding| aim.goal.is_stopped_by(finding)).collect();
    let stopped = !stops.is_empty();
    // Who is to name a second way in has to see what for.
    let shown = stops.iter().all(|finding| finding.check == CHECK);
    let state = match &surveyed.preflight.state {
        Some(state) if shown => state,
        Some(_) | None => {
            return Err(Box::new(surveyed.report(Plan::default(), Outcome::NotReady)));
        }
    };
    let plan = match plan(&surveyed.member.desired, state, aim.goal) {
        Ok(plan) => plan,
        Err(conflicts) => {
            return Err(Box::new(surveyed.report(Plan::default(), Outcome::conflict(&conflicts))));
        }
    };
    let objections = plan.objections(aim.consents);
    if stopped || !objections.is_empty() {
        surveyed.preflight.findings.extend(objections);
        return Err(Box::new(surveyed.report(plan, Outcome::NotReady)));
    }
    Ok(Planned { surveyed, plan })
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
    /// Its name.
    pub(super) fn host(&self) -> &HostName {
        self.surveyed.member.host()
    }

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

    /// What of its plan may be repaired with nobody there.
    pub(super) fn repairable(&self, repairs: Repairs) -> Option<Cut> {
        let state = self.surveyed.preflight.state.as_ref()?;
        Some(cut(self.plan.clone(), &self.surveyed.member.desired, state, repairs))
    }

    /// What a look came to, after which nothing is done.
    pub(super) fn looked_at(self) -> Report {
        let outcome = if self.plan.is_empty() { Outcome::Unchanged } else { Outcome::Planned };
        self.report(outcome)
    }

    pub(super) fn report(self, outcome: Outcome) -> Report {
        self.surveyed.report(self.plan, outcome)
    }
}

/// The order of the inventory, whatever the order in which hosts ended.
pub(super) fn in_order(mut reports: Vec<Report>, members: &Members) -> Vec<Report> {
    let place = |report: &Report| members.iter().position(|member| *member.host() == report.host);
    reports.sort_by_key(place);
    reports
}
