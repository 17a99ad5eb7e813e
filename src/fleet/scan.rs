//! The look from outside after a change: whether what answers here and on a second host is what was asked for.

use std::{collections::BTreeSet, net::IpAddr};

use super::{
    event::{Voice, What},
    outcome::Outcome,
    survey::Surveyed,
};
use crate::{
    facts::{
        Fact, Probe as _,
        port::{Listener, Listeners},
    },
    host::{Connection, HostError, Session as _, scan},
    model::{command::Command, inventory::Login, name::HostName},
    plan::scan::{Look, ports, unasked},
};

/// Another host of the run, from which one can look.
#[derive(Clone)]
pub struct Lookout {
    host: HostName,
    connection: Connection,
    addresses: Vec<IpAddr>,
}

impl Lookout {
    /// A host that was looked at.
    pub fn on(surveyed: &Surveyed) -> Self {
        Self {
            host: surveyed.member.host().clone(),
            connection: surveyed.connection.clone(),
            addresses: addresses(&surveyed.member.login),
        }
    }
}

/// Looks at a changed host from outside, says what answers, and gives back how the host ended if it is too much. A look
/// that fails proves nothing, and takes nothing from what was done.
pub async fn look(surveyed: &Surveyed, lookouts: &[Lookout], voice: Voice<'_>) -> Option<Outcome> {
    let (desired, state) = (&surveyed.member.desired, surveyed.preflight.state.as_ref()?);
    let looks = match looks(surveyed, lookouts).await {
        Ok((tried, looks)) => {
            let from = looks.iter().map(|look| look.who.clone()).collect();
            let answering: BTreeSet<u16> = looks.iter().flat_map(|look| look.answering.clone()).collect();
            let silent = tried.difference(&answering).count();
            voice.say(What::Scanned { from, answering, silent });
            looks
        }
        Err(error) => {
            tracing::warn!(host = %desired.host, %error, "not looked at from outside");
            return None;
        }
    };
    let wrong: Vec<String> = looks.iter().flat_map(|look| unasked(desired, state, look)).collect();
    (!wrong.is_empty()).then_some(Outcome::Exposed { ports: wrong })
}

/// What was tried, and what everybody found.
async fn looks(surveyed: &Surveyed, lookouts: &[Lookout]) -> Result<(BTreeSet<u16>, Vec<Look>), HostError> {
    let (member, connection) = (&surveyed.member, &surveyed.connection);
    let published = surveyed.facts.containers.known().map(|found| found.published.clone());
    let listeners = listeners(connection).await?;
    let tried = ports(&member.desired, &listeners, &published.unwrap_or_default());
    let mut looks = vec![from_here(connection, member.login.address, &tried).await?];
    if let Some(Ok(second)) = connection.reconnect6().await
        && let Some(address) = member.login.address6
    {
        looks.push(from_here(&second, address, &tried).await?);
    }
    if let Some(lookout) = lookouts.iter().find(|lookout| lookout.host != *member.host()) {
        for address in addresses(&member.login) {
            looks.extend(from_there(lookout, address, &tried).await);
        }
    }
    Ok((tried, looks))
}

async fn listeners(connection: &Connection) -> Result<Vec<Listener>, HostError> {
    let said = connection.exec(&Command::root(Listeners.question())).await?;
    Ok(match Listeners.read(&said) {
        Fact::Known(listeners) => listeners,
        Fact::Absent | Fact::Unreadable(_) => Vec::new(),
    })
}

async fn from_here(
    connection: &Connection,
    address: IpAddr,
    tried: &BTreeSet<u16>,
) -> Result<Look, HostError> {
    let from = scan::seen_from(connection).await?.into_iter().collect();
    Ok(Look { who: format!("here{}", over(address)), from, answering: scan::from_here(address, tried).await })
}

/// `None`: it did not look, or has no address in that family.
async fn from_there(lookout: &Lookout, address: IpAddr, tried: &BTreeSet<u16>) -> Option<Look> {
    let Lookout { host, connection, addresses } = lookout;
    let (from, answering) = scan::from_there(connection, address, tried).await.ok()?;
    let from = addresses.iter().copied().chain([from?]).collect();
    Some(Look { who: format!("{host}{}", over(address)), from, answering })
}

fn over(address: IpAddr) -> &'static str {
    if address.is_ipv6() { " over IPv6" } else { "" }
}

fn addresses(login: &Login) -> Vec<IpAddr> {
    [Some(login.address), login.address6].into_iter().flatten().collect()
}
