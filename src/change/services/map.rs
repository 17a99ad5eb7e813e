//! Which container answers on which port of the host.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    str::FromStr,
};

use serde_json::Value;

use crate::{
    change::nftables::element_list,
    model::desired::{Protocol, Service, Slot},
};

/// What a UDP answer is known by: the container's address and port.
pub type Places<A> = BTreeSet<(A, u16)>;

/// A port of the host.
pub type Port = (Protocol, u16);

/// Which container answers on which port of the host, in both families.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServiceMap {
    /// IPv4.
    pub four: BTreeMap<Port, (Ipv4Addr, u16)>,
    /// IPv6.
    pub six: BTreeMap<Port, (Ipv6Addr, u16)>,
    /// Where the services' own addresses lead, by which containers of this host call each other.
    pub inside: BTreeMap<Ipv4Addr, Ipv4Addr>,
}

impl ServiceMap {
    /// The map in a table's listing. What cannot be an element of ours is left out, and then differs.
    pub fn read(listing: &Value) -> Self {
        let inside = element_list(listing, "map", "inside").iter().filter_map(read_inside).collect();
        Self { four: elements(listing, "services"), six: elements(listing, "services6"), inside }
    }

    /// The elements that lead to a service's container in a slot.
    pub fn to(service: &Service, slot: Slot) -> Self {
        let mut map = Self::default();
        for endpoint in &service.endpoints {
            let attachment = service.spec.networks.iter().find(|place| place.network == endpoint.network);
            if let Some((four, six)) = attachment.map(|place| place.at(slot)) {
                map.four.insert((endpoint.protocol, endpoint.port), (four, endpoint.target));
                map.six.insert((endpoint.protocol, endpoint.port), (six, endpoint.target));
            }
        }
        if let Some(inside) = &service.inside {
            let attachment = service.spec.networks.iter().find(|place| place.network == inside.network);
            map.inside.extend(attachment.map(|place| (inside.address, place.at(slot).0)));
        }
        map
    }

    /// Whether nothing leads anywhere.
    pub fn is_empty(&self) -> bool {
        self.four.is_empty() && self.six.is_empty() && self.inside.is_empty()
    }

    /// Whether all elements of `other` are in this map.
    pub fn contains(&self, other: &Self) -> bool {
        other.four.iter().all(|(port, to)| self.four.get(port) == Some(to))
            && other.six.iter().all(|(port, to)| self.six.get(port) == Some(to))
            && other.inside.iter().all(|(address, to)| self.inside.get(address) == Some(to))
    }

    /// This map with the elements of `other` in place of its own for the same ports.
    #[must_use]
    pub fn with(&self, other: &Self) -> Self {
        let mut map = self.clone();
        map.four.extend(&other.four);
        map.six.extend(&other.six);
        map.inside.extend(&other.inside);
        map
    }

    /// This map without the ports that `wanted` has not.
    #[must_use]
    pub fn within(&self, wanted: &Self) -> Self {
        let mut map = self.clone();
        map.four.retain(|port, _| wanted.four.contains_key(port));
        map.six.retain(|port, _| wanted.six.contains_key(port));
        map.inside.retain(|address, _| wanted.inside.contains_key(address));
        map
    }

    /// This map without the ports and addresses of another.
    #[must_use]
    pub fn without(&self, other: &Self) -> Self {
        let mut map = self.clone();
        map.four.retain(|port, _| !other.four.contains_key(port));
        map.six.retain(|port, _| !other.six.contains_key(port));
        map.inside.retain(|address, _| !other.inside.contains_key(address));
        map
    }

    /// What of this map leads to one of these addresses.
    #[must_use]
    pub fn leading_to(&self, addresses: &BTreeSet<IpAddr>) -> Self {
        let mut map = self.clone();
        map.four.retain(|_, (to, _)| addresses.contains(&IpAddr::from(*to)));
        map.six.retain(|_, (to, _)| addresses.contains(&IpAddr::from(*to)));
        map.inside.retain(|_, to| addresses.contains(&IpAddr::from(*to)));
        map
    }

    /// The UDP ports that lead to a container in slot b, and those containers' places in both families.
    pub fn seconds(&self) -> (BTreeSet<u16>, Places<Ipv4Addr>, Places<Ipv6Addr>) {
        let four = || seconds(&self.four, |address| Slot::of(address.to_bits().into()));
        let six = || seconds(&self.six, |address| Slot::of(address.to_bits()));
        let ports = four().map(|(port, _)| port).chain(six().map(|(port, _)| port)).collect();
        (ports, four().map(|(_, place)| place).collect(), six().map(|(_, place)| place).collect())
    }

