//! From an inventory and its roles to what every host must be: all references resolved, nothing left to decide.

mod address;
mod apart;
mod baseline;
mod container;
mod files;
mod hash;
mod network;
mod placed;
mod ports;
mod reach;
mod reserved;
mod scope;
mod services;
mod upgrade;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    sync::Arc,
};

use super::{
    catalog::Catalog,
    control::Controls,
    desired::{Desired, Firewall, MountSource, Needs, Service},
    inventory::{Host, Inventory},
    material::Material,
    name::{HostName, RoleName},
    problem::Problem,
    size::Bytes,
    template::{Renderer, View},
};
use files::FileRenderer;
use network::Networks;
use placed::RoleInstance;
use services::ServiceBuilder;

/// What every host must be.
///
/// # Errors
/// Every problem of the inventory's roles: what is missing, contradicts itself or is refused. A problem of a role that many
/// hosts have is told once.
pub fn resolve(
    inventory: &Inventory,
    catalog: &Catalog,
    material: &Material,
) -> Result<BTreeMap<HostName, Desired>, Vec<Problem>> {
    let platform = Platform::new(inventory, catalog, material, Controls::shipped()?);
    let (mut hosts, mut problems) = (BTreeMap::new(), Vec::new());
    for (name, host) in &inventory.hosts {
        match platform.host(name, host) {
            Ok(desired) => drop(hosts.insert(name.clone(), desired)),
            Err(found) => problems.extend(found),
        }
    }
    let mut told = BTreeSet::new();
    problems.retain(|problem: &Problem| told.insert((problem.rule, problem.message.clone())));
    if problems.is_empty() { Ok(hosts) } else { Err(problems) }
}

/// What all hosts share.
struct Platform<'a> {
    inventory: &'a Inventory,
    catalog: &'a Catalog,
    material: &'a Material,
    views: BTreeMap<&'a HostName, View>,
    renderer: Renderer,
    controls: Arc<Controls>,
}

impl<'a> Platform<'a> {
    fn new(
        inventory: &'a Inventory,
        catalog: &'a Catalog,
        material: &'a Material,
        controls: Arc<Controls>,
    ) -> Self {
        let view = |(name, host): (&'a HostName, &'a Host)| {
            let roles = host.roles.iter().filter_map(|role| catalog.role(&role.value));
            (name, View::new(name, host, scope::scope(inventory, name, host, roles)))
        };
        let views: BTreeMap<_, _> = inventory.hosts.iter().map(view).collect();
        let all: Vec<_> = views.values().cloned().collect();
        let roles = catalog.names().into_iter().collect();
        let renderer = Renderer::new(inventory, material, Arc::clone(catalog.texts()), &all, roles);
        Self { inventory, catalog, material, views, renderer, controls }
    }

    fn host(&self, name: &HostName, host: &Host) -> Result<Desired, Vec<Problem>> {
        let roles = placed::place(self.inventory, self.catalog, (name, host))?;
        let ranks = self.ranks(&roles)?;
        let mut problems = self.missing_secrets(&roles);
        let ssh = &self.inventory.ssh;
        let ssh_port = host.ssh.port.or(ssh.port).unwrap_or(22);
        let initial_ssh_port = host.ssh.initial_port.or(ssh.initial_port);
        ports::check(&roles, &initial_ssh_port.into_iter().chain([ssh_port]).collect(), &mut problems);
        upgrade::check(&roles, &mut problems);
        let networks = match Networks::cut(self.inventory, &roles) {
            Ok(networks) => networks,
            Err(found) => return Err(problems.into_iter().chain(found).collect()),
        };
        apart::apart(&networks, &roles, &mut problems);
        let file_renderer = FileRenderer {
            catalog: self.catalog,
            renderer: &self.renderer,
            view: &self.views[name],
            zone: self.inventory.zones.get(&host.zone.value),
        };
        let files = file_renderer.files(&roles, &mut problems);
        let workshop = ServiceBuilder {
            platform: &self.inventory.platform,
            roles: &roles,
            networks: &networks,
            files: &files,
            file_renderer: &file_renderer,
            backup: self.inventory.backup.as_ref(),
        };
        let services = workshop.services(&ranks, &mut problems);
        let folders = files::folders(&roles, &mut problems);
        let data = PathBuf::from(host.data_folder());
        reach::check(&roles, &data, &folders, &services, &mut problems);
        let hardening = baseline::hardening(self.inventory, host, &self.controls);
        reserved::check(&roles, &data, &hardening, &mut problems);
        let desired = Desired {
            host: name.clone(),
            platform: self.inventory.platform.clone(),
            address: host.address.value,
            ssh_port,
            initial_ssh_port,
            login_user: host
                .ssh
                .user
                .clone()
                .or_else(|| ssh.user.clone())
                .unwrap_or_else(|| "root".to_owned()),
            needs: needs(&roles),
            engine: baseline::engine(&hardening),
            registry: baseline::registry(self.inventory, self.material),
            data,
            folders,
            firewall: Firewall {
                metadata: networks.asking(&roles),
                ..ports::firewall(name, (self.inventory, self.catalog), &roles, &mut problems)
            },
            hardening,
            volumes: volumes(&services),
            inside: networks.own_addresses(),
            networks: networks.into_sorted(),
            services,
            files,
        };
        if problems.is_empty() { Ok(desired) } else { Err(problems) }
    }

    /// Each role's turn among those of the host.
    fn ranks(&self, roles: &[RoleInstance]) -> Result<BTreeMap<RoleName, usize>, Vec<Problem>> {
        let names: Vec<_> = roles.iter().map(|placed| placed.role.name.clone()).collect();
        let order = self.catalog.order(&names).map_err(|found| {
            let place = roles.first().and_then(RoleInstance::reference);
            found.into_iter().map(|problem| problem.at(place)).collect::<Vec<_>>()
        })?;
        Ok(order.into_iter().enumerate().map(|(rank, name)| (name, rank)).collect())
    }

    fn missing_secrets(&self, roles: &[RoleInstance]) -> Vec<Problem> {
        let wanted =
            roles.iter().flat_map(|placed| placed.role.head.secrets.iter().map(move |name| (placed, name)));
        let missing = wanted.filter(|(_, name)| !self.material.secrets.contains_key(*name));
        let problem = |(placed, name): (&RoleInstance, &String)| {
            let hint = format!("add `{name}: {{ file: PATH }}` or `{name}: {{ env: NAME }}` to `secrets`");
            placed.problem("secret.missing", format!("the role needs the secret `{name}`")).hint(hint)
        };
        missing.map(problem).collect()
    }
}

fn needs(roles: &[RoleInstance]) -> Needs {
    let sum = |part: fn(&super::role::Needs) -> Bytes| {
        Bytes(roles.iter().map(|placed| part(&placed.role.head.needs).0).sum())
    };
    Needs {
        memory: sum(|needs| needs.memory),
        cpus: roles.iter().map(|placed| placed.role.head.needs.cpus).sum(),
        disk: sum(|needs| needs.disk),
        data_disk: sum(|needs| needs.data_disk),
    }
}

/// The named volumes that services mount; one that is only declared is not made.
fn volumes(services: &[Service]) -> Vec<String> {
    let mounts = services.iter().flat_map(|service| &service.spec.mounts);
    let names = mounts.filter_map(|mount| match &mount.source {
        MountSource::Volume(name) => Some(name.clone()),
        MountSource::Bind(_) => None,
    });
    names.collect::<BTreeSet<_>>().into_iter().collect()
}

#[cfg(test)]
mod tests;
