//! Looking at a host that may have vanished meanwhile.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use super::{
    Member,
    opened::Planned,
    order::Order,
    outcome::Trouble,
    survey::{look_again, trouble},
};
use crate::{
    host::{Connection, HostError, Lock, guard},
    plan::preflight::Preflight,
};

/// How long a host that vanished is waited for: a restart, not a repair.
const PATIENCE: Duration = Duration::from_secs(60);

/// Between two tries to reach it.
const PAUSE: Duration = Duration::from_secs(1);

/// Why a look did not come to its end.
enum Missed {
    /// It may do so soon.
    Yet(Trouble),
    /// The host is not ours any more.
    Ever(Trouble),
}

/// Looks until the host can be read; over a new connection, and with a new lock, where the old one is lost.
pub(super) async fn reach(host: &mut Planned, order: &Order) -> Result<Preflight, Trouble> {
    let begun = Instant::now();
    loop {
        match look(host, order).await {
            Ok(looked) => return Ok(looked),
            Err(Missed::Ever(trouble)) => return Err(trouble),
            Err(Missed::Yet(trouble)) if begun.elapsed() > PATIENCE => return Err(trouble),
            Err(Missed::Yet(_)) => {}
        }
        // Not the brake's sleep: a pulled brake must not make this a storm of logins.
        tokio::time::sleep(PAUSE).await;
    }
}

async fn look(host: &mut Planned, order: &Order) -> Result<Preflight, Missed> {
    let member = Arc::clone(&host.surveyed.member);
    match look_again(&host.surveyed.connection, &member).await {
        Ok(looked) if looked.state.is_some() => return Ok(looked),
        // The connection and the lock are still ours; what cannot be read yet may be soon.
        Ok(_) => return Err(Missed::Yet(unreadable())),
        Err(_) => {}
    }
    if let Some(lost) = host.surveyed.connection.lost_lock() {
        return Err(Missed::Ever(trouble(&lost)));
    }
    match again(&member, order).await {
        Ok((_, lock, _)) if host.surveyed.lock.as_ref().is_some_and(|ours| !lock.follows(ours)) => {
            lock.release().await;
            Err(Missed::Ever(came_between()))
        }
        Ok((connection, lock, looked)) if looked.state.is_some() => {
            host.surveyed.connection = connection;
            host.surveyed.lock = Some(lock);
            Ok(looked)
        }
        // It is up, but not all of it yet.
        Ok((_, lock, _)) => {
            lock.release().await;
            Err(Missed::Yet(unreadable()))
        }
        Err(error) => Err(Missed::Yet(trouble(&error))),
    }
}

fn unreadable() -> Trouble {
    Trouble { message: "the host cannot be read".to_owned(), ..Trouble::default() }
}

/// What was done here before is not this run's to take back any more.
fn came_between() -> Trouble {
    Trouble {
        message:
            "another controller changed this host while the connection was lost; nothing more was changed here"
                .to_owned(),
        hint: Some("run the same command again; it reads the host again".to_owned()),
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
