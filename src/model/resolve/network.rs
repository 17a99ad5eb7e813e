//! Container networks of a host, and each service's place in them.

use std::collections::BTreeMap;

use ipnet::Ipv4Net;

use super::{
    address::{OWN, PAIRS, inside, own, pair, rooms, spread, subnet, subnet6},
    placed::Placed,
};
use crate::model::{
    compose,
    desired::{Attachment, Inside, Network},
    inventory::Inventory,
    name::ServiceName,
    problem::Problem,
};

/// The networks of a host by their short names, who stands where in each, and the services' own addresses.
pub(super) struct Networks {
    cuts: BTreeMap<String, Cut>,
    inside: Ipv4Net,
    own: BTreeMap<String, usize>,
}

struct Cut {
    network: Network,
    places: BTreeMap<String, usize>,
}

/// A network as the roles of a host ask for it.
struct Wanted {
    kind: compose::Network,
    members: Vec<String>,
}

/// The networks a service joins: those it names, or Compose's `default`; those that lead out come first, because the first
/// one carries the default route, and answers must leave the way the questions came.
fn joins(placed: &Placed, service: &compose::Service) -> Vec<(String, Vec<String>)> {
    let mut joins = service.networks.0.clone();
    if joins.is_empty() {
        joins.push(("default".to_owned(), Vec::new()));
    }
    joins.sort_by_key(|(name, _)| declared(placed, name).is_some_and(|network| network.internal));
    joins
}

fn declared(placed: &Placed, name: &str) -> Option<compose::Network> {
    let implied = (name == "default").then(compose::Network::default);
    placed.bound.compose.networks.get(name).copied().or(implied)
}

/// What the roles ask for, in the order in which they do.
fn wanted(roles: &[Placed]) -> Result<Vec<(String, Wanted)>, Vec<Problem>> {
    let (mut wanted, mut problems) = (Vec::<(String, Wanted)>::new(), Vec::new());
    let services =
        roles.iter().flat_map(|placed| placed.bound.compose.services.iter().map(move |it| (placed, it)));
    for (placed, (service, definition)) in services {
        for (name, _) in joins(placed, definition) {
            let Some(kind) = declared(placed, &name) else {
                let what =
                    format!("service `{service}` joins the network `{name}`, which is not under `networks`");
                problems.push(placed.problem("network.unknown", what));
                continue;
            };
            match wanted.iter_mut().find(|(other, _)| *other == name) {
                Some((_, same)) if same.kind == kind => same.members.push(service.to_string()),
                Some(_) => {
                    let what = format!(
                        "another role of this host sees it otherwise whether the network `{name}` is `internal`"
                    );
                    problems.push(placed.problem("network.clash", what));
                }
                None => wanted.push((name, Wanted { kind, members: vec![service.to_string()] })),
            }
        }
    }
    if problems.is_empty() { Ok(wanted) } else { Err(problems) }
}

impl Networks {
    /// Cuts the networks of a host. Two roles that name the same network share it.
    ///
    /// # Errors
    /// Networks that are not declared, contradict one another or find no room.
    pub fn cut(inventory: &Inventory, roles: &[Placed]) -> Result<Self, Vec<Problem>> {
        let wanted = wanted(roles)?;
        let whole = inventory.container_network;
        let cut = spread(wanted.iter().map(|(name, _)| name.as_str()), rooms(whole)).ok_or_else(|| {
            let what =
                format!("{whole} has no room for {} container networks of 254 addresses", wanted.len());
            let hint = "give `container_network` a shorter prefix, as in 172.28.0.0/16";
            vec![
                Problem::error("network.no-room", what)
                    .hint(hint)
                    .at(inventory.place(&["container_network"])),
            ]
        })?;
        let network = |(name, Wanted { kind, members }): &(String, Wanted)| {
            let subnet = subnet(whole, cut[name.as_str()]);
            let places = spread(members.iter().map(String::as_str), PAIRS).ok_or_else(|| {
                let what =
                    format!("the network `{name}` has {} services, and room for {PAIRS}", members.len());
                vec![Problem::error("network.full", what)]
            })?;
            let network = Network {
                name: format!("{}_{name}", inventory.platform),
                subnet,
                subnet6: subnet6(&inventory.platform, subnet),
                internal: kind.internal,
            };
            let places = places.into_iter().map(|(service, place)| (service.to_owned(), place)).collect();
            Ok((name.clone(), Cut { network, places }))
        };
        let cuts = wanted.iter().map(network).collect::<Result<BTreeMap<_, _>, Vec<Problem>>>()?;
        let services = roles.iter().flat_map(|placed| placed.bound.compose.services.keys());
        let own = spread(services.map(ServiceName::as_str), OWN).ok_or_else(|| {
            vec![Problem::error("network.full", format!("a host has room for {OWN} services"))]
        })?;
        let own = own.into_iter().map(|(service, place)| (service.to_owned(), place)).collect();
        Ok(Self { cuts, inside: inside(whole), own })
    }

    /// A service's place in its networks.
    pub fn attach(&self, placed: &Placed, name: &ServiceName, service: &compose::Service) -> Vec<Attachment> {
        let attach = |(network, aliases): (String, Vec<String>)| {
            let Cut { network, places } = self.cuts.get(&network)?;
            let (addresses, addresses6) = pair(network.subnet, network.subnet6, *places.get(name.as_str())?);
            let mut all = vec![name.to_string()];
            all.extend(aliases.into_iter().filter(|alias| alias != name.as_str()));
            Some(Attachment { network: network.name.clone(), aliases: all, addresses, addresses6 })
        };
        joins(placed, service).into_iter().filter_map(attach).collect()
    }

    /// The first network of a service that leads out; through it ports are reached.
    pub fn entrance(&self, attachments: &[Attachment]) -> Option<String> {
        let leads_out = |name: &String| {
            self.cuts.values().any(|Cut { network, .. }| network.name == *name && !network.internal)
        };
        attachments.iter().map(|attachment| attachment.network.clone()).find(leads_out)
    }

    /// A service's own address, if it has a network that leads out: only there does a caller's packet pass the kernel.
    pub fn inside(&self, name: &ServiceName, attachments: &[Attachment]) -> Option<Inside> {
        let address = own(self.inside, *self.own.get(name.as_str())?);
        Some(Inside { address, network: self.entrance(attachments)? })
    }

    /// The network of the services' own addresses.
    pub fn own_addresses(&self) -> Ipv4Net {
        self.inside
    }

    /// All of them, sorted by name.
    pub fn into_sorted(self) -> Vec<Network> {
        self.cuts.into_values().map(|cut| cut.network).collect()
    }
}
