//! Services of two roles that want to call one another, and have no network in common.

use super::{network::Networks, placed::RoleInstance};
use crate::model::{compose::Service, name::ServiceName, problem::Problem};

/// Told where a service depends on one of another role, and both roles name a network alike: that is two networks.
pub(super) fn apart(networks: &Networks, roles: &[RoleInstance], problems: &mut Vec<Problem>) {
    for caller in roles {
        for (name, definition) in &caller.bound.compose.services {
            for wanted in definition.depends_on.0.keys() {
                let others = roles.iter().filter(|other| other.role.name != caller.role.name);
                let found =
                    others.filter_map(|other| Some((other, other.bound.compose.services.get(wanted)?)));
                problems
                    .extend(found.filter_map(|called| between(networks, (caller, name, definition), called)));
            }
        }
    }
}

fn between(
    networks: &Networks,
    (caller, name, definition): (&RoleInstance, &ServiceName, &Service),
    (other, called): (&RoleInstance, &Service),
) -> Option<Problem> {
    let (ours, theirs) = (networks.joined(caller, definition), networks.joined(other, called));
    if ours.values().any(|title| theirs.values().any(|their| their == title)) {
        return None;
    }
    let alike = ours.keys().find(|short| theirs.contains_key(*short))?;
    let role = &other.role.name;
    let what = format!(
        "service `{name}` depends on a service of the role `{role}`, and the `{alike}` of both roles are two networks"
    );
    let hint = format!("give `{alike}` the same `name` in both roles, and they share it");
    Some(caller.problem("network.apart", what).hint(hint))
}
