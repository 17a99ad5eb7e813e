//! What of a plan is carried out with nobody there.

use proptest::prelude::*;

use super::*;
use crate::{
    model::inventory::{Repairable, Repairs},
    plan::repair::{Cut, Why, cut},
};

fn may(groups: &[Repairable]) -> Repairs {
    groups.iter().copied().collect()
}

fn all() -> Repairs {
    may(&Repairable::ALL)
}

fn cut_to(groups: Repairs, desired: &Desired, state: &HostState) -> Cut {
    cut(planned(desired, state), desired, state, groups)
}

fn said(cut: &Cut) -> String {
    let left: Vec<String> =
        cut.left.iter().map(|(why, steps)| format!("left, because {why}: {}", steps.join(" "))).collect();
    [vec![ids(&cut.plan)], left].concat().join("\n")
}

fn stop(name: &str, state: &mut HostState) {
    let found = state.docker.containers.iter_mut().find(|found| found.service == name).unwrap();
    "exited".clone_into(&mut found.status);
}

/// Somebody is at work on a host that was as it must be.
fn spoil(ways: [bool; 4], state: &mut HostState) {
    let [service, table, control, file] = ways;
    if service {
        stop("core", state);
    }
    if table {
        state.net.tables.remove(crate::plan::firewall::TABLE);
    }
    let by_hand = |text| Some(fixture::found(text, 0o644));
    if control {
        state.system.files.insert("/etc/login.defs".into(), by_hand("UMASK 022\n"));
    }
    if file {
        state.system.files.insert("/var/pryv/core/core.yml".into(), by_hand("port: 1\n"));
    }
}

#[test]
fn each_group_is_put_right_alone() {
    let (desired, mut state) = converged();
    spoil([false, true, true, true], &mut state);
    assert!(cut_to(Repairs::NONE, &desired, &state).plan.is_empty());
    for (group, steps) in [
        (Repairable::Firewall, "firewall.table"),
        (Repairable::Controls, "control./etc/login.defs"),
        (
            Repairable::Files,
            "release.keep reload.core file./var/pryv/core/core.yml service.core.reload release.end",
        ),
        (Repairable::Services, ""),
    ] {
        assert_eq!(ids(&cut_to(may(&[group]), &desired, &state).plan), steps);
    }
    assert_eq!(cut_to(all(), &desired, &state).plan, planned(&desired, &state));
}

#[test]
fn a_container_that_was_stopped_or_removed_starts_again() {
    let (desired, mut state) = converged();
    let services = may(&[Repairable::Services]);
    stop("core", &mut state);
    assert_eq!(cut_to(services, &desired, &state).plan, planned(&desired, &state));
    state.docker.containers.retain(|found| found.service != "core");
    assert_eq!(cut_to(services, &desired, &state).plan, planned(&desired, &state));
}

#[test]
fn a_service_that_starts_gets_its_file_first() {
    let (desired, mut state) = converged();
    spoil([true, false, false, true], &mut state);
    let cut = cut_to(may(&[Repairable::Services]), &desired, &state);
    insta::assert_snapshot!(said(&cut), @"file./var/pryv/core/core.yml leftover.acme_core_a.remove service.core.start service.core.healthy service.core.probe-1 services.watch");
}

#[test]
fn an_upgrade_is_no_repair_and_keeps_nothing_else_from_being_repaired() {
    let (mut desired, mut state) = converged();
    upgrade(&mut desired, "core", 2);
    spoil([false, true, true, false], &mut state);
    stop("redis", &mut state);
    insta::assert_snapshot!(said(&cut_to(all(), &desired, &state)), @r"
    firewall.table control./etc/login.defs
    left, because the inventory wants something else than what is installed, so this is no repair: release.keep image.registry.test:5000/core:2 leftover.acme_redis_a.remove service.redis.start service.redis.healthy service.core.start service.core.healthy service.core.cut-over service.core.probe-1 services.watch services.drain leftover.acme_core_a.stop release.end
    ");
}

#[test]
fn doors_are_closed_before_a_service_starts() {
    let (desired, mut state) = converged();
    spoil([true, true, false, false], &mut state);
    insta::assert_snapshot!(said(&cut_to(may(&[Repairable::Services]), &desired, &state)), @r"

    left, because `watch.repair` of the inventory does not name its group: firewall.table
    left, because the firewall must be right first, and `watch.repair` does not name it: leftover.acme_core_a.remove service.core.start service.core.healthy service.core.probe-1 services.watch
    ");
}

#[test]
fn nothing_is_installed_with_nobody_there() {
    let cut = cut_to(all(), &fixture::desired(), &fixture::bare());
    assert!(cut.plan.is_empty());
    assert_eq!(cut.left.keys().collect::<Vec<_>>(), [&Why::Packages, &Why::Upgrade]);
}

proptest! {
    #[test]
    fn what_may_be_repaired_is_and_nothing_else(ways: [bool; 4], named: [bool; 4]) {
        let (desired, mut state) = converged();
        spoil(ways, &mut state);
        let groups: Repairs =
            Repairable::ALL.into_iter().zip(named).filter(|(_, is)| *is).map(|(group, _)| group).collect();
        let whole = planned(&desired, &state);
        let first = cut_to(groups, &desired, &state);
        let mut rest = whole.steps.iter();
        for step in &first.plan.steps {
            prop_assert!(rest.any(|other| other == step), "{step} comes out of its turn");
        }
        prop_assert!(first.steps.keys().all(|group| groups.has(*group)));
        let left: usize = first.left.values().map(Vec::len).sum();
        prop_assert!(first.plan.steps.len() + left <= whole.steps.len());
        let repaired = after(&desired, &state, Goal::Repair(groups), usize::MAX);
        prop_assert_eq!(plan(&desired, &repaired, Goal::Repair(groups)).unwrap().to_string(), "");
        if groups == all() {
            prop_assert_eq!(planned(&desired, &repaired).to_string(), "");
        }
    }
}
