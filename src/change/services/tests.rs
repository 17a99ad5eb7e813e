//! The text of a table and of a transaction, read back as nft would read it.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use proptest::{prelude::*, sample::select};

use super::{
    ServiceMap, ServiceTable,
    table::{TABLE, transaction},
};
use crate::{facts::conntrack::Timeouts, model::desired::Protocol};

/// Elements of our maps in a text of nft, one `key : value` at a time.
fn read_map(text: &str) -> ServiceMap {
    let parts = text.split(['{', '}', ',', '\n']).filter_map(|part| part.trim().split_once(" : "));
    parts.fold(ServiceMap::default(), |map, (key, value)| map.with(&element(key, value)))
}

/// One element, if these are one.
fn element(key: &str, value: &str) -> ServiceMap {
    let mut map = ServiceMap::default();
    match [key.split(" . ").collect::<Vec<_>>(), value.split(" . ").collect()].concat()[..] {
        [own, to] => {
            if let (Ok(own), Ok(to)) = (own.parse(), to.parse()) {
                map.inside.insert(own, to);
            }
        }
        [protocol, port, to, target] => {
            let protocol = if protocol == "tcp" { Protocol::Tcp } else { Protocol::Udp };
            match (port.parse(), to.parse(), target.parse()) {
                (Ok(port), Ok(IpAddr::V4(to)), Ok(target)) => {
                    map.four.insert((protocol, port), (to, target));
                }
                (Ok(port), Ok(IpAddr::V6(to)), Ok(target)) => {
                    map.six.insert((protocol, port), (to, target));
                }
                // The type of a map looks like an element.
                _ => {}
            }
        }
        _ => {}
    }
    map
}

/// Where an element leads says nothing when it goes.
fn anywhere(name: &str) -> &str {
    match name {
        "services" => "0.0.0.0 . 0",
        "services6" => ":: . 0",
        _ => "0.0.0.0",
    }
}

/// Carries a transaction out as the kernel does: what is deleted must be there, and what is added must not.
fn carried_out(transaction: &str, mut map: ServiceMap) -> ServiceMap {
    for line in transaction.lines() {
        let (verb, rest) = line.split_once(&format!(" element inet {TABLE} ")).unwrap();
        let (name, body) = rest.split_once(" { ").unwrap();
        let body = body.trim_end_matches(" }");
        // The sets follow from the maps.
        if name.starts_with("second") {
            continue;
        }
        if verb == "delete" {
            let key = element(body, anywhere(name));
            assert_ne!(map.without(&key), map, "{line}: there is none");
            map = map.without(&key);
        } else {
            let come = read_map(body);
            assert!(!come.is_empty() && map.without(&come) == map, "{line}: there is one");
            map = map.with(&come);
        }
    }
    map
}

fn map() -> impl Strategy<Value = ServiceMap> {
    let port = || (select(vec![Protocol::Tcp, Protocol::Udp]), select(vec![53u16, 80, 443]));
    let four =
        (2..6u8, select(vec![53u16, 3000])).prop_map(|(last, to)| (Ipv4Addr::new(172, 28, 0, last), to));
    let six = (2..6u16, select(vec![53u16, 3000]))
        .prop_map(|(last, to)| (Ipv6Addr::new(0xfd00, 0x28, 0, 0, 0, 0, 0, last), to));
    let own = |last: u8| Ipv4Addr::new(172, 29, 0, last);
    let inside = (1..4u8, 2..6u8).prop_map(move |(from, to)| (own(from), Ipv4Addr::new(172, 28, 0, to)));
    let all = |size| 0..size;
    (
        proptest::collection::vec((port(), four), all(4)),
        proptest::collection::vec((port(), six), all(4)),
        proptest::collection::vec(inside, all(3)),
    )
        .prop_map(|(four, six, inside)| ServiceMap {
            four: four.into_iter().collect::<BTreeMap<_, _>>(),
            six: six.into_iter().collect(),
            inside: inside.into_iter().collect(),
        })
}

proptest! {
    #[test]
    fn a_transaction_leads_from_one_map_to_the_other(from in map(), to in map()) {
        prop_assert_eq!(carried_out(&transaction(&from, &to), from.clone()), to.clone());
        prop_assert_eq!(carried_out(&transaction(&to, &from), to), from);
    }

    #[test]
    fn text_and_listing_of_a_table_say_the_same_map(map in map()) {
        let table = ServiceTable {
            networks: vec![("172.28.0.0/24".parse().unwrap(), "fd00:28::/64".parse().unwrap())],
            inside: "172.29.0.0/24".parse().unwrap(),
            timeouts: Timeouts::Settable,
        };
        prop_assert_eq!(read_map(&table.document(&map)), map.clone());
        prop_assert_eq!(ServiceMap::read(&table.listing(&map)), map);
    }
}
