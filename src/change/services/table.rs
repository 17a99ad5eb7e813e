//! The table `inet pryvctl_services`, as text to be loaded and as the listing it must give.
//!
//! Text, because the JSON of nft 1.0.6 cannot say that a map's value is an address and a port.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    net::Ipv4Addr,
};

use ::nftables::{
    expr::{Expression, Map, MetaKey, NamedExpression},
    schema::SetType,
    stmt::{Mangle, NAT, NATFamily, Reject, RejectType, Statement},
    types::{NfChainPolicy, NfChainType, NfHook, RejectCode},
};
use ipnet::{Ipv4Net, Ipv6Net};
use serde_json::Value;

use super::{
    half_open,
    local::local,
    map::{Port, ServiceMap},
};
use crate::{
    change::nftables::{
        Table,
        phrase::{
            any_of, connection, element, equal, field, joined, meta, number, prefix, redirected, text,
            unequal,
        },
    },
    facts::conntrack::Timeouts,
    model::desired::Desired,
};

/// The table's name.
pub const TABLE: &str = "pryvctl_services";

/// Ahead of Docker's redirections, which stand at `dstnat`, -100; the first redirection of a connection counts.
const REDIRECT: i32 = -110;

/// Ahead of Docker's masquerading, which stands at `srcnat`, 100.
const MASQUERADE: i32 = 90;

/// A service that is being replaced and may not run twice: callers are told at once. The kernel sends one ICMP message a
/// second, and a reset for every connection.
const AWAY: &str = "a service that is away";

/// A container that calls the host's address, or a service of its own host, must get its answer from
/// there, not from its neighbour.
const HAIRPIN: &str = "a container calls the host";

/// What a service is known by: the protocol and the port that were dialled.
const FROM: [SetType; 2] = [SetType::InetProto, SetType::InetService];

/// Before connections are looked up.
const LOOKUP: i32 = -300;

/// Before Docker's rules, which would let it out to the world.
const REFUSE: i32 = -20;

/// A question that was dialled at the host, or its answer, belongs to this zone when slot b serves. Connections of
/// different zones are strangers to each other: a client that goes on asking from one port, for which UDP has no end,
/// reaches the new container with its next question, and the old one's last answers still find their way.
const ZONE: u16 = 1;

/// What is in the table beside the map: it follows from the inventory and from what the kernel can do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceTable {
    /// The subnets of our container networks, in both families.
    pub networks: Vec<(Ipv4Net, Ipv6Net)>,
    /// Where the services' own addresses are, by which containers of this host call each other.
    pub inside: Ipv4Net,
    /// What the kernel can be told of half-open connections.
    pub timeouts: Timeouts,
}

impl ServiceTable {
    /// The table of a host.
    pub fn of(desired: &Desired, timeouts: Timeouts) -> Self {
        let networks = desired.networks.iter().map(|network| (network.subnet, network.subnet6)).collect();
        Self { networks, inside: desired.inside, timeouts }
    }

