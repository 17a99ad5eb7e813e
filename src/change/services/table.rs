//! The table `inet pryvctl_services`: what is in it, rule by rule.

use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, Ipv6Addr},
};

use ::nftables::{
    schema::SetType,
    stmt::NATFamily,
    types::{NfChainType, NfHook},
};
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use serde_json::Value;

use super::{
    half_open,
    map::{Port, ServiceMap},
};
use crate::{
    change::nftables::{
        clause::{Against, By, Clause},
        description::{self, Chain, Collection, Description, Element, Holds, Part, Rule},
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

/// A container's place: its address and a port.
const FOUR: [SetType; 2] = [SetType::Ipv4Addr, SetType::InetService];

/// See [`FOUR`].
const SIX: [SetType; 2] = [SetType::Ipv6Addr, SetType::InetService];

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
    pub fn document(&self, map: &ServiceMap) -> String {
        self.described(map).document()
    }

    /// What `nft -j list table` must show.
    pub fn listing(&self, map: &ServiceMap) -> Value {
        self.described(map).listing()
    }

    fn described(&self, map: &ServiceMap) -> Description {
        let chains = half_open::chains(self.inside, self.timeouts).into_iter();
        Description {
            name: TABLE,
            sets: sets(&self.networks, map),
            timeouts: half_open::timeouts(self.timeouts),
            chains: chains.chain(lookups()).chain(self.redirections()).collect(),
        }
    }

    /// A packet from a loopback address cannot leave the host, so 127.0.0.1 is left alone: refused instead of hanging.
    fn redirections(&self) -> [Chain; 4] {
        use Clause::{Family, Is, IsNot, Masquerade, Redirected, Reset, Tcp, To, Unreachable};
        let (four, six) = (NATFamily::IP, NATFamily::IP6);
        let dialled = |condition, family, map| {
            plain([condition, Clause::Local, Clause::TcpOrUdp, To(family, By::Dialled, map)])
        };
        let own4 = Against::Network(IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::new(127, 0, 0, 0), 8)));
        let own6 = Against::Address(Ipv6Addr::LOCALHOST.into());
        let own = Is(("ip", "daddr"), Against::Network(self.inside.into()));
        let hairpin = |protocol, inner| Rule {
            clauses: vec![
                Redirected,
                Is((protocol, "saddr"), Against::In(inner)),
                Is((protocol, "daddr"), Against::In(inner)),
                Masquerade,
            ],
            comment: Some(HAIRPIN),
        };
        let away = |clauses| Rule { clauses, comment: Some(AWAY) };
        let chain = |name, kind, hook, priority, rules| Chain { name, kind, hook, priority, rules };
        let (filter, nat) = (NfChainType::Filter, NfChainType::NAT);
        [
            chain(
                "prerouting",
                nat,
                NfHook::Prerouting,
                REDIRECT,
                vec![
                    dialled(Family(four), four, "services"),
                    dialled(Family(six), six, "services6"),
                    plain([Is(("ip", "saddr"), Against::In("inner4")), To(four, By::Address, "inside")]),
                ],
            ),
            chain(
                "output",
                nat,
                NfHook::Output,
                REDIRECT,
                vec![
                    dialled(IsNot(("ip", "daddr"), own4), four, "services"),
                    dialled(IsNot(("ip6", "daddr"), own6), six, "services6"),
                ],
            ),
            chain(
                "forward",
                filter,
                NfHook::Forward,
                REFUSE,
                vec![away(vec![Tcp, own, Reset]), away(vec![own, Unreachable])],
            ),
            chain(
                "postrouting",
                nat,
                NfHook::Postrouting,
                MASQUERADE,
                vec![hairpin("ip", "inner4"), hairpin("ip6", "inner6")],
            ),
        ]
    }
}

/// Questions to a UDP port that leads to slot b, and the answers, are of a zone of their own.
fn lookups() -> [Chain; 2] {
    let zone = Clause::Zone(ZONE);
    let asked = || plain([Clause::Local, Clause::Is(("udp", "dport"), Against::In("second")), zone]);
    let answered = |protocol, set| plain([Clause::Both([(protocol, "saddr"), ("udp", "sport")], set), zone]);
    let chain = |name, hook, rules| Chain { name, kind: NfChainType::Filter, hook, priority: LOOKUP, rules };
    [
        chain(
            "lookup",
            NfHook::Prerouting,
            vec![asked(), answered("ip", "second4"), answered("ip6", "second6")],
        ),
        chain("lookup_own", NfHook::Output, vec![asked()]),
    ]
}

fn plain(clauses: impl Into<Vec<Clause>>) -> Rule {
    Rule { clauses: clauses.into(), comment: None }
}

/// Elements out and in, all or nothing.
pub fn transaction(from: &ServiceMap, next: &ServiceMap) -> String {
    description::transaction(TABLE, &sets(&[], from), &sets(&[], next))
}

fn sets(networks: &[(Ipv4Net, Ipv6Net)], map: &ServiceMap) -> Vec<Collection> {
    let (ports, second4, second6) = map.seconds();
    let network = |network: IpNet| Element::of([Part::Network(network)]);
    let inside =
        map.inside.iter().map(|(from, to)| Element { key: vec![Part::word(from)], to: vec![Part::word(to)] });
    let ports = ports.into_iter().map(|port| Element::of([Part::Number(port)]));
    let set = |name, holds, elements| Collection { name, holds, elements };
    vec![
        set("services", Holds::Map(&FROM, &FOUR), redirected(&map.four)),
        set("services6", Holds::Map(&FROM, &SIX), redirected(&map.six)),
        set("inside", Holds::Map(&[SetType::Ipv4Addr], &[SetType::Ipv4Addr]), inside.collect()),
        set("second", Holds::Set(&[SetType::InetService]), ports.collect()),
        set("second4", Holds::Set(&FOUR), second4.iter().map(|to| Element::of(place(to))).collect()),
        set("second6", Holds::Set(&SIX), second6.iter().map(|to| Element::of(place(to))).collect()),
        set(
            "inner4",
            Holds::Networks(SetType::Ipv4Addr),
            networks.iter().map(|(four, _)| network((*four).into())).collect(),
        ),
        set(
            "inner6",
            Holds::Networks(SetType::Ipv6Addr),
            networks.iter().map(|(_, six)| network((*six).into())).collect(),
        ),
    ]
}

fn redirected<A: ToString>(map: &BTreeMap<Port, (A, u16)>) -> Vec<Element> {
    let key = |(protocol, port): &Port| vec![Part::word(protocol.as_str()), Part::Number(*port)];
    map.iter().map(|(port, to)| Element { key: key(port), to: place(to).into() }).collect()
}

fn place<A: ToString>((address, port): &(A, u16)) -> [Part; 2] {
    [Part::Word(address.to_string()), Part::Number(*port)]
}
