//! Moves that cannot be taken back: data that a newer major version has written, an older one cannot read.

use std::collections::BTreeMap;

use crate::{
    facts::state::HostState,
    model::{desired::Desired, name::RoleName, role::Upgrade},
    plan::finding::Finding,
};

/// What would go one way on a host, as findings that hold it back.
pub fn one_way(desired: &Desired, state: &HostState, upgrades: &BTreeMap<RoleName, Upgrade>) -> Vec<Finding> {
    let declared = desired.services.iter().filter(|service| {
        upgrades.get(&service.role).is_some_and(|upgrade| upgrade.irreversible.contains(&service.name))
    });
    declared
        .filter_map(|service| {
            let served = state.containers.iter().filter(|found| found.service == service.name.as_str());
            let old = served.max_by(|one, other| one.started.cmp(&other.started))?;
            let new = &service.spec.image;
            (major(&old.image) != major(new)).then(|| {
                Finding::ok("irreversible", format!("{}: {}", service.name, old.image), new.clone()).failure(
                    "make a backup, then say --accept-irreversible: an older version cannot read the data again",
                )
            })
        })
        .collect()
}

/// The first number of an image's tag; the whole tag where it is no number. A port's colon is no tag.
fn major(image: &str) -> &str {
    let tag = image.rsplit_once(':').map(|(_, tag)| tag).filter(|tag| !tag.contains('/')).unwrap_or_default();
    tag.split(['.', '-']).next().unwrap_or(tag)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Goal, fixture, plan, simulated::carry_out};

    #[test]
    fn only_another_major_of_a_declared_service_is_one_way() {
        let mut desired = fixture::desired();
        let mut state = fixture::with_docker();
        for step in plan(&desired, &state, Goal::Install).unwrap().steps {
            carry_out(&step, &mut state, &desired);
        }
        let upgrade = Upgrade { irreversible: vec!["redis".parse().unwrap()], ..Upgrade::default() };
        let upgrades = BTreeMap::from([("single".parse().unwrap(), upgrade)]);
        let mut found = |images: [&str; 2]| {
            for (service, image) in desired.services.iter_mut().zip(images) {
                service.spec.image = format!("registry.test:5000/{image}");
            }
            one_way(&desired, &state, &upgrades).len()
        };
        assert_eq!(found(["redis:1", "core:1"]), 0);
        assert_eq!(found(["redis:1.4.2", "core:2"]), 0);
        assert_eq!(found(["redis:2.0", "core:1"]), 1);
    }
}
