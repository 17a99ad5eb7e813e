//! Addresses of container networks and containers, the same at every run and on every host.
//!
//! A name is given the place its hash points at, or the next free one. So a network or a service that is added moves
//! the others only where two hashes meet, while numbering in sorted order would move every one behind it, and each
//! move is a new container. Names that come first keep their place: those of roles named first on the host.
//!
//! Slot a's address is even and slot b's is odd ([`Slot::of`](crate::model::desired::Slot::of)).

use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, Ipv6Addr},
};

use ipnet::{Ipv4Net, Ipv6Net};
use sha2::{Digest, Sha256};

use crate::model::name::PlatformName;

/// Container networks are cut to this length; it leaves room for [`PAIRS`].
const LENGTH: u8 = 24;

/// The first host number; those below are left for the gateway.
const FIRST: u8 = 10;

/// Services a network can hold: two addresses each, from .10 up to .253.
pub(super) const PAIRS: usize = 122;

/// Gives each name a place of its own below `places`; `None`: there are more names than places.
pub(super) fn spread<'n>(
    names: impl IntoIterator<Item = &'n str>,
    places: usize,
) -> Option<BTreeMap<&'n str, usize>> {
    let (mut taken, mut found) = (vec![false; places], BTreeMap::new());
    for name in names {
        if found.contains_key(name) {
            continue;
        }
        let start = usize::from(u16::from_be_bytes(digest(name)));
        let place = (0..places).map(|step| (start + step) % places).find(|place| !taken[*place])?;
        taken[place] = true;
        found.insert(name, place);
    }
    Some(found)
}

/// How many container networks can be cut; the last room is for [`inside`].
pub(super) fn rooms(network: Ipv4Net) -> usize {
    match LENGTH.checked_sub(network.prefix_len()) {
        Some(bits) => (1_usize << bits.min(16)) - 1,
        None => 0,
    }
}

/// The network of the services' own addresses.
pub(super) fn inside(network: Ipv4Net) -> Ipv4Net {
    subnet(network, rooms(network))
}

/// Services that can have an address of their own, from .10 up to .253.
pub(super) const OWN: usize = 244;

/// A service's own address in a place.
pub(super) fn own(inside: Ipv4Net, place: usize) -> Ipv4Addr {
    let number = u32::try_from(place).unwrap_or_default() + u32::from(FIRST);
    Ipv4Addr::from(u32::from(inside.network()) + number)
}

/// The container network in a place.
pub(super) fn subnet(network: Ipv4Net, place: usize) -> Ipv4Net {
    let offset = u32::try_from(place << (32 - LENGTH)).unwrap_or_default();
    let first = Ipv4Addr::from(u32::from(network.network()) + offset);
    Ipv4Net::new_assert(first, LENGTH)
}

/// The IPv6 network beside it: unique local (RFC 4193), its global id from the platform's name, its subnet id from the
/// IPv4 network.
pub(super) fn subnet6(platform: &PlatformName, subnet: Ipv4Net) -> Ipv6Net {
    let [a, b, c, d, e] = digest(platform.as_str());
    let [_, second, third, _] = subnet.network().octets();
    let pair = |high, low| u16::from_be_bytes([high, low]);
    let first = Ipv6Addr::new(pair(0xfd, a), pair(b, c), pair(d, e), pair(second, third), 0, 0, 0, 0);
    Ipv6Net::new_assert(first, 64)
}

/// The addresses of slot a and slot b in a place.
pub(super) fn pair(subnet: Ipv4Net, subnet6: Ipv6Net, place: usize) -> ([Ipv4Addr; 2], [Ipv6Addr; 2]) {
    let number = u8::try_from(place * 2).unwrap_or_default() + FIRST;
    let v4 = |number: u8| Ipv4Addr::from(u32::from(subnet.network()) + u32::from(number));
    let v6 = |number: u8| Ipv6Addr::from(u128::from(subnet6.network()) + u128::from(number));
    ([v4(number), v4(number + 1)], [v6(number), v6(number + 1)])
}

fn digest<const N: usize>(text: &str) -> [u8; N] {
    let digest = Sha256::digest(text.as_bytes());
    std::array::from_fn(|index| digest[index])
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_new_name_moves_no_other() {
        let old = spread(["core", "mongodb", "nginx"], PAIRS).unwrap();
        let new = spread(["core", "hfs", "mongodb", "nginx"], PAIRS).unwrap();
        assert!(old.iter().all(|(name, place)| new[name] == *place), "{old:?} {new:?}");
    }

    #[test]
    fn a_full_network_is_noticed() {
        let names = ["a", "b", "c"];
        assert!(spread(names, 3).is_some());
        assert!(spread(names, 2).is_none());
        assert_eq!(spread(["a", "a"], 1).map(|found| found.len()), Some(1));
    }

    #[test]
    fn networks_are_cut_from_the_platforms() {
        let network = "10.20.0.0/22".parse().unwrap();
        assert_eq!(rooms(network), 3);
        assert_eq!(rooms("10.0.0.0/25".parse().unwrap()), 0);
        assert_eq!(subnet(network, 3).to_string(), "10.20.3.0/24");
        assert_eq!(inside(network).to_string(), "10.20.3.0/24");
        assert_eq!(own(inside(network), OWN - 1).to_string(), "10.20.3.253");
        let six = subnet6(&"acme".parse().unwrap(), subnet(network, 3));
        insta::assert_snapshot!(six, @"fd82:2b33:ad87:1403::/64");
        let (v4, v6) = pair(subnet(network, 3), six, 121);
        insta::assert_snapshot!(format!("{v4:?} {v6:?}"), @"[10.20.3.252, 10.20.3.253] [fd82:2b33:ad87:1403::fc, fd82:2b33:ad87:1403::fd]");
    }

    proptest! {
        #[test]
        fn no_two_services_share_an_address(names in proptest::collection::btree_set("[a-z]{1,8}", 1..PAIRS)) {
            let network = "172.28.5.0/24".parse().unwrap();
            let six = subnet6(&"acme".parse().unwrap(), network);
            let places = spread(names.iter().map(String::as_str), PAIRS).unwrap();
            let pairs = places.values().map(|place| pair(network, six, *place));
            let (v4, v6): (Vec<_>, Vec<_>) = pairs.unzip();
            let v4: BTreeSet<_> = v4.into_iter().flatten().collect();
            let v6: BTreeSet<_> = v6.into_iter().flatten().collect();
            prop_assert_eq!(v4.len(), names.len() * 2);
            prop_assert_eq!(v6.len(), names.len() * 2);
            prop_assert!(v4.iter().all(|address| network.contains(address) && *address != network.broadcast()));
        }
    }
}
