//! Moves that cannot be taken back: data that a newer major version has written, an older one cannot read.

use std::collections::BTreeMap;

use crate::{
    facts::state::HostState,
    model::{
        desired::{Desired, Service},
        name::RoleName,
        role::{Hook, Upgrade},
    },
    plan::finding::Finding,
};

/// Whether moves may be made that cannot be taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OneWay {
    /// No: a host that would have to make one is held back.
    Refused,
    /// Yes, after a backup.
    Accepted,
}

/// A move that cannot be taken back.
#[derive(Debug, Clone)]
pub struct Move<'a> {
    service: &'a Service,
    from: &'a str,
    backup: &'a [Hook],
}

/// What would go one way on a host.
pub fn one_way<'a>(
    desired: &'a Desired,
    state: &'a HostState,
    upgrades: &'a BTreeMap<RoleName, Upgrade>,
) -> Vec<Move<'a>> {
    let moved = |service: &'a Service| {
        let upgrade = upgrades.get(&service.role).filter(|it| it.irreversible.contains(&service.name))?;
        let served = state.containers.iter().filter(|found| found.service == service.name.as_str());
        let old = served.max_by(|one, other| one.started.cmp(&other.started))?;
        let one_way = major(&old.image) != major(&service.spec.image);
        one_way.then_some(Move { service, from: &old.image, backup: &upgrade.hooks.backup })
    };
    desired.services.iter().filter_map(moved).collect()
}

impl Move<'_> {
    /// Why the host is held back, if it is.
    pub fn objection(&self, one_way: OneWay) -> Option<Finding> {
        let way_out = match (self.backup, one_way) {
            ([], _) => {
                "add `backup: [{ run: COMMAND }]` to `upgrade: { hooks }` of the role: an older version cannot read the data again"
            }
            (_, OneWay::Refused) => "say --accept-irreversible: an older version cannot read the data again",
            (_, OneWay::Accepted) => return None,
        };
        let Self { service, from, .. } = self;
        let found = format!("{}: {from}", service.name);
        Some(Finding::ok("irreversible", found, service.spec.image.clone()).failure(way_out))
    }
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
        let mut upgrade = Upgrade { irreversible: vec!["redis".parse().unwrap()], ..Upgrade::default() };
        let mut found = |images: [&str; 2], upgrade: &Upgrade, wish: OneWay| {
            for (service, image) in desired.services.iter_mut().zip(images) {
                service.spec.image = format!("registry.test:5000/{image}");
            }
            let upgrades = BTreeMap::from([("single".parse().unwrap(), upgrade.clone())]);
            let moves = one_way(&desired, &state, &upgrades);
            moves
                .iter()
                .filter_map(|it| it.objection(wish))
                .map(|it| it.to_string())
                .collect::<Vec<_>>()
                .join("\n")
        };
        assert_eq!(found(["redis:1", "core:1"], &upgrade, OneWay::Refused), "");
        assert_eq!(found(["redis:1.4.2", "core:2"], &upgrade, OneWay::Refused), "");
        let next = ["redis:2.0", "core:1"];
        let without_backup = found(next, &upgrade, OneWay::Accepted);
        let hook = serde_json::json!([{ "run": "/usr/local/sbin/backup" }]);
        upgrade.hooks.backup = serde_json::from_value(hook).unwrap();
        let refused = found(next, &upgrade, OneWay::Refused);
        insta::assert_snapshot!(format!("{without_backup}\n{refused}"), @r"
        failure irreversible: found redis: registry.test:5000/redis:1, needed registry.test:5000/redis:2.0; add `backup: [{ run: COMMAND }]` to `upgrade: { hooks }` of the role: an older version cannot read the data again
        failure irreversible: found redis: registry.test:5000/redis:1, needed registry.test:5000/redis:2.0; say --accept-irreversible: an older version cannot read the data again
        ");
        assert_eq!(found(next, &upgrade, OneWay::Accepted), "");
    }
}
