//! What several parts of the table say: its name, its place, networks and openings.

use ::nftables::{schema::SetType, stmt::Statement};
use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use crate::{
    change::nftables::{
        Table,
        phrase::{element, equal, field, text},
    },
    model::desired::Opening,
};

/// The table's name.
pub const TABLE: &str = "pryvctl";

/// Just before Docker's chains, which stand at `filter`, 0.
pub(super) const PRIORITY: i32 = -10;

/// What of ICMP is let in.
pub(super) const ICMP: [&str; 4] =
    ["echo-request", "destination-unreachable", "time-exceeded", "parameter-problem"];

/// Without neighbour discovery and packet-too-big IPv6 does not work at all.
pub(super) const ICMPV6: [&str; 9] = [
    "destination-unreachable",
    "packet-too-big",
    "time-exceeded",
    "parameter-problem",
    "echo-request",
    "nd-router-advert",
    "nd-neighbor-solicit",
    "nd-neighbor-advert",
    "mld-listener-query",
];

/// One opening, for people.
pub(super) fn line(opening: &Opening) -> String {
    let (port, protocol) = (opening.port, opening.protocol.as_str());
    format!("  {port}/{protocol} from {} ({})", words(&opening.from), opening.origin)
}

/// Networks, for people.
pub(super) fn words(from: &[IpNet]) -> String {
    match from {
        [] => "everywhere".to_owned(),
        nets => nets.iter().map(|net| net.trunc().to_string()).collect::<Vec<_>>().join(", "),
    }
}

/// Adds the sets of a list of networks and gives back the condition of each family that has any.
pub(super) fn sources(table: &mut Table, name: &str, networks: &[IpNet]) -> Vec<Statement<'static>> {
    let (four, six) = aggregated(networks);
    let mut conditions = Vec::new();
    if !four.is_empty() {
        let set = format!("{name}_from4");
        table.interval_set(&set, SetType::Ipv4Addr, four.iter().map(|net| element((*net).into())).collect());
        conditions.push(equal(field("ip", "saddr"), text(format!("@{set}"))));
    }
    if !six.is_empty() {
        let set = format!("{name}_from6");
        table.interval_set(&set, SetType::Ipv6Addr, six.iter().map(|net| element((*net).into())).collect());
        conditions.push(equal(field("ip6", "saddr"), text(format!("@{set}"))));
    }
    conditions
}

/// Joined and without host bits: nft 1.0.6 refuses overlapping elements, and lists what the kernel made of them.
pub(super) fn aggregated(networks: &[IpNet]) -> (Vec<Ipv4Net>, Vec<Ipv6Net>) {
    let (mut four, mut six) = (Vec::new(), Vec::new());
    for network in networks {
        match network.trunc() {
            IpNet::V4(net) => four.push(net),
            IpNet::V6(net) => six.push(net),
        }
    }
    (Ipv4Net::aggregate(&four), Ipv6Net::aggregate(&six))
}
