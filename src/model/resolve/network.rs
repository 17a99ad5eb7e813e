//! Container networks of a host, and each service's place in them.

use std::{collections::BTreeMap, net::IpAddr};

use ipnet::{IpNet, Ipv4Net};

use super::{
    address::{OWN, PAIRS, inside, own, pair, rooms, spread, subnet, subnet6},
    placed::RoleInstance,
};
use crate::model::{
    compose,
    desired::{Attachment, Inside, Network},
    inventory::Inventory,
    name::{RoleName, ServiceName},
    problem::Problem,
};

/// The networks of a host by their full names, who stands where in each, and the services' own addresses.
pub(super) struct Networks {
    titles: Titles,
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
    internal: bool,
    members: Vec<String>,
}

/// The full name of each network that a role names.
///
/// Two roles that name a network alike have two networks, unless both give it the same `name`. The role that comes first on
/// the host has the name that it would have alone, so that a role that is added behind it moves none of its containers.
struct Titles {
    platform: String,
    titles: BTreeMap<(RoleName, String), String>,
}

impl Titles {
    fn of(inventory: &Inventory, roles: &[RoleInstance]) -> Self {
        let (platform, mut titles) = (inventory.platform.to_string(), BTreeMap::new());
        for placed in roles {
            for (short, network) in asked(placed) {
                let role = &placed.role.name;
                let free = |title: &String| !titles.values().any(|taken| taken == title);
                let own = [format!("{platform}_{short}"), format!("{platform}_{role}_{short}")];
                let title = match network.name {
                    Some(name) => name.0,
                    None => {
                        own.into_iter().find(free).unwrap_or_else(|| format!("{platform}_{role}__{short}"))
                    }
                };
                titles.entry((placed.role.name.clone(), short)).or_insert(title);
            }
        }
        Self { platform, titles }
    }

    fn get(&self, placed: &RoleInstance, short: &str) -> Option<&String> {
        self.titles.get(&(placed.role.name.clone(), short.to_owned()))
    }

    /// The short name of which a title is the one that a role's network has alone.
    fn alone<'t>(&self, title: &'t str) -> Option<&'t str> {
        let short = title.strip_prefix(&self.platform)?.strip_prefix('_')?;
        self.titles.keys().any(|(_, known)| known == short).then_some(short)
    }

    /// By what its room is chosen: no short name holds a sign of equality.
    fn key(&self, title: &str) -> String {
        self.alone(title).map_or_else(|| format!("={title}"), str::to_owned)
    }
}

/// The networks a service joins: those it names, or Compose's `default`; those that lead out come first, because the first
/// one carries the default route, and answers must leave the way the questions came.
fn joins(placed: &RoleInstance, service: &compose::Service) -> Vec<(String, Vec<String>)> {
    let mut joins = service.networks.0.clone();
    if joins.is_empty() {
        joins.push(("default".to_owned(), Vec::new()));
    }
    joins.sort_by_key(|(name, _)| declared(placed, name).is_some_and(|network| network.internal));
    joins
}

fn declared(placed: &RoleInstance, name: &str) -> Option<compose::Network> {
    let implied = (name == "default").then(compose::Network::default);
    placed.bound.compose.networks.get(name).cloned().or(implied)
}

/// The networks that the services of a role join, each once.
fn asked(placed: &RoleInstance) -> BTreeMap<String, compose::Network> {
    let services = placed.bound.compose.services.values();
    let names = services.flat_map(|service| joins(placed, service)).map(|(name, _)| name);
    names.filter_map(|name| Some((name.clone(), declared(placed, &name)?))).collect()
}

/// What the roles ask for, in the order in which they do.
fn wanted(roles: &[RoleInstance], titles: &Titles) -> Result<Vec<(String, Wanted)>, Vec<Problem>> {
    let (mut wanted, mut problems) = (Vec::<(String, Wanted)>::new(), Vec::new());
    let services =
        roles.iter().flat_map(|placed| placed.bound.compose.services.iter().map(move |it| (placed, it)));
    for (placed, (service, definition)) in services {
        for (name, _) in joins(placed, definition) {
            let (Some(kind), Some(title)) = (declared(placed, &name), titles.get(placed, &name)) else {
                let what = format!(
                    "service `{service}` joins the network `{name}`, which is not defined under `networks`"
                );
                problems.push(placed.problem("network.unknown", what));
                continue;
            };
            match wanted.iter_mut().find(|(other, _)| other == title) {
                Some((_, same)) if kind.external || same.internal == kind.internal => {
                    same.members.push(service.to_string());
                }
                Some(_) => {
                    let what = format!(
                        "the network `{title}` is `internal` in one role of this host and not in another"
                    );
                    problems.push(placed.problem("network.clash", what));
                }
                None => {
                    let wish = Wanted {
                        internal: internal(roles, titles, title),
                        members: vec![service.to_string()],
                    };
                    wanted.push((title.clone(), wish));
                }
            }
        }
    }
    problems.extend(roles.iter().flat_map(|placed| nobodys(placed, roles, titles)));
    if problems.is_empty() { Ok(wanted) } else { Err(problems) }
}

/// As those say whose network it is; a role that only joins it need not repeat it.
fn internal(roles: &[RoleInstance], titles: &Titles, title: &str) -> bool {
    let mut owners = roles.iter().flat_map(asked_by).filter(|(placed, name, network)| {
        !network.external && titles.get(placed, name).is_some_and(|own| own == title)
    });
    owners.next().is_some_and(|(_, _, network)| network.internal)
}

