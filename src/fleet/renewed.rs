//! The plan as it is when it is carried out. Between the look and that moment somebody thought about it, or the host waited
//! for its turn, and meanwhile anybody may have changed it.

use std::time::Duration;

use super::{
    Member,
    opened::Planned,
    order::Order,
    outcome::{Outcome, Trouble},
    survey::{Surveyed, lock_lost, look_again, trouble},
};
use crate::{
    change::Call,
    host::{Connection, HostError, Loss, Session as _},
    model::command::Command,
    plan::{Goal, Plan, plan, preflight::Preflight},
};

/// A look younger than this needs no other before the host has its turn: long enough for the first batch, too short for
/// much to happen.
const FRESH: Duration = Duration::from_secs(10);

/// What is to be done now, which is never more than what was agreed to.
///
/// # Errors
/// The host is not ours any more, cannot be read, or needs something that nobody agreed to.
pub(super) async fn renewed(host: &Planned, order: &Order) -> Result<Plan, Outcome> {
    let failed = |trouble| Outcome::Failed { step: "look".to_owned(), trouble };
    if host.surveyed.lock.as_ref().is_some_and(|lock| !lock.is_held()) {
        return Err(not_held(&host.surveyed.connection).await);
    }
    let pulls = host.plan.steps.iter().any(|step| matches!(step.change.call(), Some(Call::Pull { .. })));
    if !pulls && host.surveyed.seen.elapsed() < FRESH {
        return Ok(host.plan.clone());
    }
    let now = planned_anew(&host.surveyed, order.aim.goal).await?;
    let new = now.beyond(&host.plan);
    if new.is_empty() {
        return Ok(now);
    }
    Err(failed(not_agreed(new)))
}

/// What is said of steps that nobody has read.
pub(super) fn not_agreed(steps: Vec<String>) -> Trouble {
    Trouble {
        message: "the host has changed since the plan was made, and you have not confirmed these new steps"
            .to_owned(),
        hint: Some("run the same command again and review the new plan".to_owned()),
        details: steps,
    }
}

/// The plan that follows from another look.
///
/// # Errors
/// The host is not ours any more, or cannot be read.
pub(super) async fn planned_anew(surveyed: &Surveyed, goal: Goal) -> Result<Plan, Outcome> {
    let Surveyed { member, connection, .. } = surveyed;
    planned(member, &looked_anew("look", connection, member).await?, goal)
}

/// Another look; the step is named where it fails.
///
/// # Errors
/// The host is not ours any more, or the connection failed.
pub(super) async fn looked_anew(
    step: &str,
    connection: &Connection,
    member: &Member,
) -> Result<Preflight, Outcome> {
    let failed = |trouble| Outcome::Failed { step: step.to_owned(), trouble };
    let looked = look_again(connection, member).await;
    looked.map_err(|error| lock_lost(connection).unwrap_or_else(|| failed(trouble(&error))))
}

/// Our side of the lock ends with its connection, too: whether the host has released it, the host says.
async fn not_held(connection: &Connection) -> Outcome {
    match connection.exec(&Command::root("true")).await {
        Ok(_) => Outcome::LockLost(trouble(&HostError::new(connection.host(), Loss::LetGo))),
        Err(error) => lock_lost(connection)
            .unwrap_or_else(|| Outcome::Failed { step: "look".to_owned(), trouble: trouble(&error) }),
    }
}

/// The plan that follows from a look.
///
/// # Errors
/// What keeps it from being made.
pub(super) fn planned(member: &Member, looked: &Preflight, goal: Goal) -> Result<Plan, Outcome> {
    let Some(state) = &looked.state else {
        return Err(Outcome::unreadable("look", "the host cannot be read", looked));
    };
    plan(&member.desired, state, goal).map_err(|conflicts| Outcome::conflict(&conflicts))
}
