//! The clauses of rules, each with its text and the statement by which nft lists it.

use std::{collections::HashSet, net::IpAddr};

use ::nftables::{
    expr::{Expression, Fib, FibFlag, FibResult, Map, MetaKey, NamedExpression},
    stmt::{Mangle, NAT, NATFamily, Reject, RejectType, Statement},
    types::RejectCode,
};
use ipnet::IpNet;

use super::phrase::{
    any_of, connection, element, equal, field, joined, meta, number, opens, redirected, text, unequal,
};

/// A condition, or what happens where all before it are met.
#[derive(Debug, Clone, Copy)]
pub enum Clause {
    /// It is for an address of this host.
    Local,
    /// It is of this family.
    Family(NATFamily),
    /// It is of TCP.
    Tcp,
    /// It is of TCP or UDP.
    TcpOrUdp,
    /// A field is this.
    Is(Field, Against),
    /// A field is not this.
    IsNot(Field, Against),
    /// Two fields are together in a set.
    Both([Field; 2], &'static str),
    /// It opens a connection.
    New,
    /// Its connection was redirected.
    Redirected,
    /// Its connection gets this zone.
    Zone(u16),
    /// Its connection gets this timeout.
    Timeout(&'static str),
    /// It goes where a map leads, in this family.
    To(NATFamily, By, &'static str),
    /// It goes out with the host's address.
    Masquerade,
    /// A connection of TCP is refused.
    Reset,
    /// It is refused.
    Unreachable,
}

/// A field of a packet, as in `ip saddr`.
pub type Field = (&'static str, &'static str);

/// What a field is compared with.
#[derive(Debug, Clone, Copy)]
pub enum Against {
    /// All that is in a set.
    In(&'static str),
    /// An address.
    Address(IpAddr),
    /// A network.
    Network(IpNet),
}

/// What leads through a map.
#[derive(Debug, Clone, Copy)]
pub enum By {
    /// Protocol and port, as dialled.
    Dialled,
    /// The IPv4 address, as dialled.
    Address,
}

impl Clause {
    /// As nft reads it.
    pub fn text(&self) -> String {
        match self {
            Self::Local => "fib daddr type local".to_owned(),
            Self::Family(family) => format!("meta nfproto {}", version(*family)),
            Self::Tcp => "meta l4proto tcp".to_owned(),
            Self::TcpOrUdp => "meta l4proto { tcp, udp }".to_owned(),
            Self::Is((protocol, field), operand) => format!("{protocol} {field} {}", operand.text()),
            Self::IsNot((protocol, field), operand) => format!("{protocol} {field} != {}", operand.text()),
            Self::Both([one, other], set) => format!("{} {} . {} {} @{set}", one.0, one.1, other.0, other.1),
            Self::New => "ct state new".to_owned(),
            Self::Redirected => "ct status dnat".to_owned(),
            Self::Zone(zone) => format!("ct zone set {zone}"),
            Self::Timeout(name) => format!("ct timeout set \"{name}\""),
            Self::To(family, by, map) => format!("dnat {} to {} map @{map}", protocol(*family), by.text()),
            Self::Masquerade => "masquerade".to_owned(),
            Self::Reset => "reject with tcp reset".to_owned(),
            Self::Unreachable => "reject with icmp port-unreachable".to_owned(),
        }
    }

    /// As nft lists it.
    pub fn statement(&self) -> Statement<'static> {
        match self {
            Self::Local => {
                let kind = Fib { result: FibResult::Type, flags: HashSet::from([FibFlag::Daddr]) };
                equal(Expression::Named(NamedExpression::Fib(kind)), text("local"))
            }
            Self::Family(family) => equal(meta(MetaKey::Nfproto), text(version(*family))),
            Self::Tcp => equal(meta(MetaKey::L4proto), text("tcp")),
            Self::TcpOrUdp => equal(meta(MetaKey::L4proto), any_of(&["tcp", "udp"])),
            Self::Is(one, operand) => equal(field(one.0, one.1), operand.expression()),
            Self::IsNot(one, operand) => unequal(field(one.0, one.1), operand.expression()),
            Self::Both(fields, set) => {
                equal(joined(fields.map(|one| field(one.0, one.1))), text(format!("@{set}")))
            }
            Self::New => opens(),
            Self::Redirected => redirected(),
            Self::Zone(zone) => Statement::Mangle(Mangle { key: connection("zone"), value: number(*zone) }),
            Self::Timeout(name) => Statement::CTTimeout(Expression::String((*name).into())),
            Self::To(family, by, map) => {
                let place = Map { key: by.expression(), data: text(format!("@{map}")) };
                let addr = Some(Expression::Named(NamedExpression::Map(Box::new(place))));
                Statement::DNAT(Some(NAT { addr, family: Some(*family), port: None, flags: None }))
            }
            Self::Masquerade => Statement::Masquerade(None),
            Self::Reset => Statement::Reject(Some(Reject::new(Some(RejectType::TCPReset), None))),
            Self::Unreachable => {
                let refuse = Reject::new(Some(RejectType::ICMP), Some(RejectCode::PortUnreach));
                Statement::Reject(Some(refuse))
            }
        }
    }
}

impl Against {
    fn text(self) -> String {
        match self {
            Self::In(set) => format!("@{set}"),
            Self::Address(address) => address.to_string(),
            Self::Network(network) => network.to_string(),
        }
    }

    fn expression(self) -> Expression<'static> {
        match self {
            Self::In(set) => text(format!("@{set}")),
            Self::Address(address) => text(address.to_string()),
            Self::Network(network) => element(network),
        }
    }
}

impl By {
    fn text(self) -> &'static str {
        match self {
            Self::Dialled => "meta l4proto . th dport",
            Self::Address => "ip daddr",
        }
    }

    fn expression(self) -> Expression<'static> {
        match self {
            Self::Dialled => joined([meta(MetaKey::L4proto), field("th", "dport")]),
            Self::Address => field("ip", "daddr"),
        }
    }
}

/// A family as a field of a packet names it.
fn protocol(family: NATFamily) -> &'static str {
    match family {
        NATFamily::IP => "ip",
        NATFamily::IP6 => "ip6",
    }
}

/// A family as the kernel names it.
fn version(family: NATFamily) -> &'static str {
    match family {
        NATFamily::IP => "ipv4",
        NATFamily::IP6 => "ipv6",
    }
}
