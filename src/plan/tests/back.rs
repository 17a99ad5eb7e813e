//! A way back is a change, too: it leads a host in memory back to what was there before the step.

use std::collections::BTreeMap;

use super::*;
use crate::plan::step::{Step, Undo};

/// What steps change, but for what a way back leaves as it is: the list of what is ours, and what was pulled.
fn before(state: &HostState) -> String {
    let containers: BTreeMap<&str, &str> =
        state.docker.containers.iter().map(|found| (found.name.as_str(), found.status.as_str())).collect();
    let folders: Vec<_> = state.system.folders.iter().filter(|(_, found)| found.is_some()).collect();
    format!(
        "{containers:#?}\n{:#?}\n{:#?}\n{folders:#?}\n{:#?}\n{:#?}\n{:#?}",
        state.docker.networks,
        state.net.tables,
        state.system.hosts_file,
        state.hardening.limited,
        state.hardening.mounts
    )
}

/// Whether the way back can be followed in memory: the guard's is on the host, and a file that is on no list goes unseen.
fn is_followed(step: &Step, back: &Change) -> bool {
    !step.risk.needs_guard() && !matches!(back, Change::FileRemoval(_))
}

#[test]
fn a_step_that_is_taken_back_leaves_what_was_there_before() {
    let (mut desired, mut state) = converged();
    upgrade(&mut desired, "core", 2);
    upgrade(&mut desired, "redis", 2);
    let mut fresh = fixture::with_docker();
    let mut followed = Vec::new();
    for (desired, state) in [(&fixture::desired(), &mut fresh), (&desired, &mut state)] {
        for step in planned(desired, state).steps {
            let found = before(state);
            carry_out(&step, state, desired);
            let Undo::Change(back) = &step.undo else { continue };
            if is_followed(&step, back) {
                let mut again = state.clone();
                assert!(back.apply(&mut again), "{step}");
                assert_eq!(before(&again), found, "{step}");
                followed.push(step.id.to_string());
            }
        }
    }
    insta::assert_snapshot!(followed.join(" "), @"registry.hosts-line services.boot firewall.boot control./etc/login.defs folder./var/pryv/core network.acme_front services.table service.redis.start service.redis.cut-over service.core.start service.core.cut-over service.redis.aside service.redis.stop-acme_redis_a service.redis.start service.redis.cut-over service.core.start service.core.cut-over leftover.acme_core_a.stop");
}
