//! Who tries the ports of a host.

use std::{collections::BTreeSet, net::IpAddr};

use super::{Lookout, addresses};
use crate::{
    fleet::survey::Surveyed,
    host::{Connection, HostError, Session as _, scan},
    model::desired::Opening,
    plan::scan::{Door, Look, Said, door, untried},
};

/// A host whose ports are tried.
pub(super) struct Asking<'a> {
    pub surveyed: &'a Surveyed,
    pub lookouts: &'a [Lookout],
    pub declared: &'a [&'a Opening],
}

impl Asking<'_> {
    /// From here over each family, and from a second host; then, from hosts that may, what neither was let try.
    pub async fn all(&self, doors: &BTreeSet<Door>) -> Result<Vec<Look>, HostError> {
        let Surveyed { member, connection, .. } = self.surveyed;
        let mut looks = vec![from_here(connection, member.login.address, doors).await?];
        if let Some(Ok(second)) = connection.reconnect6().await
            && let Some(address) = member.login.address6
        {
            looks.push(from_here(&second, address, doors).await?);
        }
        let mut others = self.lookouts.iter().filter(|lookout| lookout.host != *member.host());
        if let Some(lookout) = others.next() {
            looks.extend(self.from(lookout, doors).await);
        }
        for lookout in others {
            let left: BTreeSet<Door> = untried(self.declared, &looks).into_iter().map(door).collect();
            if left.is_empty() {
                break;
            }
            looks.extend(self.from(lookout, &left).await);
        }
        Ok(looks)
    }

    async fn from(&self, lookout: &Lookout, doors: &BTreeSet<Door>) -> Vec<Look> {
        let mut looks = Vec::new();
        for address in addresses(&self.surveyed.member.login) {
            looks.extend(from_there(lookout, address, doors).await);
        }
        looks
    }

    /// Everybody tries some ports again; an answer takes the place of silence.
    pub async fn again(&self, looks: &mut [Look], doors: &BTreeSet<Door>) {
        for look in looks {
            let tried: BTreeSet<Door> =
                doors.iter().copied().filter(|door| look.said.contains_key(door)).collect();
            let is_it = |lookout: &&Lookout| look.who == format!("{}{}", lookout.host, over(look.to));
            let lookout = self.lookouts.iter().find(is_it);
            let said = match lookout {
                Some(lookout) => scan::from_there(&lookout.connection, look.to, &tried)
                    .await
                    .map(|(_, said)| said)
                    .unwrap_or_default(),
                None => scan::from_here(look.to, &tried).await,
            };
            look.said.extend(said.into_iter().filter(|(_, said)| *said != Said::Nothing));
        }
    }
}

async fn from_here(
    connection: &Connection,
    address: IpAddr,
    doors: &BTreeSet<Door>,
) -> Result<Look, HostError> {
    let with = scan::seen_from(connection).await?;
    Ok(Look {
        who: format!("here{}", over(address)),
        to: address,
        with,
        from: with.into_iter().collect(),
        said: scan::from_here(address, doors).await,
    })
}

/// `None`: it did not look, or has no address in that family.
async fn from_there(lookout: &Lookout, address: IpAddr, doors: &BTreeSet<Door>) -> Option<Look> {
    let Lookout { host, connection, addresses } = lookout;
    let (with, said) = scan::from_there(connection, address, doors).await.ok()?;
    let from = addresses.iter().copied().chain([with?]).collect();
    Some(Look { who: format!("{host}{}", over(address)), to: address, with, from, said })
}

fn over(address: IpAddr) -> &'static str {
    if address.is_ipv6() { " over IPv6" } else { "" }
}
