//! What a cloud tells its machines, credentials included, is not for every container that somebody takes over.

use ::nftables::{schema::SetType, stmt::Statement};
use ipnet::IpNet;

use super::{element, sources};
use crate::{
    model::desired::Desired,
    plan::nftables::{
        Table,
        phrase::{accept, drop, equal, field, number, text, unequal},
    },
};

/// Link-local, where nearly all clouds have it (169.254.169.254), Alibaba Cloud's, Oracle Cloud Classic's.
const FOUR: [&str; 3] = ["100.100.100.200/32", "169.254.0.0/16", "192.0.0.192/32"];

/// AWS's, with what it has beside it. Link-local addresses are forwarded by nobody.
const SIX: [&str; 1] = ["fd00:ec2::/64"];

/// Clouds have their name servers there, too (169.254.169.253 and fd00:ec2::253 of AWS; Google's is the same address), and
/// Docker asks them from within a container.
const DNS: u16 = 53;

const ASKING: &str = "metadata";

/// Closes the addresses to all packets that are forwarded, but from containers whose role asks. The host's own never come
/// here.
pub(super) fn close(table: &mut Table, desired: &Desired) {
    let named = |all: &[&str]| all.iter().filter_map(|net| net.parse().ok()).map(element).collect();
    let families = [
        ("ip", "cloud4", SetType::Ipv4Addr, named(&FOUR)),
        ("ip6", "cloud6", SetType::Ipv6Addr, named(&SIX)),
    ];
    let mut there: Vec<(&str, Statement<'static>)> = Vec::new();
    for (family, set, kind, addresses) in families {
        table.interval_set(set, kind, addresses);
        there.push((family, equal(field(family, "daddr"), text(format!("@{set}")))));
    }
    let (four, six): (Vec<IpNet>, Vec<IpNet>) =
        desired.firewall.metadata.iter().partition(|net| net.addr().is_ipv4());
    for ((_, there), from) in there.iter().zip([four, six]) {
        for from in sources(table, ASKING, &from) {
            table.rule("forward", Some("metadata of the cloud"), vec![from, there.clone(), accept()]);
        }
    }
    for (_, there) in there {
        let other = unequal(field("th", "dport"), number(DNS));
        table.rule("forward", Some("metadata of the cloud"), vec![there, other, drop()]);
    }
}
