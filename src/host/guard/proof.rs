//! The proof that a change may stay: the login of the next run with root's rights, over every address that let one in
//! before, the second login where it did before, and what the steps themselves want proved by it.

use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use crate::{
    host::{Session, apply::Executor, scan},
    model::{command::Command, inventory::Login},
};

/// Between the first two attempts to log in again; each further one waits twice as long. OpenSSH 9.8 and later turn away
/// for a while whoever has failed for 15 s, 5 s a failed login (`PerSourcePenalties`): asking every second would turn a
/// change that is taken back into a lock-out of its own.
pub const PAUSE: Duration = Duration::from_secs(1);

/// By which ways a login has to come through: our own over the first address, and what else did before the change.
pub struct Ways<'a> {
    families: Families,
    second_login: Option<&'a Login>,
}

/// Over which addresses of the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Families {
    /// The first.
    One,
    /// Both.
    Both,
}

/// By which ways somebody becomes root now.
pub async fn ways<'a, S: Session>(hands: &Executor<'_, S>, second: Option<&'a Login>) -> Ways<'a> {
    let mut second_login = None;
    if let Some(login) = second
        && usable(hands.session.reconnect_as(login).await, &[]).await.is_ok()
    {
        second_login = Some(login);
    }
    Ways { families: families(hands).await, second_login }
}

/// Both, if a login over the second address comes through now, and from where the inventory lets administrators in.
async fn families<S: Session>(hands: &Executor<'_, S>) -> Families {
    let Some(Ok(session)) = hands.session.reconnect6().await else { return Families::One };
    match scan::seen_from(&session).await {
        Ok(Some(from)) if hands.admin_networks.iter().any(|network| network.contains(&from)) => {
            Families::Both
        }
        Ok(_) | Err(_) => Families::One,
    }
}

/// A new login, not a new channel: an open channel survives the rule that locks us out. Tried until half the window is
/// over, so that a slow sshd reload is not taken for a lock-out; and no longer, so that a login which only came through
/// because the host took the change back is not taken for a good one.
pub async fn log_in_again<S: Session>(
    old: &S,
    ways: &Ways<'_>,
    proofs: &[&Command],
    until: Instant,
) -> Result<S, String> {
    let mut failed = "no new login came through".to_owned();
    let mut pause = PAUSE;
    loop {
        let left = until.saturating_duration_since(Instant::now());
        match timeout(left, log_in(old, ways, proofs)).await {
            Ok(Ok(fresh)) => return Ok(fresh),
            Ok(Err(reason)) => failed = reason,
            Err(_) => return Err(failed),
        }
        if Instant::now() + pause >= until {
            return Err(failed);
        }
        sleep(pause).await;
        pause *= 2;
    }
}

async fn log_in<S: Session>(old: &S, ways: &Ways<'_>, proofs: &[&Command]) -> Result<S, String> {
    let fresh = usable(old.reconnect().await, proofs).await?;
    if ways.families == Families::Both
        && let Some(second) = old.reconnect6().await
    {
        usable(second, proofs).await?;
    }
    if let Some(login) = ways.second_login {
        let second = usable(old.reconnect_as(login).await, &[]).await;
        second.map_err(|why| format!("the `break_glass` login `{}` no longer works: {why}", login.user))?;
    }
    Ok(fresh)
}

async fn usable<S: Session>(login: Result<S, S::Error>, proofs: &[&Command]) -> Result<S, String> {
    let fresh = login.map_err(|error| error.to_string())?;
    ask(&fresh, &Command::root("true"), "root rights: ").await?;
    for proof in proofs {
        ask(&fresh, proof, "").await?;
    }
    Ok(fresh)
}

async fn ask<S: Session>(fresh: &S, question: &Command, of: &str) -> Result<(), String> {
    match fresh.exec(question).await {
        Ok(output) if output.ok() => Ok(()),
        Ok(output) => Err(format!("{of}{}", output.stderr.trim())),
        Err(error) => Err(error.to_string()),
    }
}