fn asked_by<'a, 'r>(
    placed: &'a RoleInstance<'r>,
) -> impl Iterator<Item = (&'a RoleInstance<'r>, String, compose::Network)> {
    asked(placed).into_iter().map(move |(name, network)| (placed, name, network))
}

/// Networks that a role calls another role's, and that none has.
fn nobodys(placed: &RoleInstance, roles: &[RoleInstance], titles: &Titles) -> Vec<Problem> {
    let has = |title: &String| {
        roles
            .iter()
            .flat_map(asked_by)
            .any(|(other, name, network)| !network.external && titles.get(other, &name) == Some(title))
    };
    let asked = asked(placed).into_iter().filter(|(_, network)| network.external);
    let missing = asked.filter_map(|(name, _)| titles.get(placed, &name).filter(|title| !has(title)));
    let problem = |title: &String| {
        let what = format!("the network `{title}` is `external`, and no other role of this host has it");
        let hint = format!("give the network `name: {title}` in the role it belongs to");
        placed.problem("network.unknown", what).hint(hint)
    };
    missing.map(problem).collect()
}

impl Networks {
    /// Cuts the networks of a host.
    ///
    /// # Errors
    /// Networks that are not declared, contradict one another or find no room.
    pub fn cut(inventory: &Inventory, roles: &[RoleInstance]) -> Result<Self, Vec<Problem>> {
        let titles = Titles::of(inventory, roles);
        let wanted = wanted(roles, &titles)?;
        let whole = inventory.container_network;
        // Rooms of networks that are named for two roles are chosen last: they move no other.
        let (alone, more): (Vec<_>, Vec<_>) =
            wanted.iter().map(|(title, _)| title).partition(|title| titles.alone(title).is_some());
        let keys: Vec<String> = alone.into_iter().chain(more).map(|title| titles.key(title)).collect();
        let cut = spread(keys.iter().map(String::as_str), rooms(whole)).ok_or_else(|| {
            let what =
                format!("{whole} has no room for {} container networks of 254 addresses", wanted.len());
            let hint = "give `container_network` a shorter prefix, as in 172.28.0.0/16";
            vec![
                Problem::error("network.no-room", what)
                    .hint(hint)
                    .at(inventory.place(&["container_network"])),
            ]
        })?;
        let network = |(title, Wanted { internal, members }): &(String, Wanted)| {
            let subnet = subnet(whole, cut[titles.key(title).as_str()]);
            let places = spread(members.iter().map(String::as_str), PAIRS).ok_or_else(|| {
                let what =
                    format!("the network `{title}` has {} services, and room for {PAIRS}", members.len());
                vec![Problem::error("network.full", what)]
            })?;
            let network = Network {
                name: title.clone(),
                subnet,
                subnet6: subnet6(&inventory.platform, subnet),
                internal: *internal,
            };
            let places = places.into_iter().map(|(service, place)| (service.to_owned(), place)).collect();
            Ok((title.clone(), Cut { network, places }))
        };
        let cuts = wanted.iter().map(network).collect::<Result<BTreeMap<_, _>, Vec<Problem>>>()?;
        let services = roles.iter().flat_map(|placed| placed.bound.compose.services.keys());
        let own = spread(services.map(ServiceName::as_str), OWN).ok_or_else(|| {
            vec![Problem::error("network.full", format!("at most {OWN} services can run on one host"))]
        })?;
        let own = own.into_iter().map(|(service, place)| (service.to_owned(), place)).collect();
        Ok(Self { titles, cuts, inside: inside(whole), own })
    }

    /// A service's place in its networks.
    pub fn attach(
        &self,
        placed: &RoleInstance,
        name: &ServiceName,
        service: &compose::Service,
    ) -> Vec<Attachment> {
        let attach = |(network, aliases): (String, Vec<String>)| {
            let Cut { network, places } = self.cuts.get(self.titles.get(placed, &network)?)?;
            let (addresses, addresses6) = pair(network.subnet, network.subnet6, *places.get(name.as_str())?);
            let mut all = vec![name.to_string()];
            all.extend(aliases.into_iter().filter(|alias| alias != name.as_str()));
            Some(Attachment { network: network.name.clone(), aliases: all, addresses, addresses6 })
        };
        joins(placed, service).into_iter().filter_map(attach).collect()
    }

    /// The full names of the networks that a service joins, by the names its role has for them.
    pub fn joined(&self, placed: &RoleInstance, service: &compose::Service) -> BTreeMap<String, String> {
        let joins = joins(placed, service).into_iter();
        joins
            .filter_map(|(short, _)| Some((short.clone(), self.titles.get(placed, &short)?.clone())))
            .collect()
    }

    /// The addresses, in both slots, of all containers whose role asks for the cloud's metadata.
    pub fn asking(&self, roles: &[RoleInstance]) -> Vec<IpNet> {
        let asking = roles.iter().filter(|placed| placed.bound.body.metadata);
        let services = asking.flat_map(|placed| {
            let services = placed.bound.compose.services.iter();
            services.flat_map(|(name, service)| self.attach(placed, name, service))
        });
        let addresses = services.flat_map(|place| {
            let four = place.addresses.map(|address| IpNet::from(IpAddr::from(address)));
            four.into_iter().chain(place.addresses6.map(|address| IpNet::from(IpAddr::from(address))))
        });
        addresses.collect()
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
