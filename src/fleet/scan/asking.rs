//! Who tries the ports of a host.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

use futures_util::future::join_all;

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
    /// From here over each family, and from a second host, all at once: a closed port is silent for as long as one waits. Then,
    /// from hosts that may, what neither was let try.
    pub async fn all(&self, doors: &BTreeSet<Door>) -> Result<Vec<Look>, HostError> {
        let Surveyed { member, connection, .. } = self.surveyed;
        let mut others = self.others();
        let (here, here6, there) = tokio::join!(
            from_here(connection, member.login.address, doors),
            self.here6(doors),
            self.first(&mut others, doors)
        );
        let mut looks: Vec<Look> = [here?].into_iter().chain(here6?).chain(there).collect();
        for lookout in others {
            let left: BTreeSet<Door> = untried(self.declared, &looks).into_iter().map(door).collect();
            if left.is_empty() {
                break;
            }
            looks.extend(self.from(lookout, &left).await);
        }
        Ok(looks)
    }

    /// Over IPv6, if the host can be reached so.
    async fn here6(&self, doors: &BTreeSet<Door>) -> Result<Option<Look>, HostError> {
        let Surveyed { member, connection, .. } = self.surveyed;
        match (connection.reconnect6().await, member.login.address6) {
            (Some(Ok(second)), Some(address)) => from_here(&second, address, doors).await.map(Some),
            _ => Ok(None),
        }
    }

    /// From the first other host that can look.
    async fn first<'b>(
        &self,
        others: &mut impl Iterator<Item = &'b ScanPeer>,
        doors: &BTreeSet<Door>,
    ) -> Vec<Look> {
        for lookout in others {
            let found = self.from(lookout, doors).await;
            if !found.is_empty() {
                return found;
            }
        }
        Vec::new()
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

    /// From another host over each family.
    async fn from(&self, lookout: &ScanPeer, doors: &BTreeSet<Door>) -> Vec<Look> {
        let addresses = addresses(&self.surveyed.member.login);
        let looks = join_all(addresses.into_iter().map(|address| self.over(lookout, address, doors))).await;
        looks.into_iter().flatten().collect()
    }

    async fn over(&self, lookout: &ScanPeer, address: IpAddr, doors: &BTreeSet<Door>) -> Option<Look> {
        let why = match from_there(lookout, address, doors).await {
            Ok(look) => return Some(look),
            Err(why) => why,
        };
        // One that has no address in that family is not broken.
        if lookout.addresses.iter().any(|own| own.is_ipv4() == address.is_ipv4()) {
            let from = format!("{}{}", lookout.host, over(address));
            self.voice.say(What::Blind { from, why });
        }
        None
    }

    /// Everybody tries some ports again; an answer takes the place of silence.
    pub async fn again(&self, looks: &mut [Look], doors: &BTreeSet<Door>) {
        let again = looks.iter_mut().map(|look| async {
            let tried: BTreeSet<Door> =
                doors.iter().copied().filter(|door| look.said.contains_key(door)).collect();
            let said = match self.lookouts.iter().find(|lookout| is_by(look, lookout)) {
                Some(lookout) => {
                    from_there(lookout, look.to, &tried).await.map_or_else(|_| BTreeMap::new(), |it| it.said)
                }
                None => scan::from_here(look.to, &tried).await,
            };
            look.said.extend(said.into_iter().filter(|(_, said)| *said != Said::Nothing));
        });
        join_all(again).await;
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
