//! The table `inet pryvctl_services`: which container answers on which port of the host. The kernel is the switch.
//!
//! Replacing an element is one transaction: new connections go to the new container, while established ones stay with
//! the old one, because their redirection is already in the connection table.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use serde_json::{Value, json};

use super::{
    file::{file, own},
    firewall::element,
    nftables::{
        NFT, Table, any_of, differences, element_list, equal, field, meta, prefix, redirected, same, unequal,
    },
    step::{Action, Step, Undo},
};
use crate::{
    facts::state::HostState,
    model::{
        command::Command,
        desired::{Desired, Protocol, Service, Slot},
        place,
    },
};

/// The table's name.
pub const TABLE: &str = "pryvctl_services";

/// Ahead of Docker's redirections, which stand at `dstnat`, -100; the first redirection of a connection counts.
const REDIRECT: i32 = -110;

/// Ahead of Docker's masquerading, which stands at `srcnat`, 100.
const MASQUERADE: i32 = 90;

type Port = (Protocol, u16);

/// Which container answers on which port of the host, in both families.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServiceMap {
    four: BTreeMap<Port, (Ipv4Addr, u16)>,
    six: BTreeMap<Port, (Ipv6Addr, u16)>,
}

impl ServiceMap {
    /// The map of a host. What cannot be an element of ours is left out, and then differs.
    pub fn of(state: &HostState) -> Self {
        let Some(listing) = state.tables.get(TABLE) else { return Self::default() };
        Self { four: elements(listing, "services"), six: elements(listing, "services6") }
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
        map
    }

    /// Whether all elements of `other` are in this map.
    pub fn contains(&self, other: &Self) -> bool {
        other.four.iter().all(|(port, to)| self.four.get(port) == Some(to))
            && other.six.iter().all(|(port, to)| self.six.get(port) == Some(to))
    }

    /// This map with the elements of `other` in place of its own for the same ports.
    #[must_use]
    pub fn with(&self, other: &Self) -> Self {
        let mut map = self.clone();
        map.four.extend(&other.four);
        map.six.extend(&other.six);
        map
    }

    /// This map without the ports that `wanted` has not.
    #[must_use]
    pub fn within(&self, wanted: &Self) -> Self {
        let mut map = self.clone();
        map.four.retain(|port, _| wanted.four.contains_key(port));
        map.six.retain(|port, _| wanted.six.contains_key(port));
        map
    }
}

fn elements<A: std::str::FromStr>(listing: &Value, name: &str) -> BTreeMap<Port, (A, u16)> {
    element_list(listing, "map", name).iter().filter_map(read_element).collect()
}

fn read_element<A: std::str::FromStr>(element: &Value) -> Option<(Port, (A, u16))> {
    let part = |side: usize, place: usize| element.get(side)?.get("concat")?.get(place);
    let number = |side| u16::try_from(part(side, 1)?.as_u64()?).ok();
    let protocol = match part(0, 0)?.as_str()? {
        "tcp" => Protocol::Tcp,
        "udp" => Protocol::Udp,
        _ => return None,
    };
    Some(((protocol, number(0)?), (part(1, 0)?.as_str()?.parse().ok()?, number(1)?)))
}

fn key((protocol, port): &Port) -> Value {
    json!({ "concat": [protocol.as_str(), port] })
}

fn pairs<A: ToString>(map: &BTreeMap<Port, (A, u16)>) -> Vec<Value> {
    map.iter()
        .map(|(port, (address, target))| json!([key(port), { "concat": [address.to_string(), target] }]))
        .collect()
}

/// The whole table with a map in it.
pub fn table(desired: &Desired, map: &ServiceMap) -> Table {
    let mut table = Table::new(TABLE);
    let (inner4, inner6): (Vec<_>, Vec<_>) = desired
        .networks
        .iter()
        .map(|network| (element(network.subnet.into()), element(network.subnet6.into())))
        .unzip();
    table.map("services", &["inet_proto", "inet_service"], &["ipv4_addr", "inet_service"], pairs(&map.four));
    table.map("services6", &["inet_proto", "inet_service"], &["ipv6_addr", "inet_service"], pairs(&map.six));
    table.interval_set("inner4", "ipv4_addr", inner4);
    table.interval_set("inner6", "ipv6_addr", inner6);
    table.base_chain("nat", "prerouting", REDIRECT, "accept");
    table.base_chain("nat", "output", REDIRECT, "accept");
    table.base_chain("nat", "postrouting", MASQUERADE, "accept");
    for (nfproto, family, map, ip, loopback) in [
        ("ipv4", "ip", "@services", "ip", prefix("127.0.0.0", 8)),
        ("ipv6", "ip6", "@services6", "ip6", Value::from("::1")),
    ] {
        table.rule("prerouting", None, redirect(nfproto, family, map, None));
        // A packet from a loopback address cannot leave the host, so 127.0.0.1 is refused instead of hanging.
        let elsewhere = unequal(field(ip, "daddr"), loopback);
        table.rule("output", None, redirect(nfproto, family, map, Some(elsewhere)));
    }
    for (ip, inner) in [("ip", "@inner4"), ("ip6", "@inner6")] {
        let hairpin = vec![
            redirected(),
            equal(field(ip, "saddr"), inner),
            equal(field(ip, "daddr"), inner),
            json!({ "masquerade": null }),
        ];
        table.rule("postrouting", Some("a container calls the host's address"), hairpin);
    }
    table
}

