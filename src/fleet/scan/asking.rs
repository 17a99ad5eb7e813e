//! Who tries the ports of a host.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

use super::{ScanPeer, addresses};
use crate::{
    fleet::{
        event::{Voice, What},
        survey::Surveyed,
    },
    host::{
        Connection, HostError, Session as _,
        scan::{self, Sight},
    },
    model::desired::Opening,
    plan::scan::{Door, Look, Said, door, silent, unconfirmed, untried},
};

/// A host whose ports are tried.
pub(super) struct Asking<'a> {
    pub surveyed: &'a Surveyed,
    pub lookouts: &'a [ScanPeer],
    pub declared: &'a [&'a Opening],
    pub voice: Voice<'a>,
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
        let mut others = self.others();
        for lookout in others.by_ref() {
            let found = self.from(lookout, doors).await;
            if !found.is_empty() {
                looks.extend(found);
                break;
            }
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

    /// Has others ask what one alone says to be silent, as long as there are any.
    pub async fn confirm(&self, looks: &mut Vec<Look>) {
        for lookout in self.others() {
            let alone = unconfirmed(&silent(self.declared, looks));
            if alone.is_empty() {
                break;
            }
            if !looks.iter().any(|look| is_by(look, lookout)) {
                looks.extend(self.from(lookout, &alone).await);
            }
        }
    }

    fn others(&self) -> impl Iterator<Item = &ScanPeer> {
        self.lookouts.iter().filter(|lookout| lookout.host != *self.surveyed.member.host())
    }

    async fn from(&self, lookout: &ScanPeer, doors: &BTreeSet<Door>) -> Vec<Look> {
        let mut looks = Vec::new();
        for address in addresses(&self.surveyed.member.login) {
            match from_there(lookout, address, doors).await {
                Ok(look) => looks.push(look),
                // One that has no address in that family is not broken.
                Err(_) if !lookout.addresses.iter().any(|own| own.is_ipv4() == address.is_ipv4()) => {}
                Err(why) => {
                    let from = format!("{}{}", lookout.host, over(address));
                    self.voice.say(What::Blind { from, why });
                }
            }
        }
        looks
    }

    /// Everybody tries some ports again; an answer takes the place of silence.
    pub async fn again(&self, looks: &mut [Look], doors: &BTreeSet<Door>) {
        for look in looks {
            let tried: BTreeSet<Door> =
                doors.iter().copied().filter(|door| look.said.contains_key(door)).collect();
            let said = match self.lookouts.iter().find(|lookout| is_by(look, lookout)) {
                Some(lookout) => {
                    from_there(lookout, look.to, &tried).await.map_or_else(|_| BTreeMap::new(), |it| it.said)
                }
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

/// The error says why it cannot look.
async fn from_there(lookout: &ScanPeer, address: IpAddr, doors: &BTreeSet<Door>) -> Result<Look, String> {
    let ScanPeer { host, connection, addresses } = lookout;
    match scan::from_there(connection, address, doors).await {
        Ok(Sight::Saw { with, said }) => {
            let from = addresses.iter().copied().chain([with]).collect();
            let who = format!("{host}{}", over(address));
            Ok(Look { who, to: address, with: Some(with), from, said })
        }
        Ok(Sight::Blind(why)) => Err(why),
        Err(error) => Err(error.words()),
    }
}

fn is_by(look: &Look, lookout: &ScanPeer) -> bool {
    look.who == format!("{}{}", lookout.host, over(look.to))
}

fn over(address: IpAddr) -> &'static str {
    if address.is_ipv6() { " over IPv6" } else { "" }
}
