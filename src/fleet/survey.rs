//! Looking at many hosts at once.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use super::{
    Member, Members,
    each::each,
    event::{Events, What},
    outcome::{Outcome, Report, Trouble},
};
use crate::{
    facts::Facts,
    host::{Connection, Fault, HostError, Kind, Lock, gather, guard},
    plan::{
        Plan,
        preflight::{Preflight, door::late_key, preflight, skew},
    },
};

/// What we come for.
#[derive(Debug, Clone)]
pub enum Visit {
    /// To look; nothing is written on any host.
    Look,
    /// To change: the host is locked first, and what a killed run left unconfirmed is taken back.
    Change {
        /// Who we are, for the eyes of a second controller.
        owner: String,
    },
}

/// A host that let us look.
pub struct Surveyed {
    /// Which.
    pub member: Arc<Member>,
    /// The connection.
    pub connection: Connection,
    /// The lock, when we came to change.
    pub lock: Option<Lock>,
    /// What was seen.
    pub facts: Facts,
    /// What it means.
    pub preflight: Preflight,
    /// How far the host's clock is ahead of ours for sure, in seconds; `None`: it did not say its time.
    pub ahead: Option<f64>,
    /// When we looked.
    pub seen: Instant,
}

/// Logs in to every host and looks.
pub async fn survey(
    members: &Members,
    visit: &Visit,
    limit: usize,
    events: &Events,
) -> Vec<Result<Surveyed, Box<Report>>> {
    let looks = each(members.clone(), limit, |member| {
        let (events, visit) = (events.clone(), visit.clone());
        async move {
            let result = look(&member, &visit, &events).await;
            result.map_err(|error| Box::new(unreachable(&member, &error, &events)))
        }
    })
    .await;
    looks
        .into_iter()
        .zip(members)
        .map(|(look, member)| look.unwrap_or_else(|| Err(Box::new(report(member, Outcome::Died)))))
        .collect()
}

/// Looks, and looks once more if the connection is lost: nothing was changed yet, and a host that is busy may have been
/// silent for longer than its keepalives allow.
pub(super) async fn look(
    member: &Arc<Member>,
    visit: &Visit,
    events: &Events,
) -> Result<Surveyed, HostError> {
    match look_once(member, visit, events).await {
        Err(error) if matches!(&*error.fault, Fault::Lost { .. }) => look_once(member, visit, events).await,
        looked => looked,
    }
}

async fn look_once(member: &Arc<Member>, visit: &Visit, events: &Events) -> Result<Surveyed, HostError> {
    let voice = events.of(member.host());
    voice.say(What::Connecting);
    let connection = Connection::open(&member.login).await?;
    let lock = match visit {
        Visit::Look => None,
        Visit::Change { owner } => {
            let lock = Lock::take(&connection, owner).await?;
            guard::settle(&connection).await?;
            Some(lock)
        }
    };
    voice.say(What::Surveying);
    let seen = Instant::now();
    let (facts, clock) = gather(&connection, &member.desired).await?;
    let mut preflight = preflight(&member.desired, &facts, &clock);
    if let Some(late) = late_key(connection.keys_shown(), &member.desired, &facts.sshd) {
        preflight.add(late);
    }
    let ahead = facts.clock.known().map(|found| skew(found.epoch, &clock));
    Ok(Surveyed { member: Arc::clone(member), connection, lock, facts, preflight, ahead, seen })
}

/// Looks again over the same or a newer connection.
pub async fn look_again(connection: &Connection, member: &Member) -> Result<Preflight, HostError> {
    let (facts, clock) = gather(connection, &member.desired).await?;
    Ok(preflight(&member.desired, &facts, &clock))
}

fn unreachable(member: &Member, error: &HostError, events: &Events) -> Report {
    let outcome = failed(error);
    events.of(member.host()).say(outcome.event());
    report(member, outcome)
}

/// How a host ended whose transport failed before anything was changed.
pub fn failed(error: &HostError) -> Outcome {
    if let Fault::Locked { owner, since } = &*error.fault {
        let hint = "wait until that run has ended; its lock ends with it, even if it is killed".to_owned();
        let message = format!("locked by {owner} since {since}");
        return Outcome::Locked(Trouble { message, hint: Some(hint), details: Vec::new() });
    }
    match error.kind() {
        Kind::Locked => Outcome::Locked(trouble(error)),
        Kind::Unreachable | Kind::Refused | Kind::Lost | Kind::Remote => Outcome::Unreachable(trouble(error)),
    }
}

/// How a host ends that is not ours any more.
pub fn lock_lost(connection: &Connection) -> Option<Outcome> {
    connection.lost_lock().map(|error| Outcome::LockLost(trouble(&error)))
}

/// A host's error in words.
pub fn trouble(error: &HostError) -> Trouble {
    Trouble { message: error.words(), hint: error.hint(), details: Vec::new() }
}

/// A report about a host nothing was seen of.
pub fn report(member: &Member, outcome: Outcome) -> Report {
    Report {
        host: member.host().clone(),
        facts: None,
        findings: Vec::new(),
        controls: Vec::new(),
        plan: Plan::default(),
        outcome,
        took: Duration::ZERO,
    }
}
