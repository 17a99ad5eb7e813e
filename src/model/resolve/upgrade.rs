//! What a role says of its upgrades, held against the rest of it.

use super::placed::RoleInstance;
use crate::model::{desired::UpdateOrder, nearest::suggest, problem::Problem};

/// A service whose way is one way must be there, and two versions of it must not have its data open at once.
pub(super) fn check(roles: &[RoleInstance], problems: &mut Vec<Problem>) {
    for placed in roles {
        let upgrade = &placed.role.head.upgrade;
        let services = placed.bound.compose.services.keys().map(|name| name.as_str());
        for name in &upgrade.irreversible {
            if !services.clone().any(|service| service == name.as_str()) {
                let what = format!("`upgrade.irreversible` names `{name}`, which the role does not define");
                let hint = suggest(name.as_str(), services.clone());
                problems.push(placed.problem("upgrade.service-unknown", what).hint(hint));
            }
            let service = placed.bound.compose.services.get(name);
            let order = service.and_then(|service| service.deploy.update_config.order);
            if order == Some(UpdateOrder::StartFirst) {
                let what = format!(
                    "`upgrade.irreversible` names `{name}`, whose `update_config.order` is start-first: two versions would have \
                     its data open at once, write stop-first"
                );
                problems.push(placed.problem("upgrade.two-versions", what));
            }
        }
    }
}
