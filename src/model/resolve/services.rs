//! The services of a host, in the order in which they start.

use std::{collections::BTreeMap, net::Ipv4Addr, time::Duration};

use super::{
    container::ContainerBuilder,
    files::{FileRenderer, Paths, reader},
    hash::Origin,
    network::Networks,
    placed::RoleInstance,
};
use crate::model::{
    compose,
    desired::{
        ContainerSpec, Data, Endpoint, HealthCheck, HealthProbe, Inside, ManagedFile, Service, UpdateOrder,
    },
    inventory::Backup,
    name::{PlatformName, RoleName, ServiceName},
    order::sort,
    problem::Problem,
    role::{Health, Hook, Question},
};

/// The shortest wait for health: an image's first start takes its time, also where checks are quick.
const PATIENCE: Duration = Duration::from_secs(30);

/// Makes the services of a host.
pub(super) struct ServiceBuilder<'a> {
    pub platform: &'a PlatformName,
    pub roles: &'a [RoleInstance<'a>],
    pub networks: &'a Networks,
    pub files: &'a [ManagedFile],
    pub file_renderer: &'a FileRenderer<'a>,
    /// What the inventory says of backups.
    pub backup: Option<&'a Backup>,
}

impl ServiceBuilder<'_> {
    /// All services, in the order in which they start.
    pub fn services(&self, ranks: &BTreeMap<RoleName, usize>, problems: &mut Vec<Problem>) -> Vec<Service> {
        let paths = Paths::of(self.roles);
        let mut made: BTreeMap<ServiceName, (usize, Service)> = BTreeMap::new();
        for placed in self.roles {
            let rank = ranks.get(&placed.role.name).copied().unwrap_or_default();
            for (name, definition) in &placed.bound.compose.services {
                let service = self.service(placed, name, definition, &paths, problems);
                if let Some((_, other)) = made.insert(name.clone(), (rank, service)) {
                    let what =
                        format!("the service `{name}` is also in the role `{}` of this host", other.role);
                    problems.push(placed.problem("service.clash", what));
                }
            }
        }
        let mut names: Vec<_> = made.iter().map(|(name, (rank, _))| (*rank, name.clone())).collect();
        names.sort();
        let names: Vec<_> = names.into_iter().map(|(_, name)| name).collect();
        let needs = self.needs(&made, problems);
        match sort(&names, |name| needs.get(name).cloned().unwrap_or_default()) {
            Ok(order) => {
                order.iter().filter_map(|name| made.remove(name)).map(|(_, service)| service).collect()
            }
            Err(circle) => {
                let circle = circle.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
                problems.push(
                    self.about("depends.circle", format!("{circle} form a cycle through `depends_on`")),
                );
                Vec::new()
            }
        }
    }

    fn about(&self, rule: &'static str, what: String) -> Problem {
        match self.roles.first() {
            Some(placed) => Problem::error(rule, what).at(placed.reference()),
            None => Problem::error(rule, what),
        }
    }

    fn needs(
        &self,
        made: &BTreeMap<ServiceName, (usize, Service)>,
        problems: &mut Vec<Problem>,
    ) -> BTreeMap<ServiceName, Vec<ServiceName>> {
        let mut needs = BTreeMap::new();
        for placed in self.roles {
            for (name, definition) in &placed.bound.compose.services {
                let wanted: Vec<_> = definition.depends_on.0.keys().cloned().collect();
                for missing in wanted.iter().filter(|wanted| !made.contains_key(*wanted)) {
                    let what = format!("service `{name}` depends on `{missing}`, which is not on this host");
                    problems.push(placed.problem("depends.unknown", what));
                }
                needs.insert(name.clone(), wanted);
            }
        }
        needs
    }

    fn service(
        &self,
        placed: &RoleInstance,
        name: &ServiceName,
        definition: &compose::Service,
        paths: &Paths,
        problems: &mut Vec<Problem>,
    ) -> Service {
        let attachments = self.networks.attach(placed, name, definition);
        let inside = self.networks.inside(name, &attachments);
        let called = self.called(definition, inside.as_ref());
        let endpoints = self.endpoints(placed, name, definition, &attachments, problems);
        let mut maker = ContainerBuilder { platform: self.platform, placed, paths, problems };
        let mut spec = maker.spec(name, definition, attachments);
        for (name, address) in called {
            spec.extra_hosts.entry(name).or_insert_with(|| address.to_string());
        }
        let origin = Origin::of(name, &spec, &endpoints, self.files);
        Service {
            name: name.clone(),
            role: placed.role.name.clone(),
            hash: origin.hash(),
            hash_v1: origin.hash_v1(),
            healthy_within: healthy_within(&spec),
            endpoints,
            inside,
            order: definition.deploy.update_config.order.unwrap_or(UpdateOrder::StopFirst),
            rollout: definition.deploy.update_config.rollout(),
            rollback: definition.deploy.rollback_config.rollout(),
            health: self.health(placed, name, problems),
            data: data(placed, name, self.backup),
            spec,
        }
    }

    /// The services a service depends on and shares its way out with, by every name, at their own addresses. There the
    /// kernel leads to the container that serves, while Docker's DNS would name both while one replaces the other.
    fn called(&self, definition: &compose::Service, caller: Option<&Inside>) -> BTreeMap<String, Ipv4Addr> {
        let services = self
            .roles
            .iter()
            .flat_map(|placed| placed.bound.compose.services.iter().map(move |it| (placed, it)));
        let mut called = BTreeMap::new();
        for (placed, (name, wanted)) in services {
            let attachments = self.networks.attach(placed, name, wanted);
            let inside = self.networks.inside(name, &attachments);
            let shared = inside.filter(|inside| {
                definition.depends_on.0.contains_key(name)
                    && caller.is_some_and(|caller| caller.network == inside.network)
            });
            let Some(inside) = shared else { continue };
            let here = attachments.iter().filter(|place| place.network == inside.network);
            let names = here.flat_map(|place| place.aliases.clone());
            called.extend(names.map(|alias| (alias, inside.address)));
        }
        called
    }

    fn endpoints(
        &self,
        placed: &RoleInstance,
        name: &ServiceName,
        definition: &compose::Service,
        attachments: &[crate::model::desired::Attachment],
        problems: &mut Vec<Problem>,
    ) -> Vec<Endpoint> {
        let Some(network) = self.networks.entrance(attachments) else {
            if !definition.ports.is_empty() {
                let what = format!("service `{name}` publishes ports, but is only in `internal` networks");
                problems.push(placed.problem("port.internal", what));
            }
            return Vec::new();
        };
        let endpoint = |port: &compose::Port| Endpoint {
            protocol: port.protocol,
            port: port.published,
            target: port.target,
            network: network.clone(),
        };
        let mut endpoints: Vec<_> = definition.ports.iter().map(endpoint).collect();
        endpoints.sort();
        endpoints
    }

    fn health(
        &self,
        placed: &RoleInstance,
        name: &ServiceName,
        problems: &mut Vec<Problem>,
    ) -> Vec<HealthCheck> {
        let mut checks = Vec::new();
        for wanted in &placed.bound.body.health {
            match reader(placed, wanted.service.as_ref()) {
                Ok(Some(service)) if service == *name => {}
                Ok(Some(_)) => continue,
                Ok(None) => {
                    let what = "a health check needs `service`, because the role has several services";
                    problems.push(placed.problem("service.unknown", what));
                    continue;
                }
                Err(problem) => {
                    problems.push(*problem);
                    continue;
                }
            }
            match self.probe(placed, wanted) {
                Ok(probe) => checks.push(HealthCheck { probe, within: wanted.within.0 }),
                Err(problem) => problems.push(*problem),
            }
        }
        checks
    }

    fn probe(&self, placed: &RoleInstance, wanted: &Health) -> Result<HealthProbe, Box<Problem>> {
        let wrong = |what: String| Box::new(placed.problem("role.unreadable", what));
        match &wanted.question {
            Question::Http(url) => {
                let url = self.file_renderer.text(placed, url)?;
                if !url.starts_with("http://") && !url.starts_with("https://") {
                    return Err(wrong(format!("the health check `{url}` is not an http or https URL")));
                }
                Ok(HealthProbe::Http(url))
            }
            Question::Tcp(port) => Ok(HealthProbe::Tcp(port.0)),
            Question::Dns(name) => {
                let name = self.file_renderer.text(placed, name)?;
                if !is_domain(&name) {
                    return Err(wrong(format!(
                        "the health check asks for `{name}`, which is not a DNS name"
                    )));
                }
                Ok(HealthProbe::Dns(name))
            }
            Question::Run(script) => Ok(HealthProbe::Run(self.file_renderer.text(placed, script)?)),
        }
    }
}

