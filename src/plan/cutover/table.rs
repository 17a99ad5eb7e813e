//! The table `inet pryvctl_services`, as text to be loaded and as the listing it must give.
//!
//! Text, because the JSON of nft 1.0.6 cannot say that a map's value is an address and a port.

use std::{
    collections::{BTreeMap, HashSet},
    fmt::Write as _,
};

use ::nftables::{
    expr::{Expression, Fib, FibFlag, FibResult, Map, MetaKey, NamedExpression},
    schema::SetType,
    stmt::{NAT, NATFamily, Statement},
    types::{NfChainPolicy, NfChainType, NfHook},
};
use serde_json::Value;

use super::map::{Port, ServiceMap};
use crate::{
    model::desired::Network,
    plan::{
        firewall::element,
        nftables::{
            Table,
            phrase::{any_of, equal, field, joined, meta, number, prefix, redirected, text, unequal},
        },
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

/// What a service is known by: the protocol and the port that were dialled.
const FROM: [SetType; 2] = [SetType::InetProto, SetType::InetService];

/// What replaces the table in one transaction, whether it is there or not.
///
/// A packet from a loopback address cannot leave the host, so 127.0.0.1 is left alone: refused instead of hanging.
pub fn document(networks: &[Network], map: &ServiceMap) -> String {
    let (four, six) = (shown(&map.four), shown(&map.six));
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

fn shown<A: ToString>(map: &BTreeMap<Port, (A, u16)>) -> String {
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
    let inner4 = networks.iter().map(|network| element(network.subnet.into())).collect();
    let inner6 = networks.iter().map(|network| element(network.subnet6.into())).collect();
    table.map("services", &FROM, &[SetType::Ipv4Addr, SetType::InetService], pairs(&map.four));
    table.map("services6", &FROM, &[SetType::Ipv6Addr, SetType::InetService], pairs(&map.six));
    table.interval_set("inner4", SetType::Ipv4Addr, inner4);
    table.interval_set("inner6", SetType::Ipv6Addr, inner6);
    let nat = |hook| (NfChainType::NAT, hook);
    table.base_chain("prerouting", nat(NfHook::Prerouting), REDIRECT, NfChainPolicy::Accept);
    table.base_chain("output", nat(NfHook::Output), REDIRECT, NfChainPolicy::Accept);
    table.base_chain("postrouting", nat(NfHook::Postrouting), MASQUERADE, NfChainPolicy::Accept);
    for family in [NATFamily::IP, NATFamily::IP6] {
        rules(&mut table, family);
    }
    table.listing()
}

fn rules(table: &mut Table, family: NATFamily) {
    let (protocol, version, map, inner, loopback) = match family {
        NATFamily::IP => ("ip", "ipv4", "@services", "@inner4", prefix("127.0.0.0", 8)),
        NATFamily::IP6 => ("ip6", "ipv6", "@services6", "@inner6", text("::1")),
    };
    let of_family = equal(meta(MetaKey::Nfproto), text(version));
    let elsewhere = unequal(field(protocol, "daddr"), loopback);
    table.rule("prerouting", None, redirect(of_family, family, map));
    table.rule("output", None, redirect(elsewhere, family, map));
    let [source, target] = ["saddr", "daddr"].map(|end| equal(field(protocol, end), text(inner)));
    table.rule("postrouting", Some(HAIRPIN), vec![redirected(), source, target, Statement::Masquerade(None)]);
}

fn redirect(condition: Statement<'static>, family: NATFamily, map: &'static str) -> Vec<Statement<'static>> {
    let kind = Fib { result: FibResult::Type, flags: HashSet::from([FibFlag::Daddr]) };
    let local = equal(Expression::Named(NamedExpression::Fib(kind)), text("local"));
    let dialled = joined([meta(MetaKey::L4proto), field("th", "dport")]);
    let place = Map { key: dialled, data: text(map) };
    let addr = Some(Expression::Named(NamedExpression::Map(Box::new(place))));
    let to = NAT { addr, family: Some(family), port: None, flags: None };
    let known = equal(meta(MetaKey::L4proto), any_of(&["tcp", "udp"]));
    vec![condition, local, known, Statement::DNAT(Some(to))]
}

fn pairs<A: ToString>(map: &BTreeMap<Port, (A, u16)>) -> Vec<Expression<'static>> {
    map.iter()
        .map(|((protocol, port), (address, target))| {
            let key = joined([text(protocol.as_str()), number(*port)]);
            let value = joined([text(address.to_string()), number(*target)]);
            Expression::List(vec![key, value])
        })
        .collect()
}
