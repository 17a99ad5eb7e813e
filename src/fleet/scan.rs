//! The look from outside after a change: whether what answers here and on a second host is what was asked for, and whether
//! all of it answers.

mod asking;
mod shown;

use std::{collections::BTreeSet, net::IpAddr};

use super::{
    event::{Voice, What},
    order::{Order, Scan},
    outcome::Outcome,
    survey::Surveyed,
};
use crate::{
    facts::{
        Fact, Probe as _,
        filter::Filters,
        port::{Listener, Listeners},
    },
    host::{Connection, HostError, Session as _},
    model::{command::Command, desired::Opening, inventory::Login, name::HostName},
    plan::{
        Goal,
        firewall::bridge::uplinks,
        foreign::{Fate, fate},
        scan::{Door, Look, Silence, declared, door, label, packet, ports, silent, unasked, untried},
    },
};
use asking::Asking;

pub use shown::{Shown, shown};

/// Another host of the run, from which one can look.
#[derive(Clone)]
pub struct ScanPeer {
    host: HostName,
    connection: Connection,
    addresses: Vec<IpAddr>,
}

/// What is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tried {
    /// Every port that could answer.
    Everything,
    /// What is declared; nothing was changed on the host.
    Declared,
}

/// How often a declared port that says nothing is asked again: a busy host may be late.
const AGAIN: usize = 2;

impl ScanPeer {
    /// A host that was looked at.
    pub fn on(surveyed: &Surveyed) -> Self {
        Self {
            host: surveyed.member.host().clone(),
            connection: surveyed.connection.clone(),
            addresses: addresses(&surveyed.member.login),
        }
    }
}

/// Looks at a host from outside, says what answers, and gives back how the host ended if that is too much or too little. A
/// look that fails proves nothing, and takes nothing from what was done.
async fn look(
    surveyed: &Surveyed,
    lookouts: &[ScanPeer],
    (goal, tried): (Goal, Tried),
    voice: Voice<'_>,
) -> Option<Outcome> {
    let (desired, state) = (&surveyed.member.desired, surveyed.preflight.state.as_ref()?);
    let declared = declared(desired, state, goal);
    let looked = async {
        let doors = match tried {
            Tried::Everything => everything(surveyed).await?,
            Tried::Declared => declared.iter().map(|opening| door(opening)).collect(),
        };
        let asking = Asking { surveyed, lookouts, declared: &declared, voice };
        let looks = answers(&asking, &doors).await?;
        Ok::<_, HostError>((doors, looks))
    };
    let (doors, looks) = match looked.await {
        Ok(looked) => looked,
        Err(error) => {
            tracing::warn!(host = %desired.host, %error, "not looked at from outside");
            return None;
        }
    };
    let silences = silent(&declared, &looks);
    if tried == Tried::Everything {
        voice.say(scanned(&doors, &looks, &silences, &untried(&declared, &looks)));
    }
    let wrong: Vec<String> = looks.iter().flat_map(|look| unasked(desired, state, look)).collect();
    if !wrong.is_empty() {
        return Some(Outcome::Exposed { ports: wrong });
    }
    let mute: Vec<&Silence> = silences.iter().filter(|it| it.is_sure()).collect();
    if mute.is_empty() {
        return None;
    }
    let words = |((protocol, port), words): (Door, String)| format!("{} {words}", label(protocol, port));
    Some(Outcome::Silent { ports: told(surveyed, &mute).await.into_iter().map(words).collect() })
}

/// Tries doors, those that say nothing again, and has others confirm their silence.
async fn answers(asking: &Asking<'_>, doors: &BTreeSet<Door>) -> Result<Vec<Look>, HostError> {
    let mut looks = asking.all(doors).await?;
    for _ in 0..AGAIN {
        let late = silent(asking.declared, &looks).iter().map(|it| door(it.opening)).collect::<BTreeSet<_>>();
        if late.is_empty() {
            break;
        }
        asking.again(&mut looks, &late).await;
    }
    asking.confirm(&mut looks).await;
    Ok(looks)
}

