//! What every host has, whatever its roles: the engine, the registry, its hardening.

use std::sync::Arc;

use crate::model::{
    control::{Controls, Hardening},
    desired::{Engine, RegistryAccess},
    inventory::{Host, Inventory},
    material::Material,
};

/// The Docker Engine, with what controls want of its daemon.
pub(super) fn engine(hardening: &Hardening) -> Engine {
    let keys = hardening.wanted().filter_map(|control| control.kind.daemon()).flatten();
    let daemon = keys.map(|(key, value)| (key.clone(), value.clone())).collect();
    Engine { oldest: (20, 10), daemon }
}

/// How hard a host is to be: its own level, or the platform's; what either of them skips is skipped.
pub(super) fn hardening(inventory: &Inventory, host: &Host, known: &Arc<Controls>) -> Hardening {
    let (platform, host) = (&inventory.hardening, &host.hardening);
    let skips = platform.skip.iter().chain(&host.skip);
    Hardening {
        level: host.level.or(platform.level).unwrap_or_default(),
        skipped: skips.map(|skip| (skip.control.value.clone(), skip.reason.clone())).collect(),
        known: Arc::clone(known),
    }
}

/// How images are pulled.
pub(super) fn registry(inventory: &Inventory, material: &Material) -> Option<RegistryAccess> {
    let registry = inventory.registry.as_ref()?;
    Some(RegistryAccess {
        address: registry.address.clone(),
        ip: registry.ip,
        ca: material.registry_ca.clone(),
        credentials: registry.username.clone().zip(material.registry_password.clone()),
    })
}
