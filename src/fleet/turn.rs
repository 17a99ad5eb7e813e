//! One host's turn: carried out, verified, and taken back when it fails.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use super::{
    agreed::Agreed,
    event::{Events, What},
    hook,
    journal::anchor,
    opened::Planned,
    order::{Aim, Failed, Order, Turns},
    outcome::{Outcome, Report, Trouble},
    reach::reach,
    renewed::{planned, renewed},
    scan::{self, ScanPeer},
    survey::Surveyed,
    work::carry_out,
};
use crate::{
    model::role::Hooks,
    plan::{
        Goal, Plan,
        crossing::Consents,
        rollout::{Ended, Moment},
        step::{ReleaseStep, StepId},
    },
};

/// How often a host is brought back before somebody has to look.
const TRIES: usize = 2;

/// A host that had its turn.
pub(super) struct Turn {
    pub(super) host: Planned,
    pub(super) outcome: Outcome,
    pub(super) ended: Ended,
    pub(super) took: Duration,
}

impl Turn {
    /// Frees the host and says how it ended.
    pub(super) async fn report(mut self) -> Report {
        self.host.release().await;
        Report { took: self.took, ..self.host.report(self.outcome) }
    }
}

/// Carries out a host's plan, with its hooks around it. A host that fails goes back by itself, if the order says so.
pub(super) async fn turn(
    mut host: Planned,
    hooks: Hooks,
    order: Order,
    lookouts: Arc<[ScanPeer]>,
    events: Events,
) -> Turn {
    let begun = Instant::now();
    let outcome = match renewed(&host, &order).await {
        Ok(plan) if plan.is_empty() => Outcome::Unchanged,
        Ok(plan) => forward(&host, plan, &hooks, &order, &events).await,
        Err(outcome) => outcome,
    };
    let (outcome, ended) = settle(&mut host, outcome, &order, &events).await;
    let (outcome, ended) = after(&host, &hooks, outcome, ended, &events).await;
    let (outcome, ended) = seen(&host, &lookouts, outcome, ended, &order, &events).await;
    let voice = events.of(host.host());
    voice.say(outcome.event());
    if outcome != Outcome::Unchanged {
        anchor::tell(&host.surveyed.connection, anchor::Moment::End, voice).await;
    }
    match order.turns {
        // Nothing can make it go back any more.
        Turns::Together => host.release().await,
        Turns::Staged(_) => {}
    }
    Turn { host, outcome, ended, took: begun.elapsed() }
}

/// What it came to as seen from outside. Going back would not mend it: what drops a port is not ours.
async fn seen(
    host: &Planned,
    lookouts: &[ScanPeer],
    outcome: Outcome,
    ended: Ended,
    order: &Order,
    events: &Events,
) -> (Outcome, Ended) {
    let voice = events.of(host.host());
    let judged = scan::judged(&host.surveyed, lookouts, order, outcome.clone(), voice).await;
    let ended = if judged == outcome { ended } else { Ended::Down };
    (judged, ended)
}

/// Backups come before the hooks that take the host from its balancer: they may take their time.
async fn forward(host: &Planned, plan: Plan, hooks: &Hooks, order: &Order, events: &Events) -> Outcome {
    let agreed = match Agreed::to(plan, &host.surveyed, order, events).await {
        Ok(agreed) => agreed,
        Err(outcome) => return outcome,
    };
    let Surveyed { member, connection, .. } = &host.surveyed;
    if let Err(trouble) = hook::call(&hooks.before, Moment::Before, member, connection, events).await {
        return Outcome::Failed { step: "before".to_owned(), trouble };
    }
    match agreed.after_hooks(hooks.before.len(), &host.surveyed, order).await {
        Ok(agreed) if agreed.plan().is_empty() => Outcome::Unchanged,
        Ok(agreed) => carry_out(&host.surveyed, agreed, order, events).await,
        Err(outcome) => outcome,
    }
}

/// However it ended, what was called before is answered: a balancer must not be left without the host. A host that is
/// good and whose hook fails is a failure all the same.
async fn after(
    host: &Planned,
    hooks: &Hooks,
    outcome: Outcome,
    ended: Ended,
    events: &Events,
) -> (Outcome, Ended) {
    let Surveyed { member, connection, .. } = &host.surveyed;
    match hook::call(&hooks.after, Moment::After, member, connection, events).await {
        Err(trouble) if ended == Ended::Good => {
            (Outcome::Failed { step: "after".to_owned(), trouble }, Ended::Down)
        }
        Ok(()) | Err(_) => (outcome, ended),
    }
}

