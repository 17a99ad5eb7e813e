//! What every host has, whatever its roles: the engine, the registry, sshd.

use std::collections::BTreeMap;

use serde_json::json;

use crate::model::{
    desired::{Engine, RegistryAccess},
    inventory::Inventory,
    material::Material,
};

/// The Docker Engine: logs that rotate, and containers that live on while the daemon restarts.
pub(super) fn engine() -> Engine {
    let daemon = [
        ("live-restore", json!(true)),
        ("log-driver", json!("local")),
        ("log-opts", json!({ "max-file": "5", "max-size": "10m" })),
    ];
    let daemon = daemon.map(|(key, value)| (key.to_owned(), value));
    Engine { oldest: (20, 10), daemon: BTreeMap::from(daemon) }
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

/// Keys only. Algorithms stay as the distribution has them: old hosts and our own client must still find one in common.
pub(super) fn sshd() -> Vec<(String, String)> {
    let directives = [
        ("PasswordAuthentication", "no"),
        ("KbdInteractiveAuthentication", "no"),
        ("PubkeyAuthentication", "yes"),
        // root keeps its keys: pryvctl may log in as root.
        ("PermitRootLogin", "prohibit-password"),
        ("PermitEmptyPasswords", "no"),
        ("PermitUserEnvironment", "no"),
        ("HostbasedAuthentication", "no"),
        ("IgnoreRhosts", "yes"),
        ("GSSAPIAuthentication", "no"),
    ];
    directives.map(|(key, value)| (key.to_owned(), value.to_owned())).into()
}
