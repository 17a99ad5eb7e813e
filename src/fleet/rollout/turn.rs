//! One host's turn: carried out, verified, and taken back when it fails.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use crate::{
    fleet::{
        Member,
        agreed::Agreed,
        change::{Order, Planned},
        event::{Events, What},
        hook,
        outcome::{Outcome, Report, Trouble},
        renewed::{planned, renewed},
        survey::{Surveyed, look_again, trouble},
        work::carry_out,
    },
    host::{Connection, HostError, Lock, guard},
    model::role::Hooks,
    plan::{
        Goal, Plan,
        crossing::Consents,
        preflight::Preflight,
        rollout::{Ended, Moment},
    },
};

/// How long a host that vanished is waited for: a restart, not a repair.
const PATIENCE: Duration = Duration::from_secs(60);

/// Between two tries to reach it.
const PAUSE: Duration = Duration::from_secs(1);

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

/// Carries out a host's plan, with its hooks around it. A host that fails goes back by itself.
pub(super) async fn turn(mut host: Planned, hooks: Hooks, order: Order, events: Events) -> Turn {
    let begun = Instant::now();
    let outcome = match renewed(&host, &order).await {
        Ok(plan) if plan.is_empty() => Outcome::Unchanged,
        Ok(plan) => forward(&host, plan, &hooks, &order, &events).await,
        Err(outcome) => outcome,
    };
    let (outcome, ended) = settle(&mut host, outcome, &order, &events).await;
    let (outcome, ended) = after(&host, &hooks, outcome, ended, &events).await;
    events.of(host.surveyed.member.host()).say(outcome.event());
    Turn { host, outcome, ended, took: begun.elapsed() }
}

/// Backups come before the hooks that take the host from its balancer: they may take their time.
async fn forward(host: &Planned, plan: Plan, hooks: &Hooks, order: &Order, events: &Events) -> Outcome {
    let agreed = match Agreed::to(plan, &host.surveyed, order, events).await {
        Ok(agreed) => agreed,
        Err(outcome) => return outcome,
    };
    let Surveyed { member, connection, .. } = &host.surveyed;
    match hook::call(&hooks.before, Moment::Before, member, connection, events).await {
        Ok(()) => carry_out(&host.surveyed, agreed, order, events).await,
        Err(trouble) => Outcome::Failed { step: "before".to_owned(), trouble },
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
        | Outcome::NotConverged { .. }
        | Outcome::Died => ("verify".to_owned(), outcome.trouble().unwrap_or_default()),
    };
    if order.goal != Goal::Install {
        return (outcome, Ended::Down);
    }
    match go_back(host, &step, &why.message, order, events).await {
        Ok(Back::Serves) => (Outcome::WentBack { step, trouble: why }, Ended::Back),
        Ok(Back::NotNeeded) => (outcome, Ended::Back),
        Err(failure) => {
            let mut trouble = why;
            trouble.details.push(format!("and it could not go back to what it served: {}", failure.message));
            trouble.details.extend(failure.details);
            trouble.details.extend(failure.hint.map(|hint| format!("way out: {hint}")));
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

/// Brings back what served before this run. The record says what; a record of an older change is none of ours.
async fn go_back(
    host: &mut Planned,
    failed: &str,
    why: &str,
    order: &Order,
    events: &Events,
) -> Result<Back, Trouble> {
    let member = Arc::clone(&host.surveyed.member);
    let looked = reach(host, order).await?;
    let unfinished =
        looked.state.as_ref().and_then(|state| state.release.as_ref()).is_some_and(|it| it.unfinished);
    let complete = failed == "verify" && host.plan.steps.iter().any(|step| step.id == "release.end");
    if !(unfinished || complete) {
        return Ok(Back::NotNeeded);
    }
    let way =
        planned(&member, &looked, Goal::Rollback).map_err(|outcome| outcome.trouble().unwrap_or_default())?;
    if way.is_empty() {
        return Ok(Back::Serves);
    }
    if let Some(trouble) = no_way_back(&way) {
        return Err(trouble);
    }
    // Whoever agreed to go forward did not say that the data was put back.
    let order = Order { goal: Goal::Rollback, consents: Consents::NONE, ..order.clone() };
    let way = Agreed::to(way, &host.surveyed, &order, events).await;
    let way = way.map_err(|outcome| outcome.trouble().unwrap_or_default())?;
    events.of(member.host()).say(What::GoingBack { why: why.to_owned() });
    let outcome = carry_out(&host.surveyed, way, &order, events).await;
    if let Outcome::Changed { .. } = outcome {
        return Ok(Back::Serves);
    }
    Err(outcome.trouble().unwrap_or_default())
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
            "put right what failed and run the same command again; or {put_back}, and run `pryvctl rollback --data-restored`"
        )),
        details: crossings.iter().map(ToString::to_string).collect(),
    })
}

/// Looks at a host that may have vanished meanwhile; over a new connection, and with a new lock, if it has.
async fn reach(host: &mut Planned, order: &Order) -> Result<Preflight, Trouble> {
    let member = Arc::clone(&host.surveyed.member);
    if let Ok(looked) = look_again(&host.surveyed.connection, &member).await
        && looked.state.is_some()
    {
        return Ok(looked);
    }
    if let Some(lost) = host.surveyed.connection.lost_lock() {
        return Err(trouble(&lost));
    }
    let begun = Instant::now();
    loop {
        let trouble = match again(&member, order).await {
            Ok((_, lock, _)) if host.surveyed.lock.as_ref().is_some_and(|ours| !lock.follows(ours)) => {
                lock.release().await;
                return Err(came_between());
            }
            Ok((connection, lock, looked)) if looked.state.is_some() => {
                host.surveyed.connection = connection;
                host.surveyed.lock = Some(lock);
                return Ok(looked);
            }
            // It is up, but not all of it yet.
            Ok((_, lock, _)) => {
                lock.release().await;
                Trouble { message: "the host cannot be read".to_owned(), ..Trouble::default() }
            }
            Err(error) => trouble(&error),
        };
        if begun.elapsed() > PATIENCE {
            return Err(trouble);
        }
        // Not the brake's sleep: a pulled brake must not make this a storm of logins.
        tokio::time::sleep(PAUSE).await;
    }
}

/// What was done here before is not this run's to take back any more.
fn came_between() -> Trouble {
    Trouble {
        message:
            "another controller has worked on this host while it was away; nothing more was changed here"
                .to_owned(),
        hint: Some("run the same command again: it looks at the host anew".to_owned()),
        details: Vec::new(),
    }
}

async fn again(member: &Member, order: &Order) -> Result<(Connection, Lock, Preflight), HostError> {
    let connection = Connection::open(&member.login).await?;
    let lock = Lock::take(&connection, &order.owner).await?;
    guard::settle(&connection).await?;
    let looked = look_again(&connection, member).await?;
    Ok((connection, lock, looked))
}