    /// What replaces the table in one transaction, whether it is there or not.
    ///
    /// A packet from a loopback address cannot leave the host, so 127.0.0.1 is left alone: refused instead of hanging.
    pub fn document(&self, map: &ServiceMap) -> String {
        let (four, six, inside) = (shown(&map.four), shown(&map.six), elements(map.inside.iter().map(to)));
        let inner4 = elements(self.networks.iter().map(|(four, _)| four.to_string()));
        let inner6 = elements(self.networks.iter().map(|(_, six)| six.to_string()));
        let (ports, second4, second6) = map.seconds();
        let ports = elements(ports.iter().map(u16::to_string));
        let (second4, second6) = (elements(second4.iter().map(place)), elements(second6.iter().map(place)));
        let (dial4, dial6) = (
            "fib daddr type local meta l4proto { tcp, udp } dnat ip to meta l4proto . th dport map @services",
            "fib daddr type local meta l4proto { tcp, udp } dnat ip6 to meta l4proto . th dport map @services6",
        );
        let asked = format!("fib daddr type local udp dport @second ct zone set {ZONE}");
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
	map inside {{
		type ipv4_addr : ipv4_addr{inside}
	}}
	set second {{
		type inet_service{ports}
	}}
	set second4 {{
		type ipv4_addr . inet_service{second4}
	}}
	set second6 {{
		type ipv6_addr . inet_service{second6}
	}}
	set inner4 {{
		type ipv4_addr
		flags interval{inner4}
	}}
	set inner6 {{
		type ipv6_addr
		flags interval{inner6}
	}}
{brief}	chain lookup {{
		type filter hook prerouting priority {LOOKUP}; policy accept;
		{asked}
		ip saddr . udp sport @second4 ct zone set {ZONE}
		ip6 saddr . udp sport @second6 ct zone set {ZONE}
	}}
	chain lookup_own {{
		type filter hook output priority {LOOKUP}; policy accept;
		{asked}
	}}
	chain prerouting {{
		type nat hook prerouting priority {REDIRECT}; policy accept;
		meta nfproto ipv4 {dial4}
		meta nfproto ipv6 {dial6}
		ip saddr @inner4 dnat ip to ip daddr map @inside
	}}
	chain output {{
		type nat hook output priority {REDIRECT}; policy accept;
		ip daddr != 127.0.0.0/8 {dial4}
		ip6 daddr != ::1 {dial6}
	}}
	chain forward {{
		type filter hook forward priority {REFUSE}; policy accept;
		meta l4proto tcp ip daddr {own} reject with tcp reset comment \"{AWAY}\"
		ip daddr {own} reject with icmp port-unreachable comment \"{AWAY}\"
	}}
	chain postrouting {{
		type nat hook postrouting priority {MASQUERADE}; policy accept;
		ct status dnat ip saddr @inner4 ip daddr @inner4 masquerade comment \"{HAIRPIN}\"
		ct status dnat ip6 saddr @inner6 ip6 daddr @inner6 masquerade comment \"{HAIRPIN}\"
	}}
}}
",
            brief = half_open::lines(self.inside, self.timeouts),
            own = self.inside,
        )
    }

    /// What `nft -j list table` must show.
    pub fn listing(&self, map: &ServiceMap) -> Value {
        let mut table = Table::new(TABLE);
        sets(&mut table, self, map);
        half_open::list(&mut table, self.inside, self.timeouts);
        let (filter, nat) = (|hook| (NfChainType::Filter, hook), |hook| (NfChainType::NAT, hook));
        table.base_chain("lookup", filter(NfHook::Prerouting), LOOKUP, NfChainPolicy::Accept);
        table.base_chain("lookup_own", filter(NfHook::Output), LOOKUP, NfChainPolicy::Accept);
        table.base_chain("prerouting", nat(NfHook::Prerouting), REDIRECT, NfChainPolicy::Accept);
        table.base_chain("output", nat(NfHook::Output), REDIRECT, NfChainPolicy::Accept);
        table.base_chain("forward", filter(NfHook::Forward), REFUSE, NfChainPolicy::Accept);
        table.base_chain("postrouting", nat(NfHook::Postrouting), MASQUERADE, NfChainPolicy::Accept);
        for chain in ["lookup", "lookup_own"] {
            table.rule(chain, None, vec![local(), equal(field("udp", "dport"), text("@second")), zone()]);
        }
        for (protocol, set) in [("ip", "@second4"), ("ip6", "@second6")] {
            let from = joined([field(protocol, "saddr"), field("udp", "sport")]);
            table.rule("lookup", None, vec![equal(from, text(set)), zone()]);
        }
        for family in [NATFamily::IP, NATFamily::IP6] {
            rules(&mut table, family);
        }
        let inside = Map { key: field("ip", "daddr"), data: text("@inside") };
        let from_inside = equal(field("ip", "saddr"), text("@inner4"));
        table.rule("prerouting", None, vec![from_inside, to_container(inside, NATFamily::IP)]);
        let own = equal(field("ip", "daddr"), prefix(self.inside.network(), self.inside.prefix_len()));
        let tcp = equal(meta(MetaKey::L4proto), text("tcp"));
        let reset = Statement::Reject(Some(Reject::new(Some(RejectType::TCPReset), None)));
        table.rule("forward", Some(AWAY), vec![tcp, own.clone(), reset]);
        let refuse = Reject::new(Some(RejectType::ICMP), Some(RejectCode::PortUnreach));
        table.rule("forward", Some(AWAY), vec![own, Statement::Reject(Some(refuse))]);
        table.listing()
    }
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