fn redirect(nfproto: &str, family: &str, map: &str, condition: Option<Value>) -> Vec<Value> {
    let local = equal(json!({ "fib": { "result": "type", "flags": ["daddr"] } }), "local");
    let dialled = json!({ "concat": [meta("l4proto"), field("th", "dport")] });
    let to = json!({ "dnat": { "family": family, "addr": { "map": { "key": dialled, "data": map } } } });
    let head = [equal(meta("nfproto"), nfproto)].into_iter().chain(condition);
    head.chain([local, equal(meta("l4proto"), any_of(&["tcp", "udp"])), to]).collect()
}

/// The ports all services want, wherever they lead.
pub fn wanted(desired: &Desired) -> ServiceMap {
    let maps = desired.services.iter().map(|service| ServiceMap::to(service, Slot::A));
    maps.fold(ServiceMap::default(), |all, map| all.with(&map))
}

/// Whether a step also keeps the map for the next boot.
pub fn keeps_map(step: &Step) -> bool {
    matches!(&step.action, Action::Run(command) if command.script.contains(place::SERVICES))
}

/// The step that makes the table what it must be around the map it has, if it is not.
pub fn structure(desired: &Desired, state: &HostState, map: &ServiceMap) -> Option<Step> {
    let table = table(desired, map);
    let listing = table.listing();
    let (why, undo) = match state.tables.get(TABLE) {
        Some(found) if same(found, &listing) => return None,
        Some(found) => {
            let head = format!("table inet {TABLE} is not as it should be");
            let lines = std::iter::once(head).chain(differences(found, &listing)).collect();
            (lines, Undo::Nothing("what was there before did not lead to our services"))
        }
        None => {
            let delete = Command::root(format!("{NFT} delete table inet {TABLE}"));
            (vec![format!("table inet {TABLE}: none -> the map from ports to containers")], Undo::Run(delete))
        }
    };
    let action = Action::Run(keep_and(&format!("{NFT} -j -f $new"), &table));
    Some(Step::safe("services.table", action, undo).because(why))
}

/// The step that brings the map from one state to the next; none if they are the same.
pub fn swap(id: String, desired: &Desired, from: &ServiceMap, to: &ServiceMap) -> Option<Step> {
    if from == to {
        return None;
    }
    let change = |from, to| {
        keep_and(&format!("{NFT} -j -f - <<'NFT'\n{}\nNFT", transaction(from, to)), &table(desired, to))
    };
    let step = Step::safe(id, Action::Run(change(from, to)), Undo::Run(change(to, from)));
    Some(step.because(words(from, to)))
}

/// The step that writes the map for the next boot, if the file says something else.
pub fn at_boot(desired: &Desired, state: &HostState, map: &ServiceMap) -> Option<Step> {
    let want = own(place::SERVICES, table(desired, map).document(), 0o600);
    let step = file("services.file", &want, state)?;
    Some(Step { why: vec![format!("{}: the map as it is, for the next boot", place::SERVICES)], ..step })
}

/// A script that changes the kernel's table and then keeps the whole of it for the next boot.
fn keep_and(change: &str, table: &Table) -> Command {
    let (folder, path) = (place::OURS, place::SERVICES);
    let script = format!(
        "set -e; umask 077; mkdir -p {folder}; new={path}.pryvctl-new; trap 'rm -f $new' EXIT; cat > $new
{change}
mv -f $new {path}"
    );
    Command::root(script).stdin(table.document())
}

/// Elements out and in, all or nothing.
fn transaction(from: &ServiceMap, to: &ServiceMap) -> Value {
    let mut commands = Vec::new();
    exchange(&mut commands, "services", &from.four, &to.four);
    exchange(&mut commands, "services6", &from.six, &to.six);
    json!({ "nftables": commands })
}

fn exchange<A: ToString + PartialEq + Copy>(
    commands: &mut Vec<Value>,
    name: &str,
    from: &BTreeMap<Port, (A, u16)>,
    to: &BTreeMap<Port, (A, u16)>,
) {
    let only = |one: &BTreeMap<Port, (A, u16)>, other: &BTreeMap<Port, (A, u16)>| {
        one.iter()
            .filter(|(port, place)| other.get(*port) != Some(*place))
            .map(|(port, place)| (*port, *place))
            .collect::<BTreeMap<_, _>>()
    };
    for (verb, elements) in [("delete", only(from, to)), ("add", only(to, from))] {
        if !elements.is_empty() {
            let element = json!({ "family": "inet", "table": TABLE, "name": name, "elem": pairs(&elements) });
            commands.push(json!({ verb: { "element": element } }));
        }
    }
}

/// One line a port and family, as in `443/tcp: 172.28.0.10:3000 -> 172.28.0.11:3000`.
fn words(from: &ServiceMap, to: &ServiceMap) -> Vec<String> {
    let all = |map: &ServiceMap| -> BTreeMap<(Port, u8), (IpAddr, u16)> {
        let four = map.four.iter().map(|(port, (ip, target))| ((*port, 4), (IpAddr::from(*ip), *target)));
        let six = map.six.iter().map(|(port, (ip, target))| ((*port, 6), (IpAddr::from(*ip), *target)));
        four.chain(six).collect()
    };
    let (from, to) = (all(from), all(to));
    let said = |place: Option<&(IpAddr, u16)>| {
        place.map_or_else(|| "none".to_owned(), |place| std::net::SocketAddr::from(*place).to_string())
    };
    let keys: std::collections::BTreeSet<_> = from.keys().chain(to.keys()).collect();
    keys.into_iter()
        .filter(|key| from.get(key) != to.get(key))
        .map(|key| {
            let ((protocol, port), _) = key;
            format!("{port}/{}: {} -> {}", protocol.as_str(), said(from.get(key)), said(to.get(key)))
        })
        .collect()
}
