//! The values of variables on a host.

use crate::model::{
    interpolate::Scope,
    inventory::{Host, Inventory},
    name::HostName,
    role::Role,
};

/// The values that hold for roles on a host; later ones win: the roles' defaults, what the host is, the versions, the
/// variables of platform, zone and host.
pub(super) fn scope<'r>(
    inventory: &Inventory,
    name: &HostName,
    host: &Host,
    roles: impl IntoIterator<Item = &'r Role>,
) -> Scope {
    let defaults = roles.into_iter().flat_map(|role| &role.head.variables);
    let mut scope: Scope = defaults.map(|(key, word)| (key.clone(), word.0.clone())).collect();
    let private = host.private_address.as_ref().unwrap_or(&host.address);
    let own = [
        ("PLATFORM", inventory.platform.to_string()),
        ("DOMAIN", inventory.domain.clone()),
        ("ZONE", host.zone.value.to_string()),
        ("HOST", name.to_string()),
        ("ADDRESS", host.address.value.to_string()),
        ("PRIVATE_ADDRESS", private.value.to_string()),
        ("DATA", host.data_folder()),
    ];
    scope.extend(own.map(|(key, value)| (key.to_owned(), value)));
    let registry =
        inventory.registry.iter().map(|registry| ("REGISTRY".to_owned(), registry.address.clone()));
    scope.extend(registry);
    scope.extend(inventory.versions.iter().map(|(key, value)| (version(key), value.clone())));
    let zone = inventory.zones.get(&host.zone.value).map(|zone| &zone.variables);
    for variables in [Some(&inventory.variables), zone, Some(&host.variables)].into_iter().flatten() {
        scope.extend(variables.iter().map(|(key, value)| (key.clone(), value.clone())));
    }
    scope
}

/// The variable of a version: `pryv` is `PRYV_VERSION`.
fn version(name: &str) -> String {
    let letter = |char: char| if char.is_ascii_alphanumeric() { char.to_ascii_uppercase() } else { '_' };
    format!("{}_VERSION", name.chars().map(letter).collect::<String>())
}