fn to<A: ToString, B: ToString>((from, to): (A, B)) -> String {
    format!("{} : {}", from.to_string(), to.to_string())
}

fn place<A: ToString>((address, port): &(A, u16)) -> String {
    format!("{} . {port}", address.to_string())
}

/// Elements out and in, all or nothing.
pub fn transaction(from: &ServiceMap, next: &ServiceMap) -> String {
    let mut text = String::new();
    exchange(&mut text, "services", &keyed(&from.four), &keyed(&next.four));
    exchange(&mut text, "services6", &keyed(&from.six), &keyed(&next.six));
    let inside = |map: &ServiceMap| map.inside.iter().map(|it| (it.0.to_string(), to(it))).collect();
    exchange(&mut text, "inside", &inside(from), &inside(next));
    let ((ports, four, six), (ports2, four2, six2)) = (from.seconds(), next.seconds());
    exchange(&mut text, "second", &listed(ports, u16::to_string), &listed(ports2, u16::to_string));
    exchange(&mut text, "second4", &listed(four, place), &listed(four2, place));
    exchange(&mut text, "second6", &listed(six, place), &listed(six2, place));
    text
}

/// Elements as nft reads them, by their keys.
type Elements = BTreeMap<String, String>;

fn keyed<A: ToString>(map: &BTreeMap<Port, (A, u16)>) -> Elements {
    map.iter().map(|(port, to)| (format!("{} . {}", port.0.as_str(), port.1), pair(port, to))).collect()
}

fn listed<T>(set: BTreeSet<T>, text: impl Fn(&T) -> String) -> Elements {
    set.iter().map(|element| (text(element), text(element))).collect()
}

fn exchange(text: &mut String, name: &str, from: &Elements, to: &Elements) {
    for (key, element) in from {
        if to.get(key) != Some(element) {
            writeln!(text, "delete element inet {TABLE} {name} {{ {key} }}").unwrap_or_default();
        }
    }
    for (key, element) in to {
        if from.get(key) != Some(element) {
            writeln!(text, "add element inet {TABLE} {name} {{ {element} }}").unwrap_or_default();
        }
    }
}

fn sets(table: &mut Table, of: &ServiceTable, map: &ServiceMap) {
    const FOUR: [SetType; 2] = [SetType::Ipv4Addr, SetType::InetService];
    const SIX: [SetType; 2] = [SetType::Ipv6Addr, SetType::InetService];
    let inner4 = of.networks.iter().map(|(four, _)| element((*four).into())).collect();
    let inner6 = of.networks.iter().map(|(_, six)| element((*six).into())).collect();
    let inside = |(from, to): (&Ipv4Addr, &Ipv4Addr)| {
        Expression::List(vec![text(from.to_string()), text(to.to_string())])
    };
    let (ports, second4, second6) = map.seconds();
    table.map("services", &FROM, &FOUR, pairs(&map.four));
    table.map("services6", &FROM, &SIX, pairs(&map.six));
    table.map("inside", &[SetType::Ipv4Addr], &[SetType::Ipv4Addr], map.inside.iter().map(inside).collect());
    table.set("second", SetType::InetService, ports.into_iter().map(number).collect());
    table.concatenated_set("second4", &FOUR, second4.iter().map(joined_place).collect());
    table.concatenated_set("second6", &SIX, second6.iter().map(joined_place).collect());
    table.interval_set("inner4", SetType::Ipv4Addr, inner4);
    table.interval_set("inner6", SetType::Ipv6Addr, inner6);
}

fn joined_place<A: ToString>((address, port): &(A, u16)) -> Expression<'static> {
    joined([text(address.to_string()), number(*port)])
}

fn zone() -> Statement<'static> {
    Statement::Mangle(Mangle { key: connection("zone"), value: number(ZONE) })
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
    let dialled = joined([meta(MetaKey::L4proto), field("th", "dport")]);
    let place = Map { key: dialled, data: text(map) };
    let known = equal(meta(MetaKey::L4proto), any_of(&["tcp", "udp"]));
    vec![condition, local(), known, to_container(place, family)]
}

fn to_container(place: Map<'static>, family: NATFamily) -> Statement<'static> {
    let addr = Some(Expression::Named(NamedExpression::Map(Box::new(place))));
    Statement::DNAT(Some(NAT { addr, family: Some(family), port: None, flags: None }))
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
