//! What a cloud tells its machines, credentials included, is not for every container that somebody takes over.

use ::nftables::{schema::SetType, stmt::Statement};
use ipnet::IpNet;

use super::word::sources;
use crate::{
    change::nftables::{
        Table,
        phrase::{accept, drop, element, equal, field, number, text, unequal},
    },
    model::desired::Desired,
};

/// Where clouds have it, as their manuals of instance metadata say. Link-local is where nearly all do (169.254.169.254), some
/// with a second one beside it (169.254.170.2 of AWS, 169.254.42.42 of Scaleway, 169.254.0.23 of Tencent).
const FOUR: [&str; 4] = [
    // Alibaba Cloud.
    "100.100.100.200/32",
    // Azure's wire server, which gives a machine its certificates. A host asks it for names and leases, too; those are not
    // forwarded.
    "168.63.129.16/32",
    "169.254.0.0/16",
    // Oracle Cloud Classic.
    "192.0.0.192/32",
];

/// The same over IPv6. Link-local addresses are forwarded by nobody.
const SIX: [&str; 4] = [
    // Scaleway.
    "fd00:42::42/128",
    // AWS, with what it has beside it.
    "fd00:ec2::/64",
    // Akamai (Linode).
    "fd00:a9fe:a9fe::1/128",
    // Google Cloud.
    "fd20:ce::254/128",
];

/// Clouds have their name servers there, too (169.254.169.253 and fd00:ec2::253 of AWS; Google's and Azure's are the same address), and
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

#[cfg(test)]
mod tests {
    use crate::plan::{firewall, fixture};

    #[test]
    fn every_cloud_is_closed_to_containers() {
        let table = firewall::table(&fixture::desired(), &fixture::with_docker()).document();
        let sets = table.lines().filter(|line| line.contains("\"cloud4\"") || line.contains("\"cloud6\""));
        let sets = sets.collect::<String>();
        for (cloud, address) in [
            ("AWS and most", "\"169.254.0.0\""),
            ("AWS", "\"fd00:ec2::\""),
            ("Azure", "\"168.63.129.16\""),
            ("Google", "\"fd20:ce::254\""),
            ("Scaleway", "\"fd00:42::42\""),
            ("Linode", "\"fd00:a9fe:a9fe::1\""),
            ("Alibaba", "\"100.100.100.200\""),
            ("Oracle", "\"192.0.0.192\""),
        ] {
            assert!(sets.contains(address), "{cloud}: {sets}");
        }
    }
}
