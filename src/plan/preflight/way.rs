//! Whether what comes from outside can be told from what comes from containers.

use std::collections::BTreeSet;

use crate::{
    facts::state::HostState,
    model::desired::Desired,
    plan::{
        finding::Finding,
        firewall::bridge::{of_docker, uplinks},
    },
};

/// A bridge that leads to the administrators, or to everybody, cannot be one whose packets count as containers'.
pub(super) fn uplink(desired: &Desired, state: &HostState) -> Finding {
    let needed = "a default route that does not use a bridge of containers";
    let uplinks = uplinks(desired, state);
    let shared: Vec<(&str, &str)> = of_docker(state).filter(|(bridge, _)| uplinks.contains(bridge)).collect();
    let [(bridge, network), ..] = shared[..] else {
        let found = if uplinks.is_empty() { "no default route".to_owned() } else { words(&uplinks) };
        return Finding::ok("uplink", found, needed);
    };
    let admin = desired.firewall.admin_networks.iter();
    let to = admin.filter(|to| state.net.links.ways(to).contains(bridge)).map(ToString::to_string);
    let to: Vec<String> = to.collect();
    let to = if to.is_empty() { "the default route".to_owned() } else { to.join(", ") };
    let found = format!("{to} by {bridge}, the bridge of the Docker network `{network}`");
    Finding::ok("uplink", found, needed).failure(format!(
        "give the Docker network `{network}` a bridge and a subnet of its own: what comes in by {bridge} cannot be told from its containers"
    ))
}

fn words(names: &BTreeSet<&str>) -> String {
    names.iter().copied().collect::<Vec<_>>().join(", ")
}
