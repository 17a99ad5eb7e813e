//! Docker's own rules in the packet filter, and the bridges they speak of: which of them a host of ours cannot do without.
//!
//! What all versions since 20.10 have in common, however they name the chains between.

use ipnet::IpNet;
use serde_json::Value;

use super::says;
use crate::{
    facts::state::{ContainerState, HostState, NetworkState},
    model::desired::Desired,
    plan::leftover::is_up,
};

/// What is missing, a line each.
pub(super) fn missing(desired: &Desired, state: &HostState) -> Vec<String> {
    let Some(rules) = state.footing.as_ref().and_then(|footing| footing.rules.as_ref()) else {
        return Vec::new();
    };
    let elsewhere = [("iptables", Value::Bool(false)), ("firewall-backend", Value::from("nftables"))];
    if elsewhere.iter().any(|(key, value)| says(state, key, value)) {
        return Vec::new();
    }
    let has = |parts: &[&str]| {
        rules.iter().any(|rule| {
            let rule = format!("{rule} ");
            parts.iter().all(|part| rule.contains(part))
        })
    };
    let mut missing = Vec::new();
    let mut must = |parts: &[&str], line: String| {
        if !has(parts) {
            missing.push(line);
        }
    };
    must(
        &["nat -A PREROUTING ", " -j DOCKER "],
        "table nat: no way from PREROUTING to Docker's rules".to_owned(),
    );
    must(
        &["filter -A FORWARD ", " -j DOCKER"],
        "table filter: no way from FORWARD to Docker's rules".to_owned(),
    );
    for (name, network) in ours(state) {
        let Some(bridge) = &network.bridge else { continue };
        let internal = desired.networks.iter().any(|wanted| wanted.name == name && wanted.internal);
        must(
            &["filter ", &format!(" -o {bridge} ")],
            format!("table filter: no rule for the network {name}"),
        );
        let masked = !internal && !says(state, "ip-masq", &Value::Bool(false));
        for subnet in subnets(network).filter(|subnet| matches!(subnet, IpNet::V4(_)) && masked) {
            let from = format!(" -s {subnet} ");
            must(&["nat ", &from, " -j MASQUERADE "], format!("table nat: no masquerading for {name}"));
        }
    }
    for (name, address) in dialled(desired, state) {
        let to = format!(" -d {address}/32 ");
        must(&["filter ", &to, " -j ACCEPT "], format!("table filter: nothing lets packets to {name} pass"));
    }
    missing
}

pub(super) fn ours(state: &HostState) -> impl Iterator<Item = (&str, &NetworkState)> {
    let ours = state.networks.iter().filter(|(_, network)| network.ours);
    ours.map(|(name, network)| (name.as_str(), network))
}

fn subnets(network: &NetworkState) -> impl Iterator<Item = IpNet> {
    network.subnets.iter().filter_map(|subnet| subnet.parse().ok())
}

/// Running containers that ports of the host lead to, with the address they are dialled at.
fn dialled(desired: &Desired, state: &HostState) -> Vec<(String, String)> {
    let mut dialled = Vec::new();
    for service in &desired.services {
        let networks = service.endpoints.iter().map(|end| &end.network);
        let networks: Vec<&String> = networks.collect();
        let running = state.containers.iter().filter(|found| found.status == "running");
        for found in running.filter(|found| found.service == service.name.as_str()) {
            let addresses = networks.iter().filter_map(|network| found.addresses.get(*network)).flatten();
            let four = addresses.filter(|address| address.is_ipv4());
            dialled.extend(four.map(|address| (found.name.clone(), address.to_string())));
        }
    }
    dialled.sort();
    dialled.dedup();
    dialled
}

/// Bridges of our networks by which no packet reaches the network: down, or gone.
pub(super) fn unreached(state: &HostState) -> impl Iterator<Item = &str> {
    let leads = |network: &NetworkState, bridge: &str| {
        let mut four = subnets(network).filter(|subnet| matches!(subnet, IpNet::V4(_)));
        four.all(|subnet| state.links.routes.iter().any(|route| route.to == subnet && route.by == bridge))
    };
    // Hosts that were never asked have no interface at all.
    let known = !state.links.names.is_empty();
    let bridges = ours(state).filter_map(|(_, network)| Some((network, network.bridge.as_deref()?)));
    bridges.filter(move |(network, bridge)| known && !leads(network, bridge)).map(|(_, bridge)| bridge)
}

/// Our running containers in the networks of these bridges.
pub(super) fn attached<'a>(
    state: &'a HostState,
    bridges: &[&str],
) -> impl Iterator<Item = &'a ContainerState> {
    let cut = |name: &String| {
        let bridge = state.networks.get(name).and_then(|network| network.bridge.as_deref());
        bridge.is_some_and(|bridge| bridges.contains(&bridge))
    };
    let running = state.containers.iter().filter(|found| is_up(found));
    running.filter(move |found| found.addresses.keys().any(cut))
}