    /// What changes on the way to another map: a line a port, as in `443/tcp: 172.28.0.2:3000 -> 172.28.0.3:3000`.
    pub fn changes(&self, other: &Self) -> Vec<String> {
        let (from, to) = (self.all(), other.all());
        let said =
            |place: Option<&SocketAddr>| place.map_or_else(|| "none".to_owned(), SocketAddr::to_string);
        let keys: BTreeSet<_> = from.keys().chain(to.keys()).collect();
        let changed = keys.into_iter().filter(|key| from.get(key) != to.get(key));
        changed
            .map(|key| {
                let ((protocol, port), _) = key;
                format!("{port}/{}: {} -> {}", protocol.as_str(), said(from.get(key)), said(to.get(key)))
            })
            .chain(self.changes_inside(other))
            .collect()
    }

    fn changes_inside(&self, to: &Self) -> Vec<String> {
        let said = |place: Option<&Ipv4Addr>| place.map_or_else(|| "none".to_owned(), Ipv4Addr::to_string);
        let keys: BTreeSet<_> = self.inside.keys().chain(to.inside.keys()).collect();
        let changed = keys.into_iter().filter(|key| self.inside.get(key) != to.inside.get(key));
        changed
            .map(|key| format!("{key}: {} -> {}", said(self.inside.get(key)), said(to.inside.get(key))))
            .collect()
    }

    /// Every element: a port and where it leads.
    pub fn entries(&self) -> impl Iterator<Item = (Port, SocketAddr)> {
        self.all().into_iter().map(|((port, _), to)| (port, to))
    }

    /// Every address that something leads to.
    pub fn targets(&self) -> BTreeSet<IpAddr> {
        let inside = self.inside.values().copied().map(IpAddr::from);
        self.entries().map(|(_, to)| to.ip()).chain(inside).collect()
    }

    /// The map with these elements.
    pub fn from_entries(entries: impl IntoIterator<Item = (Port, SocketAddr)>) -> Self {
        let mut map = Self::default();
        for (port, to) in entries {
            match to.ip() {
                IpAddr::V4(four) => drop(map.four.insert(port, (four, to.port()))),
                IpAddr::V6(six) => drop(map.six.insert(port, (six, to.port()))),
            }
        }
        map
    }

    /// Every element by port and family.
    fn all(&self) -> BTreeMap<(Port, u8), SocketAddr> {
        let four = self.four.iter().map(|(port, (ip, target))| ((*port, 4), (IpAddr::from(*ip), *target)));
        let six = self.six.iter().map(|(port, (ip, target))| ((*port, 6), (IpAddr::from(*ip), *target)));
        four.chain(six).map(|(key, place)| (key, SocketAddr::from(place))).collect()
    }
}

fn seconds<A: Copy>(
    map: &BTreeMap<Port, (A, u16)>,
    slot: impl Fn(A) -> Slot,
) -> impl Iterator<Item = (u16, (A, u16))> {
    map.iter()
        .filter(move |((protocol, _), (address, _))| *protocol == Protocol::Udp && slot(*address) == Slot::B)
        .map(|((_, port), place)| (*port, *place))
}

fn read_inside(element: &Value) -> Option<(Ipv4Addr, Ipv4Addr)> {
    let part = |side: usize| element.get(side)?.as_str()?.parse().ok();
    Some((part(0)?, part(1)?))
}

fn elements<A: FromStr>(listing: &Value, name: &str) -> BTreeMap<Port, (A, u16)> {
    element_list(listing, "map", name).iter().filter_map(read_element).collect()
}

fn read_element<A: FromStr>(element: &Value) -> Option<(Port, (A, u16))> {
    let part = |side: usize, place: usize| element.get(side)?.get("concat")?.get(place);
    let number = |side| u16::try_from(part(side, 1)?.as_u64()?).ok();
    let protocol = match part(0, 0)?.as_str()? {
        "tcp" => Protocol::Tcp,
        "udp" => Protocol::Udp,
        _ => return None,
    };
    Some(((protocol, number(0)?), (part(1, 0)?.as_str()?.parse().ok()?, number(1)?)))
}
