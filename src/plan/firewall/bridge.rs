//! Where containers are: the bridges of Docker's networks by what they are, never by the beginning of a name alone.
//!
//! A network that somebody makes later gets a bridge `br-` and twelve digits of its id, and must work at once. So packets
//! from a `br-*` count as a container's while they come from addresses that Docker gives out, and from no interface that
//! was there already and is not Docker's: a site may call its own uplink `br-wan`.

use std::collections::BTreeSet;

use ::nftables::{expr::MetaKey, schema::SetType, stmt::Statement};
use ipnet::IpNet;

use super::word::sources;
use crate::{
    change::nftables::{
        Table,
        phrase::{element, equal, field, meta, text, unequal},
    },
    facts::state::HostState,
    model::desired::Desired,
};

/// Docker's bridges that are called so on every host.
const OF_DOCKER: [&str; 2] = ["docker0", "docker_gwbridge"];

/// How the bridges of all other networks begin, but of those with a bridge name of their own.
const BEGINNING: &str = "br-";

/// What Docker gives out where `default-address-pools` says nothing (libnetwork's ipamutils), and the unique local
/// addresses that it gives out since version 27.
const POOLS: [&str; 6] =
    ["172.17.0.0/16", "172.18.0.0/15", "172.20.0.0/14", "172.24.0.0/13", "192.168.0.0/16", "fd00::/8"];

/// The sets' names, before the number of their family.
const CONTAINERS: &str = "containers";
const OTHERS: &str = "bridges_of_others";

/// The interfaces by which a host reaches the world and its administrators. What comes in there is outside, whatever the
/// interface is called.
pub fn uplinks<'a>(desired: &Desired, state: &'a HostState) -> BTreeSet<&'a str> {
    let admin = desired.firewall.admin_networks.iter().flat_map(|network| state.net.links.ways(network));
    state.net.links.defaults().into_iter().chain(admin).collect()
}

/// The bridges of Docker's networks, each with the network it belongs to.
pub fn of_docker(state: &HostState) -> impl Iterator<Item = (&str, &str)> {
    let networks = state.docker.networks.iter();
    networks.filter_map(|(name, network)| Some((network.bridge.as_deref()?, name.as_str())))
}

/// What comes in by a bridge whose name is Docker's alone, or by one that a network was given, from that network's own
/// addresses: a site may have had that bridge before Docker.
fn named(desired: &Desired, state: &HostState) -> Vec<Vec<Statement<'static>>> {
    let uplinks = uplinks(desired, state);
    let is_inside = |bridge: &str| !uplinks.contains(bridge);
    let of_docker = OF_DOCKER.into_iter().filter(|bridge| is_inside(bridge));
    let mut all: Vec<_> = of_docker.map(|bridge| vec![comes_in_by(bridge)]).collect();
    for network in state.docker.networks.values() {
        let Some(bridge) = network.bridge.as_deref().filter(|bridge| is_inside(bridge)) else { continue };
        if OF_DOCKER.contains(&bridge) || bridge.starts_with(BEGINNING) {
            continue;
        }
        let subnets = network.subnets.iter().filter_map(|subnet| subnet.parse::<IpNet>().ok());
        all.extend(subnets.map(|subnet| {
            let family = if subnet.addr().is_ipv4() { "ip" } else { "ip6" };
            vec![comes_in_by(bridge), equal(field(family, "saddr"), element(subnet.trunc()))]
        }));
    }
    all
}

/// Interfaces that are there, begin as a bridge of Docker's would, and are none.
fn others(desired: &Desired, state: &HostState) -> BTreeSet<String> {
    let (uplinks, docker) = (uplinks(desired, state), of_docker(state).map(|(bridge, _)| bridge).collect());
    let is_other = |name: &&String| {
        let bridge: &BTreeSet<&str> = &docker;
        let later = !bridge.contains(name.as_str()) && !is_of_a_network(name);
        name.starts_with(BEGINNING) && (later || uplinks.contains(name.as_str()))
    };
    state.net.links.names.iter().filter(is_other).cloned().collect()
}

/// Whether it is called as Docker calls a bridge; one that it does not know is of a network that came or went just now.
fn is_of_a_network(name: &str) -> bool {
    let id = name.strip_prefix(BEGINNING).unwrap_or_default();
    id.len() == 12 && id.chars().all(|digit| matches!(digit, '0'..='9' | 'a'..='f'))
}

/// The addresses that containers have or may get.
fn addresses(desired: &Desired, state: &HostState) -> Vec<IpNet> {
    let pools =
        state.docker.daemon_json.as_ref().and_then(|daemon| daemon.get("default-address-pools")?.as_array());
    let pools = pools.into_iter().flatten().filter_map(|pool| pool.get("base")?.as_str());
    let switches =
        state.docker.footing.iter().filter_map(|footing| footing.switches.get("default-address-pool"));
    let bases =
        switches.flatten().flat_map(|pool| pool.split(',')).filter_map(|part| part.strip_prefix("base="));
    let networks = state.docker.networks.values().filter(|network| network.bridge.is_some());
    let found = networks.flat_map(|network| network.subnets.iter().map(String::as_str));
    let ours = desired.networks.iter().flat_map(|network| [network.subnet.into(), network.subnet6.into()]);
    POOLS
        .into_iter()
        .chain(pools)
        .chain(bases)
        .chain(found)
        .filter_map(|net| net.parse().ok())
        .chain(ours)
        .collect()
}