/// What a host's end means for the others, after it went back if it had to.
async fn settle(host: &mut Planned, outcome: Outcome, order: &Order, events: &Events) -> (Outcome, Ended) {
    let (step, why) = match &outcome {
        Outcome::Changed { .. } => return (outcome, Ended::Good),
        Outcome::Unchanged => return (outcome, Ended::Untouched),
        // Whoever has the host now knows what to do with it.
        Outcome::Stopped { .. } | Outcome::LockLost(_) => return (outcome, Ended::Down),
        Outcome::Failed { step, trouble } => (step.clone(), trouble.clone()),
        Outcome::Looked
        | Outcome::Planned
        | Outcome::NotReady
        | Outcome::LeftAlone
        | Outcome::Unreachable(_)
        | Outcome::Locked(_)
        | Outcome::Conflict(_)
        | Outcome::WentBack { .. }
        | Outcome::TakenBack
        | Outcome::Exposed { .. }
        | Outcome::Silent { .. }
        | Outcome::NotConverged { .. }
        | Outcome::Died => ("verify".to_owned(), outcome.trouble().unwrap_or_default()),
    };
    match order.policies.failed {
        Failed::Stays => return (outcome, Ended::Down),
        Failed::GoesBack => {}
    }
    match go_back(host, &step, &why.message, order, events).await {
        Ok(Back::Serves) => (Outcome::WentBack { step, trouble: why }, Ended::Back),
        Ok(Back::NotNeeded) => (outcome, Ended::Back),
        Err(failure) => {
            let mut trouble = why;
            trouble.details.push(format!("rolling back failed, too: {}", failure.message));
            trouble.details.extend(failure.details);
            trouble.details.extend(failure.hint.map(|hint| format!("hint: {hint}")));
            (Outcome::Failed { step, trouble }, Ended::Down)
        }
    }
}

/// A good host goes back, because others failed.
pub(super) async fn take_back(mut turn: Turn, why: &str, order: &Order, events: &Events) -> Turn {
    match go_back(&mut turn.host, "verify", why, order, events).await {
        Ok(Back::Serves | Back::NotNeeded) => {
            Turn { outcome: Outcome::TakenBack, ended: Ended::Back, ..turn }
        }
        Err(trouble) => {
            let outcome = Outcome::Failed { step: "going back".to_owned(), trouble };
            Turn { outcome, ended: Ended::Down, ..turn }
        }
    }
}

enum Back {
    /// What served before serves again.
    Serves,
    /// Nothing that serves had been touched.
    NotNeeded,
}

/// Brings back what served before this run. Docker may go away once more on the way; what is left then is planned anew.
async fn go_back(
    host: &mut Planned,
    failed: &str,
    why: &str,
    order: &Order,
    events: &Events,
) -> Result<Back, Trouble> {
    // Whoever agreed to go forward did not say that the data was put back.
    let aim = Aim { goal: Goal::Rollback, consents: Consents::NONE, ..order.aim };
    let order = Order { aim, ..order.clone() };
    let mut trouble = Trouble::default();
    for _ in 0..TRIES {
        let way = match way_back(host, failed, &order, events).await? {
            Road::None => return Ok(Back::NotNeeded),
            Road::Arrived => return Ok(Back::Serves),
            Road::Steps(way) => way,
        };
        events.of(host.host()).say(What::GoingBack { why: why.to_owned() });
        let outcome = carry_out(&host.surveyed, way, &order, events).await;
        if matches!(outcome, Outcome::Changed { .. }) {
            return Ok(Back::Serves);
        }
        trouble = outcome.trouble().unwrap_or_default();
    }
    Err(trouble)
}

/// What lies between a host and what it served.
enum Road {
    /// Nothing that serves had been touched.
    None,
    /// Nothing any more.
    Arrived,
    /// These steps.
    Steps(Agreed),
}

/// The way back. The record says what; a record of an older change is none of ours.
async fn way_back(host: &mut Planned, failed: &str, order: &Order, events: &Events) -> Result<Road, Trouble> {
    let member = Arc::clone(&host.surveyed.member);
    let looked = reach(host, order).await?;
    let unfinished =
        looked.state.as_ref().and_then(|state| state.ours.release.as_ref()).is_some_and(|it| it.unfinished);
    let complete = failed == "verify"
        && host.plan.steps.iter().any(|step| matches!(step.id, StepId::Release(ReleaseStep::End)));
    if !(unfinished || complete) {
        return Ok(Road::None);
    }
    let said = |outcome: Outcome| outcome.trouble().unwrap_or_default();
    let way = planned(&member, &looked, order.aim.goal).map_err(said)?;
    if way.is_empty() {
        return Ok(Road::Arrived);
    }
    if let Some(trouble) = no_way_back(&way) {
        return Err(trouble);
    }
    Agreed::to(way, &host.surveyed, order, events).await.map(Road::Steps).map_err(said)
}

/// A host whose data a newer version has opened stays where it is: half of it could not go back either, for what served with
/// the older data would find the newer.
fn no_way_back(way: &Plan) -> Option<Trouble> {
    let crossings: Vec<_> = way.crossings().collect();
    let put_back = crossings.first()?.put_back();
    Some(Trouble {
        message:
            "a newer version has opened data that the older one cannot read, so nothing more was changed"
                .to_owned(),
        hint: Some(format!(
            "fix what failed and run the same command again; or {put_back}, and run `pryvctl rollback --data-restored`"
        )),
        details: crossings.iter().map(ToString::to_string).collect(),
    })
}
