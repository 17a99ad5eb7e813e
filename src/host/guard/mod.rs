//! The guard: changes that could cut our own login are undone by the host itself unless we confirm them over a new
//! connection.
//!
//! The order is the promise: the host is asked whether it would take the change, saves what is there, writes its undo to
//! disk and arms its own timer; only then is anything changed. The timer belongs to systemd, so it outlives our session,
//! our process and our network; the unit is enabled at boot, so it outlives a reboot. Whoever renames the token `armed`
//! first has won: the timer that undoes or the new login that confirms, never both. Where a login came through in both
//! address families before, it has to come through in both.

mod error;
mod proof;
pub mod script;
#[cfg(test)]
mod tests;
mod undo;
mod unit;

use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until, timeout};

pub use error::GuardError;
use proof::PAUSE;

use super::{
    Session,
    apply::{ApplyError, Executor},
    failpoint,
};
use crate::{
    model::{
        command::{Command, Exit},
        inventory::Login,
    },
    plan::step::Step,
};

/// Between later attempts to find the old access.
const LONG_PAUSE: Duration = Duration::from_secs(2);

/// How long after the end of the window the old access is awaited: an undo on a busy host, and a login.
const PATIENCE: Duration = Duration::from_secs(30);

/// What happens during a guarded change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// The host's timer runs.
    Armed,
    /// A new login came through and the timer is off.
    Confirmed,
    /// No new login came through; we wait for the old access.
    CutOff,
}

/// Ends what a killed run left behind: an unconfirmed change is taken back before anyone looks, so that no plan is made
/// from a state that the host is about to leave. What could not be taken back is seen by the plan.
///
/// # Errors
/// What the session says.
pub async fn settle<S: Session>(session: &S) -> Result<(), S::Error> {
    session.exec(&script::take_back()).await.map(drop)
}

/// What a change has to prove, and in which time.
#[derive(Debug, Clone, Copy)]
pub struct Terms<'a> {
    /// How long the host waits for the confirmation.
    pub window: Duration,
    /// A second login: where it becomes root before the change, it has to become root after it.
    pub second_login: Option<&'a Login>,
}

/// Carries out steps under guard and gives back the new connection that confirmed them.
///
/// # Errors
/// On any error the host is, or will be by the end of the window, as it was before; but for [`GuardError::Stuck`].
pub async fn guarded<S: Session>(
    hands: &Executor<'_, S>,
    steps: &[Step],
    Terms { window, second_login }: Terms<'_>,
    say: impl Fn(Moment),
) -> Result<S, GuardError> {
    for check in steps.iter().filter_map(|step| step.check.as_ref()) {
        hands.run(check).await.map_err(GuardError::NotStarted)?;
    }
    let ways = proof::ways(hands, second_login).await;
    arm(hands, steps, window).await?;
    say(Moment::Armed);
    let end = Instant::now() + window;
    let session = hands.session;
    // What is not done by then is taken back anyway.
    match timeout(window, change(hands, steps)).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => return Err(take_back(session, end, error, say).await),
        Err(_) => {
            say(Moment::CutOff);
            return Err(await_old_access(session, end, "the host fell silent".to_owned()).await);
        }
    }
    let proofs: Vec<&Command> = steps.iter().filter_map(|step| step.proof.as_ref()).collect();
    match proof::log_in_again(session, &ways, &proofs, end - window / 2).await {
        Ok(fresh) => confirm(fresh, steps, end, say).await,
        Err(reason) => {
            say(Moment::CutOff);
            Err(await_old_access(session, end, reason).await)
        }
    }
}

async fn arm<S: Session>(
    hands: &Executor<'_, S>,
    steps: &[Step],
    window: Duration,
) -> Result<(), GuardError> {
    let lost = |error| GuardError::NotStarted(ApplyError::Session(Box::new(error)));
    let output = hands.session.exec(&script::arm(steps, window)).await.map_err(lost)?;
    match output.exit {
        Exit::Code(0) => Ok(()),
        Exit::Code(script::TAKEN) => Err(GuardError::Taken),
        Exit::Code(_) | Exit::Signal(_) => Err(GuardError::NotStarted(ApplyError::command(&output))),
    }
}

async fn change<S: Session>(hands: &Executor<'_, S>, steps: &[Step]) -> Result<(), ApplyError> {
    for step in steps {
        match step.change.command() {
            Some(command) => {
                let armed = script::while_armed(&command);
                failpoint::inside(&step.id.to_string(), hands.run(&armed)).await?;
            }
            None => hands.apply(step).await?,
        }
    }
    Ok(())
}

/// The host's undo runs now instead of at the end of the window. If that call does not come through, the timer does it.
async fn take_back<S: Session>(
    session: &S,
    end: Instant,
    why: ApplyError,
    say: impl Fn(Moment),
) -> GuardError {
    let left = end.saturating_duration_since(Instant::now());
    match timeout(left, session.exec(&script::take_back())).await {
        Ok(Ok(output)) if output.ok() => GuardError::TakenBack(why),
        Ok(Ok(output)) => GuardError::Stuck { reason: format!("{why}: {}", output.stderr.trim()) },
        Ok(Err(_)) | Err(_) => {
            say(Moment::CutOff);
            await_old_access(session, end, why.to_string()).await
        }
    }
}

/// Confirms over the new login. What the disk does not take is not confirmed.
async fn confirm<S: Session>(
    fresh: S,
    steps: &[Step],
    end: Instant,
    say: impl Fn(Moment),
) -> Result<S, GuardError> {
    match fresh.exec(&script::confirm(steps)).await {
        Ok(output) if output.ok() => {
            say(Moment::Confirmed);
            Ok(fresh)
        }
        Ok(output) if output.exit == Exit::Code(script::LATE) => Err(GuardError::TooLate),
        Ok(output) if output.exit == Exit::Code(script::UNSAVED) => {
            Err(take_back(&fresh, end, ApplyError::command(&output), say).await)
        }
        Ok(output) => {
            Err(GuardError::Unsure { reason: format!("{}: {}", output.exit, output.stderr.trim()) })
        }
        Err(error) => Err(GuardError::Unsure { reason: error.to_string() }),
    }
}

/// Waits until the host lets us in again, and a little longer than it promised. Nothing is tried before the end of the
/// window: what failed until now would only fail more often.
async fn await_old_access<S: Session>(old: &S, end: Instant, reason: String) -> GuardError {
    let started = Instant::now();
    let patience = end.max(started) + PATIENCE;
    let mut pause = PAUSE;
    sleep_until(end + PAUSE).await;
    loop {
        if let Ok(fresh) = old.reconnect().await
            && let Ok(output) = fresh.exec(&script::is_undone()).await
        {
            if output.ok() {
                return GuardError::Healed { reason };
            }
            if output.exit == Exit::Code(script::STUCK) {
                return GuardError::Stuck { reason: format!("the change broke our access ({reason})") };
            }
        }
        if Instant::now() > patience {
            return GuardError::Lost { reason, seconds: started.elapsed().as_secs() };
        }
        sleep(pause).await;
        pause = LONG_PAUSE;
    }
}
