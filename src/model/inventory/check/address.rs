//! Addresses of hosts and the network of the containers: none twice, none in two places at once.

use std::{collections::BTreeMap, net::IpAddr};

use ipnet::{IpNet, Ipv4Net};
use serde_saphyr::Spanned;

use super::point::point;
use crate::model::{
    inventory::{Host, Inventory},
    name::{HostName, ZoneName},
    problem::{Place, Problem},
};

/// A role's networks are cut from it as /24, two addresses a service: sixteen networks is the least that is useful.
const SMALLEST: u8 = 20;

pub fn check(inventory: &Inventory) -> Vec<Problem> {
    let mut problems = twice(inventory);
    for (name, host) in &inventory.hosts {
        problems.extend(family(name, host));
    }
    problems.extend(containers(inventory));
    problems
}

/// Within what an address must be unique: the world, or the zone whose private network it belongs to.
type Scope<'a> = Option<&'a ZoneName>;

fn twice(inventory: &Inventory) -> Vec<Problem> {
    let mut seen: BTreeMap<(Scope, IpAddr), (&HostName, &Spanned<IpAddr>)> = BTreeMap::new();
    let mut problems = Vec::new();
    for (name, host) in &inventory.hosts {
        let public = [Some(&host.address), host.address6.as_ref()].into_iter().flatten().map(|at| (None, at));
        let private = host.private_address.iter().filter(|at| at.value != host.address.value);
        for (scope, address) in public.chain(private.map(|at| (Some(&host.zone.value), at))) {
            let Some((other, first)) = seen.insert((scope, address.value), (name, address)) else { continue };
            let message = format!("hosts `{other}` and `{name}` have the same address {}", address.value);
            let problem = Problem::error("address.twice", message).hint("give each host its own address");
            // Said at the later of the two, whatever the order of the names.
            let (early, late) = order(Place::from(first), Place::from(address));
            problems.push(problem.at(late).also(early, "first used here"));
        }
    }
    problems
}

fn order(one: Place, other: Place) -> (Place, Place) {
    (one.min(other), one.max(other))
}

fn family(name: &HostName, host: &Host) -> Vec<Problem> {
    let mut problems = Vec::new();
    if let Some(second) = &host.address6 {
        let message = match (second.value, host.address.value) {
            (IpAddr::V4(_), _) => Some("`address6` is not an IPv6 address"),
            (IpAddr::V6(_), IpAddr::V6(_)) => Some("`address` and `address6` are both IPv6 addresses"),
            (IpAddr::V6(_), IpAddr::V4(_)) => None,
        };
        let problem =
            message.map(|message| Problem::error("address.family", format!("host `{name}`: {message}")));
        let hint = "write the IPv4 address as `address` and the IPv6 address as `address6`";
        problems.extend(problem.map(|problem| point(problem.hint(hint), second)));
    }
    let addresses = [Some(&host.address), host.address6.as_ref(), host.private_address.as_ref()];
    for address in addresses.into_iter().flatten().filter(|address| is_local(address.value)) {
        let message = format!(
            "host `{name}`: {} cannot be reached from other machines (loopback or link-local)",
            address.value
        );
        let problem = Problem::error("address.local", message);
        problems.push(point(problem.hint("write the address others reach the host at"), address));
    }
    problems
}

fn is_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_loopback() || address.is_link_local(),
        IpAddr::V6(address) => address.is_loopback() || address.is_unicast_link_local(),
    }
}

fn containers(inventory: &Inventory) -> Vec<Problem> {
    let network = inventory.container_network;
    let here = inventory.place(&["container_network"]);
    let mut problems = Vec::new();
    if network.prefix_len() > SMALLEST {
        let problem = Problem::error("network.small", format!("`container_network` {network} is too small"));
        let hint = format!("give it at least /{SMALLEST}, as in {}", wider(network));
        problems.push(problem.hint(hint).at(here));
    }
    if !network.addr().is_private() {
        let message = format!("`container_network` {network} is not a private network");
        let problem = Problem::warning("network.public", message);
        let hint = "hosts could no longer reach these addresses in the Internet; use one within 10.0.0.0/8 or 172.16.0.0/12";
        problems.push(problem.hint(hint).at(here));
    }
    let taken = taken(inventory).into_iter().filter(|(_, other, _)| overlap(network, *other));
    problems.extend(taken.map(|(what, other, place)| {
        let one = other.prefix_len() == other.max_prefix_len();
        let other = if one { other.addr().to_string() } else { other.to_string() };
        let message = format!("{what} {other} and `container_network` {network} overlap");
        let hint = "give `container_network` a network that nothing else uses, as in 172.29.0.0/16";
        let problem = Problem::error("network.overlap", message).hint(hint).at(place);
        problem.also(here, "the network of the containers")
    }));
    problems
}

fn wider(network: Ipv4Net) -> Ipv4Net {
    Ipv4Net::new(network.addr(), SMALLEST).unwrap_or(network).trunc()
}

/// Everything that must be reachable from a host beside its containers.
fn taken(inventory: &Inventory) -> Vec<(String, IpNet, Option<Place>)> {
    let admins = inventory.admin_networks.iter().filter(|network| network.value.prefix_len() > 0);
    let admins =
        admins.map(|network| ("the admin network".to_owned(), network.value, Some(Place::from(network))));
    let registry = inventory.registry.iter().filter_map(|registry| registry.ip);
    let registry = registry.map(|ip| {
        ("the registry's address".to_owned(), IpNet::from(ip), inventory.place(&["registry", "ip"]))
    });
    let hosts = inventory.hosts.iter().flat_map(|(name, host)| {
        let addresses = [Some(&host.address), host.private_address.as_ref()].into_iter().flatten();
        addresses.map(move |at| {
            (format!("host `{name}`: the address"), IpNet::from(at.value), Some(Place::from(at)))
        })
    });
    admins.chain(registry).chain(hosts).collect()
}

fn overlap(network: Ipv4Net, other: IpNet) -> bool {
    match other {
        IpNet::V4(other) => network.contains(&other) || other.contains(&network),
        IpNet::V6(_) => false,
    }
}
