//! Ports of a host: which lead where, and who may reach them.

use std::collections::{BTreeMap, BTreeSet};

use ipnet::IpNet;

use super::placed::RoleInstance;
use crate::model::{
    catalog::Catalog,
    desired::{Firewall, Opening, Protocol},
    inventory::{Host, Inventory},
    name::{HostName, ServiceName},
    problem::Problem,
    role::Source,
};

/// The ports of a host, as they are asked for.
type Claims<'a> = BTreeMap<(Protocol, u16), (ServiceName, &'a RoleInstance<'a>)>;

/// Sees to it that each port has one owner, that it is opened on purpose, and that SSH keeps its own.
pub(super) fn check(roles: &[RoleInstance], ssh_ports: &BTreeSet<u16>, problems: &mut Vec<Problem>) {
    let mut claims = Claims::new();
    for placed in roles {
        for (name, service) in &placed.bound.compose.services {
            for port in &service.ports {
                let (key, label) = ((port.protocol, port.published), label(port.protocol, port.published));
                if port.protocol == Protocol::Tcp && ssh_ports.contains(&port.published) {
                    let what = format!("service `{name}` publishes {label}, which sshd uses on this host");
                    problems.push(placed.problem("port.ssh", what));
                }
                if let Some((other, first)) = claims.get(&key) {
                    problems.push(clash(&label, (name, placed), (other, first)));
                    continue;
                }
                claims.insert(key, (name.clone(), placed));
            }
        }
    }
    let opened = |placed: &RoleInstance, (protocol, port): (Protocol, u16)| {
        placed.bound.body.open.iter().any(|open| (open.protocol, open.port) == (protocol, port))
    };
    for ((protocol, port), (name, placed)) in &claims {
        if !opened(placed, (*protocol, *port)) {
            let label = label(*protocol, *port);
            let what = format!("service `{name}` publishes {label}, which is not under `open`");
            problems.push(
                placed
                    .problem("role.port-not-open", what)
                    .hint(format!("add `{label}` to `open` of x-pryvctl")),
            );
        }
    }
    let published = |placed: &RoleInstance, key: (Protocol, u16)| {
        let mut ports = placed.bound.compose.services.values().flat_map(|service| &service.ports);
        ports.any(|port| (port.protocol, port.published) == key)
    };
    for placed in roles {
        for open in &placed.bound.body.open {
            if !published(placed, (open.protocol, open.port)) {
                let what =
                    format!("{} is open, but no service publishes it", label(open.protocol, open.port));
                problems.push(placed.problem("role.open-unused", what));
            }
        }
    }
}

fn clash(
    label: &str,
    (name, placed): (&ServiceName, &RoleInstance),
    (other, first): (&ServiceName, &RoleInstance),
) -> Problem {
    let (role, owner) = (&placed.role.name, &first.role.name);
    let what =
        format!("{label} is published by `{name}` of role `{role}` and by `{other}` of role `{owner}`");
    Problem::error("port.clash", what)
        .hint("give the roles to different hosts")
        .at(placed.reference())
        .also(first.reference(), "published first by this role")
}

fn label(protocol: Protocol, port: u16) -> String {
    format!("{port}/{}", protocol.as_str())
}

/// Who may reach what on the host of that name.
pub(super) fn firewall(
    name: &HostName,
    (inventory, catalog): (&Inventory, &Catalog),
    roles: &[RoleInstance],
    problems: &mut Vec<Problem>,
) -> Firewall {
    let admin_networks: Vec<IpNet> = inventory.admin_networks.iter().map(|network| network.value).collect();
    let mut openings = Vec::new();
    for placed in roles {
        for open in &placed.bound.body.open {
            let origin = format!("role {}", placed.role.name);
            let Some(sources) = &open.from else {
                openings.push(Opening { protocol: open.protocol, port: open.port, from: Vec::new(), origin });
                continue;
            };
            let mut from = Vec::new();
            for source in sources {
                match networks(inventory, catalog, source) {
                    Ok(found) => from.extend(found),
                    Err(what) => problems.push(placed.problem("source.unknown", what)),
                }
            }
            from.sort();
            from.dedup();
            // Named sources of which there is none yet open nothing; an empty list would open to everyone.
            if !from.is_empty() {
                openings.push(Opening { protocol: open.protocol, port: open.port, from, origin });
            }
        }
    }
    openings.sort();
    openings.dedup();
    Firewall { admin_networks, openings, other_hosts: other_hosts(inventory, name), metadata: Vec::new() }
}

fn other_hosts(inventory: &Inventory, own: &HostName) -> Vec<IpNet> {
    let others = inventory.hosts.iter().filter(|(name, _)| *name != own);
    let all: BTreeSet<IpNet> = others.flat_map(|(_, host)| addresses(host)).collect();
    all.into_iter().collect()
}

fn networks(inventory: &Inventory, catalog: &Catalog, source: &Source) -> Result<Vec<IpNet>, String> {
    let of = |wanted: &dyn Fn(&HostName, &Host) -> bool| {
        let hosts = inventory.hosts.iter().filter(|(name, host)| wanted(name, host));
        hosts.flat_map(|(_, host)| addresses(host)).collect()
    };
    match source {
        Source::Role(role) if catalog.role(role).is_none() => Err(format!("there is no role `{role}`")),
        Source::Host(host) if !inventory.hosts.contains_key(host) => {
            Err(format!("there is no host `{host}`"))
        }
        Source::Zone(zone) if !inventory.zones.contains_key(zone) => {
            Err(format!("there is no zone `{zone}`"))
        }
        Source::Role(role) => Ok(of(&|_, host| host.roles.iter().any(|own| own.value == *role))),
        Source::Host(wanted) => Ok(of(&|name, _| name == wanted)),
        Source::Zone(zone) => Ok(of(&|_, host| host.zone.value == *zone)),
        Source::Admin => Ok(inventory.admin_networks.iter().map(|network| network.value).collect()),
        Source::Net(network) => Ok(vec![network.trunc()]),
    }
}

fn addresses(host: &Host) -> Vec<IpNet> {
    let others = [&host.address6, &host.private_address].into_iter().flatten();
    std::iter::once(&host.address).chain(others).map(|address| IpNet::from(address.value)).collect()
}