/// The outcome of a host that ended well, after a look from outside, which may take that back.
pub async fn judged(
    surveyed: &Surveyed,
    lookouts: &[ScanPeer],
    order: &Order,
    outcome: Outcome,
    voice: Voice<'_>,
) -> Outcome {
    match order.policies.scan {
        Scan::Nothing => return outcome,
        Scan::Ports => {}
    }
    let tried = match &outcome {
        Outcome::Changed { .. } => Tried::Everything,
        Outcome::Unchanged => Tried::Declared,
        Outcome::Looked
        | Outcome::Planned
        | Outcome::NotReady
        | Outcome::LeftAlone
        | Outcome::Unreachable(_)
        | Outcome::Locked(_)
        | Outcome::LockLost(_)
        | Outcome::Conflict(_)
        | Outcome::Failed { .. }
        | Outcome::WentBack { .. }
        | Outcome::TakenBack
        | Outcome::Stopped { .. }
        | Outcome::NotConverged { .. }
        | Outcome::Exposed { .. }
        | Outcome::Silent { .. }
        | Outcome::Died => return outcome,
    };
    look(surveyed, lookouts, (order.aim.goal, tried), voice).await.unwrap_or(outcome)
}

/// What everybody found, in short.
fn scanned(doors: &BTreeSet<Door>, looks: &[Look], silences: &[Silence], untried: &[&Opening]) -> What {
    let answering: BTreeSet<Door> = looks.iter().flat_map(Look::answering).collect();
    let words =
        |doors: &mut dyn Iterator<Item = Door>| doors.map(|(protocol, port)| label(protocol, port)).collect();
    What::Scanned {
        from: looks.iter().map(|look| look.who.clone()).collect(),
        silent: doors.difference(&answering).count(),
        unsure: words(&mut silences.iter().filter(|it| !it.is_sure()).map(|it| door(it.opening))),
        untried: words(&mut untried.iter().map(|opening| door(opening))),
        answering: words(&mut answering.iter().copied()),
    }
}

/// Each port that does not answer, whom, and what drops it, where that can be told.
async fn told(surveyed: &Surveyed, mute: &[&Silence<'_>]) -> Vec<(Door, String)> {
    if mute.is_empty() {
        return Vec::new();
    }
    let (desired, connection) = (&surveyed.member.desired, &surveyed.connection);
    let uplinks = surveyed.preflight.state.as_ref().map(|state| uplinks(desired, state)).unwrap_or_default();
    let said = connection.exec(&Command::root(Filters.question())).await;
    let chains = said.ok().and_then(|said| Filters.read(&said).known().cloned()).unwrap_or_default();
    let line = |it: &&Silence| {
        let why = match fate(&chains, packet(desired, it.opening, &uplinks)) {
            Fate::Dropped(place) => format!(": dropped by {place}"),
            Fate::Unsure(place) => format!(": perhaps dropped by {place}"),
            Fate::Passes => String::new(),
        };
        (door(it.opening), format!("does not answer {}{why}", it.who.join(" and ")))
    };
    mute.iter().map(line).collect()
}

/// All ports that could answer.
async fn everything(surveyed: &Surveyed) -> Result<BTreeSet<Door>, HostError> {
    let said = surveyed.connection.exec(&Command::root(Listeners.question())).await?;
    let listeners: Vec<Listener> = match Listeners.read(&said) {
        Fact::Known(listeners) => listeners,
        Fact::Absent | Fact::Unreadable(_) => Vec::new(),
    };
    Ok(candidates(surveyed, &listeners))
}

/// What is worth trying where these programs listen.
fn candidates(surveyed: &Surveyed, listeners: &[Listener]) -> BTreeSet<Door> {
    let published = surveyed.facts.containers.known().map(|found| found.published.clone());
    ports(&surveyed.member.desired, listeners, &published.unwrap_or_default())
}

fn addresses(login: &Login) -> Vec<IpAddr> {
    [Some(login.address), login.address6].into_iter().flatten().collect()
}