/// Who can read a service's data, as its role says. Where the role knows no backup, the inventory may.
fn data(placed: &RoleInstance, name: &ServiceName, backup: Option<&Backup>) -> Data {
    let upgrade = &placed.role.head.upgrade;
    if !upgrade.irreversible.contains(name) {
        return Data::AnyVersion;
    }
    let own = upgrade.hooks.backup.clone();
    Data::OneWay { backup: if own.is_empty() { backup.map(Hook::from).into_iter().collect() } else { own } }
}

/// Whether a text is a whole domain name (RFC 1035, 2.3.4).
fn is_domain(name: &str) -> bool {
    let fits = |label: &str| {
        (1..=63).contains(&label.len())
            && label.chars().all(|one| one.is_ascii_alphanumeric() || one == '-' || one == '_')
    };
    name.len() < 254 && name.trim_end_matches('.').split('.').all(fits)
}

/// The longest time Docker may need to call it healthy, by its own rules.
fn healthy_within(spec: &ContainerSpec) -> Duration {
    let check = spec.healthcheck.as_ref();
    let longest = check.map(|check| {
        let rounds = u32::try_from(check.retries).unwrap_or(1).max(1);
        check.start_period + (check.interval + check.timeout) * rounds
    });
    longest.unwrap_or(PATIENCE).max(PATIENCE)
}