/// Adds the sets and gives back the conditions under which a packet is a container's.
pub(super) fn from_container(
    table: &mut Table,
    desired: &Desired,
    state: &HostState,
) -> Vec<Vec<Statement<'static>>> {
    let named = named(desired, state).into_iter();
    let begins = comes_in_by(format!("{BEGINNING}*"));
    let others = others(desired, state);
    let mut later = vec![begins];
    if !others.is_empty() {
        table.set(OTHERS, SetType::Ifname, others.into_iter().map(text).collect());
        later.push(unequal(meta(MetaKey::Iifname), text(format!("@{OTHERS}"))));
    }
    let from = sources(table, CONTAINERS, &addresses(desired, state));
    let later = from.into_iter().map(|from| later.iter().cloned().chain([from]).collect());
    named.chain(later).collect()
}

/// The interface by which a packet comes in.
pub(super) fn comes_in_by(interface: impl Into<String>) -> Statement<'static> {
    equal(meta(MetaKey::Iifname), text(interface.into()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        change::nftables::{differences, same},
        facts::{
            footing::Footing,
            link::{LinkState, Route},
            state::NetworkState,
        },
        plan::{firewall, fixture},
    };

    /// A host whose uplink is a bridge of its site, and which has one network of Docker's.
    fn behind_a_bridge() -> HostState {
        let route = |to: &str, by: &str| Route { to: to.parse().unwrap(), by: by.to_owned() };
        let names = ["lo", "br-wan", "br-0123456789ab", "docker0"].map(str::to_owned).into();
        let routes = vec![route("0.0.0.0/0", "br-wan"), route("172.17.0.0/16", "docker0")];
        let mut state = fixture::with_docker();
        state.net.links = LinkState { names, routes };
        let network = |subnet: &str, bridge: &str| NetworkState {
            subnets: vec![subnet.to_owned()],
            bridge: Some(bridge.to_owned()),
            ..NetworkState::default()
        };
        state.docker.networks.insert("bridge".to_owned(), network("172.17.0.0/16", "docker0"));
        state.docker.networks.insert("theirs".to_owned(), network("10.9.0.0/24", "br-0123456789ab"));
        state
    }

    /// The rules that let a container out, and the sets they name.
    fn trusting(state: &HostState) -> String {
        let document = firewall::table(&fixture::desired(), state).document();
        let ours = |line: &&str| {
            (line.contains("\"forward\"") && line.contains("iifname"))
                || line.contains(CONTAINERS)
                || line.contains(OTHERS)
        };
        document
            .lines()
            .filter(|line| ours(line) && !line.contains("\"input\""))
            .collect::<Vec<_>>()
            .join("\n")
    }

    #[test]
    fn an_interface_is_no_bridge_of_dockers_because_of_its_name() {
        insta::assert_snapshot!(trusting(&behind_a_bridge()), @r#"
        {"add":{"set":{"elem":["br-wan"],"family":"inet","name":"bridges_of_others","table":"pryvctl","type":"ifname"}}},
        {"add":{"set":{"elem":[{"prefix":{"addr":"10.9.0.0","len":24}},{"prefix":{"addr":"172.17.0.0","len":16}},{"prefix":{"addr":"172.18.0.0","len":15}},{"prefix":{"addr":"172.20.0.0","len":14}},{"prefix":{"addr":"172.24.0.0","len":13}},{"prefix":{"addr":"192.168.0.0","len":16}}],"family":"inet","flags":["interval"],"name":"containers_from4","table":"pryvctl","type":"ipv4_addr"}}},
        {"add":{"set":{"elem":[{"prefix":{"addr":"fd00::","len":8}}],"family":"inet","flags":["interval"],"name":"containers_from6","table":"pryvctl","type":"ipv6_addr"}}},
        {"add":{"rule":{"chain":"forward","expr":[{"match":{"left":{"meta":{"key":"iifname"}},"op":"==","right":"docker0"}},{"accept":null}],"family":"inet","table":"pryvctl"}}},
        {"add":{"rule":{"chain":"forward","expr":[{"match":{"left":{"meta":{"key":"iifname"}},"op":"==","right":"docker_gwbridge"}},{"accept":null}],"family":"inet","table":"pryvctl"}}},
        {"add":{"rule":{"chain":"forward","expr":[{"match":{"left":{"meta":{"key":"iifname"}},"op":"==","right":"br-*"}},{"match":{"left":{"meta":{"key":"iifname"}},"op":"!=","right":"@bridges_of_others"}},{"match":{"left":{"payload":{"field":"saddr","protocol":"ip"}},"op":"==","right":"@containers_from4"}},{"accept":null}],"family":"inet","table":"pryvctl"}}},
        {"add":{"rule":{"chain":"forward","expr":[{"match":{"left":{"meta":{"key":"iifname"}},"op":"==","right":"br-*"}},{"match":{"left":{"meta":{"key":"iifname"}},"op":"!=","right":"@bridges_of_others"}},{"match":{"left":{"payload":{"field":"saddr","protocol":"ip6"}},"op":"==","right":"@containers_from6"}},{"accept":null}],"family":"inet","table":"pryvctl"}}},
        "#);
    }

    #[test]
    fn a_bridge_of_dockers_that_is_the_way_out_is_not_trusted() {
        let mut state = behind_a_bridge();
        state.docker.networks.get_mut("theirs").unwrap().bridge = Some("br-wan".to_owned());
        assert!(trusting(&state).contains("\"elem\":[\"br-wan\"]"));
        state.net.links.routes[0].by = "docker0".to_owned();
        assert!(!trusting(&state).contains("\"docker0\""));
        state.docker.networks.get_mut("theirs").unwrap().bridge = Some("lan".to_owned());
        assert!(trusting(&state).contains("\"right\":\"lan\""));
        // To the administrators alone.
        let to = "10.0.0.0/8".parse().unwrap();
        state.net.links.routes[1] = Route { to, by: "lan".to_owned() };
        assert!(!trusting(&state).contains("\"right\":\"lan\""));
    }

    /// Whoever else is on that bridge is not trusted.
    #[test]
    fn a_bridge_with_a_name_of_its_own_is_trusted_for_its_networks_addresses() {
        let mut state = behind_a_bridge();
        let theirs = state.docker.networks.get_mut("theirs").unwrap();
        theirs.bridge = Some("lan".to_owned());
        theirs.subnets.push("fd00:9::/64".to_owned());
        let rules = trusting(&state);
        let lan: Vec<&str> = rules.lines().filter(|line| line.contains("\"right\":\"lan\"")).collect();
        assert_eq!(lan.len(), 2, "{rules}");
        for (rule, subnet) in lan.iter().zip([
            r#""field":"saddr","protocol":"ip"}},"op":"==","right":{"prefix":{"addr":"10.9.0.0","len":24}}"#,
            r#""field":"saddr","protocol":"ip6"}},"op":"==","right":{"prefix":{"addr":"fd00:9::","len":64}}"#,
        ]) {
            assert!(rule.contains(subnet), "{rule}");
        }
    }

    #[test]
    fn the_addresses_that_docker_is_told_to_give_out_count() {
        let mut state = behind_a_bridge();
        state.docker.daemon_json =
            Some(json!({ "default-address-pools": [{ "base": "10.200.0.0/16", "size": 24 }] }));
        assert!(trusting(&state).contains(r#"{"prefix":{"addr":"10.200.0.0","len":16}}"#));
        let mut footing = Footing::default();
        let pools = ["base=10.205.0.0/16,size=24", "size=24,base=10.203.0.0/16"].map(str::to_owned);
        footing.switches.insert("default-address-pool".to_owned(), pools.into());
        state.docker.footing = Some(footing);
        for net in ["10.205.0.0", "10.203.0.0"] {
            assert!(trusting(&state).contains(&format!(r#"{{"prefix":{{"addr":"{net}","len":16}}}}"#)));
        }
    }

    /// A network that comes or goes within Docker's pools changes no rule.
    #[test]
    fn a_network_made_by_hand_is_no_drift() {
        let mut state = behind_a_bridge();
        let before = firewall::table(&fixture::desired(), &state);
        state.net.links.names.insert("br-ffffffffffff".to_owned());
        assert_eq!(firewall::table(&fixture::desired(), &state), before);
        let subnets = vec!["172.19.0.0/16".to_owned()];
        let bridge = Some("br-ffffffffffff".to_owned());
        state
            .docker
            .networks
            .insert("new".to_owned(), NetworkState { subnets, bridge, ..NetworkState::default() });
        assert_eq!(firewall::table(&fixture::desired(), &state), before);
    }

    #[test]
    fn listings_of_both_nft_versions_are_no_drift() {
        let mut desired = fixture::desired();
        desired.firewall.metadata = vec!["172.19.0.2/32".parse().unwrap()];
        let table = firewall::table(&desired, &behind_a_bridge());
        assert_eq!(table.document(), include_str!("../../../tests/data/nft/firewall-bridge.json"));
        for listing in [
            include_str!("../../../tests/data/nft/firewall-bridge-1.0.6.listing.json"),
            include_str!("../../../tests/data/nft/firewall-bridge-1.1.3.listing.json"),
        ] {
            let listing = serde_json::from_str(listing).unwrap();
            assert_eq!(differences(&listing, &table.listing()), Vec::<String>::new());
            assert!(same(&listing, &table.listing()));
        }
    }
}
