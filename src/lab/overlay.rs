//! The rehearsal: the same inventory, with the lab's hosts in the place of the real ones.

use std::{net::IpAddr, path::Path};

use ipnet::IpNet;
use serde_saphyr::{Location, Spanned};

use super::{Addresses, KNOWN_HOSTS, Lab, LabError, keys, registry};
use crate::model::{
    inventory::{Inventory, Registry, Ssh, Tls},
    secret::SecretSource,
};

/// Replaces addresses, logins, the registry, the certificate and every secret that cannot be read here by the lab's own.
/// Places in the inventory's text stay, so that problems still point at the line that was written.
///
/// `folder` is the inventory's: relative paths of secrets start there. Hosts that the lab does not have keep their
/// addresses; `up` with this inventory brings them.
///
/// # Errors
/// [`LabError::File`] where a made-up secret cannot be kept.
pub fn overlay(inventory: &mut Inventory, lab: &Lab, folder: &Path) -> Result<(), LabError> {
    let file = |name: &str| SecretSource::File(lab.folder.path(name));
    for (name, host) in &mut inventory.hosts {
        let Some(at) = lab.hosts.get(name) else { continue };
        let second = other_family(host.address.value, *at);
        host.address.value = same_family(host.address.value, *at);
        if let Some(address) = &mut host.address6 {
            address.value = second;
        }
        if let Some(address) = &mut host.private_address {
            address.value = same_family(address.value, *at);
        }
        host.ssh = Ssh::default();
    }
    inventory.ssh = Ssh {
        user: Some("root".to_owned()),
        port: Some(22),
        identities: Some(vec![lab.folder.path(keys::SSH_KEY)]),
        passphrase: None,
        sudo_password: None,
        known_hosts: Some(lab.folder.path(KNOWN_HOSTS)),
        host_key: None,
    };
    inventory.admin_networks = admin_networks(&inventory.admin_networks, lab);
    inventory.registry = Some(Registry {
        address: registry::address(&lab.name),
        ip: Some(lab.network.registry().v4.into()),
        ca: Some(lab.folder.path(keys::CA)),
        username: Some(registry::USER.to_owned()),
        password: Some(file(registry::PASSWORD)),
    });
    inventory.tls = Some(Tls { certificate: file("platform.pem"), key: file("platform.key") });
    for (name, source) in &mut inventory.secrets {
        if !can_be_read(source, folder) {
            let made_up = format!("secrets/of-inventory/{}", name.replace(['/', '.'], "_"));
            lab.folder.password(&made_up)?;
            *source = file(&made_up);
        }
    }
    Ok(())
}

/// Only the controller, which stands at the network's gateway: rehearsing from an address that the rules would not let in
/// would lock the rehearsal out.
fn admin_networks(before: &[Spanned<IpNet>], lab: &Lab) -> Vec<Spanned<IpNet>> {
    let (referenced, defined) = before
        .first()
        .map_or((Location::UNKNOWN, Location::UNKNOWN), |first| (first.referenced, first.defined));
    lab.network.gateway().both().map(|address| Spanned::new(address.into(), referenced, defined)).into()
}

fn same_family(address: IpAddr, at: Addresses) -> IpAddr {
    match address {
        IpAddr::V4(_) => at.v4.into(),
        IpAddr::V6(_) => at.v6.into(),
    }
}

fn other_family(address: IpAddr, at: Addresses) -> IpAddr {
    match address {
        IpAddr::V4(_) => at.v6.into(),
        IpAddr::V6(_) => at.v4.into(),
    }
}

fn can_be_read(source: &SecretSource, folder: &Path) -> bool {
    match source {
        SecretSource::Env(name) => std::env::var_os(name).is_some(),
        SecretSource::File(path) => std::fs::File::open(folder.join(path)).is_ok(),
        SecretSource::Value(_) => true,
    }
}
