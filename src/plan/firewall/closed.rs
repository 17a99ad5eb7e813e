//! The last resort: what stands in the table's place at boot when the table cannot be loaded.

use super::word::{ICMP, ICMPV6, PRIORITY, TABLE, aggregated};
use crate::{facts::state::HostState, model::desired::Desired, plan::sshd};

/// As text for `nft` that stands in a unit, so that no file of ours is needed: the host itself, what belongs to a
/// connection that stands, what networks cannot do without, and sshd for administrators. The rest is dropped.
pub fn closed(desired: &Desired, state: &HostState) -> String {
    let (four, six) = aggregated(&desired.firewall.admin_networks);
    let ports = list(sshd::ports(desired, state));
    let ssh = |family: &str, networks: String| {
        (!networks.is_empty())
            .then(|| format!("{family} saddr {{ {networks} }} tcp dport {{ {ports} }} accept"))
    };
    let rules = [
        "ct state established,related accept".to_owned(),
        "iifname lo accept".to_owned(),
        format!("icmp type {{ {} }} accept", ICMP.join(", ")),
        format!("icmpv6 type {{ {} }} accept", ICMPV6.join(", ")),
        "ip6 saddr fe80::/10 udp sport 547 udp dport 546 accept".to_owned(),
    ];
    let rules = rules.into_iter().chain(ssh("ip", list(four))).chain(ssh("ip6", list(six)));
    let rules: String = rules.map(|rule| format!("; add rule inet {TABLE} input {rule}")).collect();
    let chain = |name: &str| {
        format!(
            "; add chain inet {TABLE} {name} {{ type filter hook {name} priority {PRIORITY}; policy drop; }}"
        )
    };
    format!("add table inet {TABLE}{}{}{rules}", chain("input"), chain("forward"))
}

fn list<T: ToString>(items: impl IntoIterator<Item = T>) -> String {
    items.into_iter().map(|item| item.to_string()).collect::<Vec<_>>().join(", ")
}
