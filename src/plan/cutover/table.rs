//! The table `inet pryvctl_services`, as text to be loaded and as the listing it must give.
//!
//! Text, because the JSON of nft 1.0.6 cannot say that a map's value is an address and a port.

use std::{collections::BTreeMap, fmt::Write as _};

use serde_json::{Value, json};

use super::map::{Port, ServiceMap};
use crate::{
    model::desired::Network,
    plan::{
        firewall::element,
        nftables::{Table, any_of, equal, field, meta, prefix, redirected, unequal},
    },
};

/// The table's name.
pub const TABLE: &str = "pryvctl_services";

/// Ahead of Docker's redirections, which stand at `dstnat`, -100; the first redirection of a connection counts.
const REDIRECT: i32 = -110;

/// Ahead of Docker's masquerading, which stands at `srcnat`, 100.
const MASQUERADE: i32 = 90;

/// A container that calls the host's address must get its answer from there, not from its neighbour.
const HAIRPIN: &str = "a container calls the host";

/// What replaces the table in one transaction, whether it is there or not.
///
/// A packet from a loopback address cannot leave the host, so 127.0.0.1 is left alone: refused instead of hanging.
pub fn document(networks: &[Network], map: &ServiceMap) -> String {
    let (four, six) = (text(&map.four), text(&map.six));
    let inner4 = elements(networks.iter().map(|network| network.subnet.to_string()));
    let inner6 = elements(networks.iter().map(|network| network.subnet6.to_string()));
    let (dial4, dial6) = (
        "fib daddr type local meta l4proto { tcp, udp } dnat ip to meta l4proto . th dport map @services",
        "fib daddr type local meta l4proto { tcp, udp } dnat ip6 to meta l4proto . th dport map @services6",
    );
    format!(
        "# Written by pryvctl; changes are overwritten.
table inet {TABLE}
delete table inet {TABLE}
table inet {TABLE} {{
	map services {{
		type inet_proto . inet_service : ipv4_addr . inet_service{four}
	}}
	map services6 {{
		type inet_proto . inet_service : ipv6_addr . inet_service{six}
	}}
	set inner4 {{
		type ipv4_addr
		flags interval{inner4}
	}}
	set inner6 {{
		type ipv6_addr
		flags interval{inner6}
	}}
	chain prerouting {{
		type nat hook prerouting priority {REDIRECT}; policy accept;
		meta nfproto ipv4 {dial4}
		meta nfproto ipv6 {dial6}
	}}
	chain output {{
		type nat hook output priority {REDIRECT}; policy accept;
		ip daddr != 127.0.0.0/8 {dial4}
		ip6 daddr != ::1 {dial6}
	}}
	chain postrouting {{
		type nat hook postrouting priority {MASQUERADE}; policy accept;
		ct status dnat ip saddr @inner4 ip daddr @inner4 masquerade comment \"{HAIRPIN}\"
		ct status dnat ip6 saddr @inner6 ip6 daddr @inner6 masquerade comment \"{HAIRPIN}\"
	}}
}}
"
    )
}

fn elements(list: impl Iterator<Item = String>) -> String {
    let list: Vec<String> = list.collect();
    if list.is_empty() { String::new() } else { format!("\n\t\telements = {{ {} }}", list.join(", ")) }
}

fn text<A: ToString>(map: &BTreeMap<Port, (A, u16)>) -> String {
    elements(map.iter().map(|(port, to)| pair(port, to)))
}

fn pair<A: ToString>((protocol, port): &Port, (address, target): &(A, u16)) -> String {
    format!("{} . {port} : {} . {target}", protocol.as_str(), address.to_string())
}

/// Elements out and in, all or nothing.
pub fn transaction(from: &ServiceMap, to: &ServiceMap) -> String {
    let mut text = String::new();
    exchange(&mut text, "services", &from.four, &to.four);
    exchange(&mut text, "services6", &from.six, &to.six);
    text
}

fn exchange<A: ToString + PartialEq>(
    text: &mut String,
    name: &str,
    from: &BTreeMap<Port, (A, u16)>,
    to: &BTreeMap<Port, (A, u16)>,
) {
    for (port @ (protocol, number), place) in from {
        if to.get(port) != Some(place) {
            let key = format!("{} . {number}", protocol.as_str());
            writeln!(text, "delete element inet {TABLE} {name} {{ {key} }}").unwrap_or_default();
        }
    }
    for (port, place) in to {
        if from.get(port) != Some(place) {
            writeln!(text, "add element inet {TABLE} {name} {{ {} }}", pair(port, place)).unwrap_or_default();
        }
    }
}

/// What `nft -j list table` must show.
pub fn listing(networks: &[Network], map: &ServiceMap) -> Value {
    let mut table = Table::new(TABLE);
    let from = ["inet_proto", "inet_service"];
    table.map("services", &from, &["ipv4_addr", "inet_service"], pairs(&map.four));
    table.map("services6", &from, &["ipv6_addr", "inet_service"], pairs(&map.six));
    let inner4 = networks.iter().map(|network| element(network.subnet.into())).collect();
    let inner6 = networks.iter().map(|network| element(network.subnet6.into())).collect();
    table.interval_set("inner4", "ipv4_addr", inner4);
    table.interval_set("inner6", "ipv6_addr", inner6);
    table.base_chain("nat", "prerouting", REDIRECT, "accept");
    table.base_chain("nat", "output", REDIRECT, "accept");
    table.base_chain("nat", "postrouting", MASQUERADE, "accept");
    let loopback4 = unequal(field("ip", "daddr"), prefix("127.0.0.0", 8));
    let loopback6 = unequal(field("ip6", "daddr"), Value::from("::1"));
    let families = [("ipv4", "ip", "@services", loopback4), ("ipv6", "ip6", "@services6", loopback6)];
    for (protocol, family, map, elsewhere) in families {
        table.rule("prerouting", None, redirect(equal(meta("nfproto"), protocol), family, map));
        table.rule("output", None, redirect(elsewhere, family, map));
        let inner = if family == "ip" { "@inner4" } else { "@inner6" };
        let (source, target) = (equal(field(family, "saddr"), inner), equal(field(family, "daddr"), inner));
        table.rule(
            "postrouting",
            Some(HAIRPIN),
            vec![redirected(), source, target, json!({ "masquerade": null })],
        );
    }
    table.listing()
}

fn redirect(condition: Value, family: &str, map: &str) -> Vec<Value> {
    let local = equal(json!({ "fib": { "result": "type", "flags": ["daddr"] } }), "local");
    let dialled = json!({ "concat": [meta("l4proto"), field("th", "dport")] });
    let to = json!({ "dnat": { "family": family, "addr": { "map": { "key": dialled, "data": map } } } });
    vec![condition, local, equal(meta("l4proto"), any_of(&["tcp", "udp"])), to]
}

fn pairs<A: ToString>(map: &BTreeMap<Port, (A, u16)>) -> Vec<Value> {
    map.iter()
        .map(|((protocol, port), (address, target))| {
            let key = json!({ "concat": [protocol.as_str(), port] });
            json!([key, { "concat": [address.to_string(), target] }])
        })
        .collect()
}
