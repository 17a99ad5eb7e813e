//! Docker's own rules in the packet filter, and the bridges they speak of: which of them a host of ours cannot do without.
//!
//! What all versions since 20.10 have in common, however they name the chains between.

use std::net::IpAddr;

use ipnet::IpNet;
use serde_json::Value;

use super::way::says;
use crate::{
    facts::state::{ContainerState, HostState, NetworkState},
    model::desired::Desired,
    plan::leftover::is_up,
};

/// The jumps of FORWARD that lead to what Docker decides, of which each version has some. `DOCKER-USER` is none: it is the
/// site's.
const WAYS: [&str; 3] = [" -j DOCKER ", " -j DOCKER-ISOLATION-STAGE-1 ", " -j DOCKER-FORWARD "];

/// What is missing, a line each.
pub(super) fn missing(desired: &Desired, state: &HostState) -> Vec<String> {
    let Some(footing) = &state.docker.footing else { return Vec::new() };
    let off = Value::Bool(false);
    if says(state, "iptables", &off) || says(state, "firewall-backend", &Value::from("nftables")) {
        return Vec::new();
    }
    let mut missing = Vec::new();
    if let Some(rules) = &footing.rules {
        missing.extend(Family::Four.missing(rules, state));
        for (name, address) in dialled(desired, state) {
            let to = format!(" -d {address}/32 ");
            if !has(rules, &["filter ", &to, " -j ACCEPT "]) {
                missing.push(format!("table filter: nothing lets packets to {name} pass"));
            }
        }
    }
    if let Some(rules) = footing.rules6.as_ref().filter(|_| has_ip6tables(state)) {
        missing.extend(Family::Six.missing(rules, state));
    }
    missing
}

/// Whether Docker makes rules for IPv6: since version 27 unless it is told not to, before that as an experiment.
fn has_ip6tables(state: &HostState) -> bool {
    let version =
        state.docker.engine.as_ref().and_then(|engine| engine.version.split('.').next()?.parse::<u32>().ok());
    let told = |key| state.daemon_option(key).and_then(|value| value.as_bool());
    match version {
        Some(27..) => told("ip6tables").unwrap_or(true),
        Some(_) | None => told("ip6tables") == Some(true) && told("experimental") == Some(true),
    }
}

/// Whether one rule has all of it.
fn has(rules: &[String], parts: &[&str]) -> bool {
    rules.iter().any(|rule| {
        let rule = format!("{rule} ");
        parts.iter().all(|part| rule.contains(part))
    })
}

/// A family of addresses, each with tables of its own.
#[derive(Clone, Copy)]
enum Family {
    Four,
    Six,
}

impl Family {
    fn is_of(self, subnet: IpNet) -> bool {
        match self {
            Self::Four => matches!(subnet, IpNet::V4(_)),
            Self::Six => matches!(subnet, IpNet::V6(_)),
        }
    }

    fn has(self, network: &NetworkState) -> bool {
        network.bridge.is_some() && subnets(network).any(|subnet| self.is_of(subnet))
    }

    /// A network that reaches no outside needs less, and where there is no other Docker makes no way to it.
    fn missing(self, rules: &[String], state: &HostState) -> Vec<String> {
        let (of, mut missing) = (self.of(), Vec::new());
        if state.docker.networks.values().any(|network| !network.internal && self.has(network)) {
            if !has(rules, &["nat -A PREROUTING ", " -j DOCKER "]) {
                missing.push(format!("table {of}nat: no way from PREROUTING to Docker's rules"));
            }
            if !WAYS.iter().any(|way| has(rules, &["filter -A FORWARD ", way])) {
                missing.push(format!("table {of}filter: no way from FORWARD to Docker's rules"));
            }
        }
        for (name, network) in ours(state).filter(|(_, network)| self.has(network)) {
            let Some(bridge) = &network.bridge else { continue };
            if !has(rules, &["filter ", &format!(" -o {bridge} ")]) {
                missing.push(format!("table {of}filter: no rule for the network {name}"));
            }
            let masked = !network.internal && !says(state, "ip-masq", &Value::Bool(false));
            for subnet in subnets(network).filter(|subnet| masked && self.is_of(*subnet)) {
                if !has(rules, &["nat ", &format!(" -s {subnet} "), " -j MASQUERADE "]) {
                    missing.push(format!("table {of}nat: no masquerading for {name}"));
                }
            }
        }
        missing
    }

    /// As it stands before a table's name.
    fn of(self) -> &'static str {
        match self {
            Self::Four => "",
            Self::Six => "ip6 ",
        }
    }
}

pub(super) fn ours(state: &HostState) -> impl Iterator<Item = (&str, &NetworkState)> {
    let ours = state.docker.networks.iter().filter(|(_, network)| network.ours);
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
        let running = state.docker.containers.iter().filter(|found| found.status == "running");
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
    let leads = |name: &str, network: &NetworkState, bridge: &str| {
        let has_six = speaks_six(state, name);
        let mut asked = subnets(network).filter(|subnet| has_six || matches!(subnet, IpNet::V4(_)));
        asked
            .all(|subnet| state.net.links.routes.iter().any(|route| route.to == subnet && route.by == bridge))
    };
    // Hosts that were never asked have no interface at all.
    let known = !state.net.links.names.is_empty();
    let bridges = ours(state).filter_map(|(name, network)| Some((name, network, network.bridge.as_deref()?)));
    bridges
        .filter(move |(name, network, bridge)| known && !leads(name, network, bridge))
        .map(|(_, _, bridge)| bridge)
}

/// Whether a running container of ours has an IPv6 address in a network: its bridge has one for sure only then.
fn speaks_six(state: &HostState, network: &str) -> bool {
    let mut running = state.docker.containers.iter().filter(|found| is_up(found));
    running.any(|found| found.addresses.get(network).is_some_and(|all| all.iter().any(IpAddr::is_ipv6)))
}

/// Our running containers in the networks of these bridges.
pub(super) fn attached<'a>(
    state: &'a HostState,
    bridges: &[&str],
) -> impl Iterator<Item = &'a ContainerState> {
    let cut = |name: &String| {
        let bridge = state.docker.networks.get(name).and_then(|network| network.bridge.as_deref());
        bridge.is_some_and(|bridge| bridges.contains(&bridge))
    };
    let running = state.docker.containers.iter().filter(|found| is_up(found));
    running.filter(move |found| found.addresses.keys().any(cut))
}
