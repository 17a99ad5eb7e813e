//! What becomes of containers.

use std::time::Duration;

use super::*;
use crate::{
    change::Call,
    facts::state::ContainerState,
    plan::{release::part, step::Step},
};

#[test]
fn a_new_version_takes_over_before_the_old_one_goes() {
    let (mut desired, state) = converged();
    upgrade(&mut desired, "core", 2);
    insta::assert_snapshot!(planned(&desired, &state), @r#"
    release.keep
        the serving containers are kept for a rollback
        acme_core_a: registry.test:5000/core:1
        acme_redis_a: registry.test:5000/redis:1
    image.registry.test:5000/core:2
        registry.test:5000/core:2: not on the host -> pulled
    service.core.start
        acme_core_b: registry.test:5000/core:1 (acme_core_a) -> registry.test:5000/core:2
    service.core.healthy
        acme_core_b must be healthy within 60 s
    service.core.cut-over
        443/tcp: 172.28.0.2:3000 -> 172.28.0.3:3000
        443/tcp: [fd00:28::2]:3000 -> [fd00:28::3]:3000
        172.28.255.1: 172.28.0.2 -> 172.28.0.3
    service.core.probe-1
        https://10.0.0.5/status must answer within 90 s
    services.watch
        acme_core_b must stay healthy, for at least 5 s
    services.drain
        acme_core_a ends its connections, for at most 30 s
    leftover.acme_core_a.stop
        acme_core_a is kept for a rollback
    release.end
        the new release is complete
    "#);
    assert!(planned(&desired, &reached(&desired, &state)).is_empty());
}

#[test]
fn what_an_older_pryvctl_made_goes_on_serving() {
    let (mut desired, state) = converged();
    for service in &mut desired.services {
        let label = std::mem::replace(&mut service.hash, format!("v2:{}", service.name));
        service.hash_v1 = Some(label);
    }
    assert_eq!(planned(&desired, &state).to_string(), "");
    desired.services[1].hash_v1 = None;
    insta::assert_snapshot!(ids(&planned(&desired, &state)), @"release.keep service.core.start service.core.healthy service.core.cut-over service.core.probe-1 services.watch services.drain leftover.acme_core_a.stop release.end");
}

/// The stops of a plan, and how many seconds each may take.
fn graces(plan: &Plan) -> Vec<(&str, u64)> {
    let stops = plan.steps.iter().filter_map(|step| {
        let Change::Docker(Call::Stop { container, grace }) = &step.change else { return None };
        Some((container.as_str(), grace.as_secs()))
    });
    stops.collect()
}

#[test]
fn every_stop_takes_the_time_the_container_was_made_with() {
    let (desired, mut state) = converged();
    let mut nothing = desired.clone();
    nothing.services.clear();
    let mut check = |made_with, wanted, unwanted| {
        state.docker.containers.iter_mut().for_each(|found| found.stop_timeout = made_with);
        for (desired, seconds) in [(&desired, wanted), (&nothing, unwanted)] {
            for goal in [Goal::Install, Goal::Uninstall(Volumes::Keep)] {
                let plan = plan(desired, &state, goal).unwrap();
                let both = [("acme_redis_a", seconds), ("acme_core_a", seconds)];
                let nothing_to_stop = goal == Goal::Install && !desired.services.is_empty();
                assert_eq!(graces(&plan), if nothing_to_stop { &both[..0] } else { &both }, "{goal:?}");
            }
        }
    };
    check(Some(240), 240, 240);
    // The role was given more time since.
    check(Some(10), 30, 10);
    // The first pryvctl did not say it to Docker.
    check(None, 30, 120);
}

#[test]
fn a_start_is_taken_back_without_killing_anybody() {
    let (mut desired, state) = converged();
    upgrade(&mut desired, "redis", 2);
    let plan = planned(&desired, &state);
    let start = plan.steps.iter().find(|step| step.id == "service.redis.start").unwrap();
    let command = start.undo.command().unwrap();
    insta::assert_snapshot!(command.script, @r#"
    name='acme_redis_b'; docker container inspect "$name" >/dev/null 2>&1 || exit 0
    { docker update --restart no "$name" && docker stop -t 30 "$name" && docker rm "$name"; } >/dev/null
    "#);
    assert!(command.within > Duration::from_secs(30));
}

/// What `status` says of each container.
fn said(desired: &Desired, state: &HostState) -> String {
    let plan = planned(desired, state);
    let said = |found: &ContainerState| {
        let part = part(found, &state.docker.containers, state.ours.release.as_ref(), Some(&plan));
        format!("{} {}", found.name, part.words(found))
    };
    state.docker.containers.iter().map(said).collect::<Vec<_>>().join("\n")
}

#[test]
fn what_is_kept_for_the_way_back_is_called_so() {
    let (mut desired, state) = converged();
    let original = desired.clone();
    upgrade(&mut desired, "core", 2);
    let mut state = reached(&desired, &state);
    // Docker says so of every container that was stopped.
    let stopped = state.docker.containers.iter_mut().filter(|found| found.status == "exited");
    stopped.for_each(|found| found.health = Some("unhealthy".to_owned()));
    insta::assert_snapshot!(said(&desired, &state), @r"
    acme_redis_a healthy
    acme_core_a kept for rollback
    acme_core_b healthy
    ");
    desired.services.pop();
    insta::assert_snapshot!(said(&desired, &reached(&desired, &state)), @r"
    acme_redis_a healthy
    acme_core_b kept for rollback
    ");
    // What served before serves again, and then somebody stops it: it is kept for nothing.
    let mut back = after(&original, &state, Goal::Rollback, usize::MAX);
    for found in &mut back.docker.containers {
        (found.status, found.health) = ("exited".to_owned(), Some("unhealthy".to_owned()));
    }
    insta::assert_snapshot!(said(&original, &back), @r"
    acme_redis_a exited
    acme_core_a exited
    ");
    let release = state.ours.release.unwrap();
    let lost =
        |there: &[ContainerState]| release.lost(there).map(|served| served.name.clone()).collect::<Vec<_>>();
    assert_eq!(lost(&state.docker.containers), [""; 0]);
    state.docker.containers.retain(|found| found.name != "acme_core_a");
    assert_eq!(lost(&state.docker.containers), ["acme_core_a"]);
}

#[test]
fn a_container_that_is_being_stopped_is_not_counted_on() {
    let (desired, well) = converged();
    for found in &well.docker.containers {
        let mut state = well.clone();
        state.docker.containers.iter_mut().find(|other| other.name == found.name).unwrap().is_leaving = true;
        let plan = planned(&desired, &state);
        let starts = |step: &Step| step.id == format!("service.{}.start", found.service);
        assert!(plan.steps.iter().any(starts), "{}: {:?}", found.name, plan.steps);
        let reached = reached(&desired, &state);
        assert!(
            reached.docker.containers.iter().any(|other| other.service == found.service && other.serves())
        );
    }
}

#[test]
fn what_took_over_a_moment_ago_is_kept_as_what_is_known_to_be_well() {
    let (mut desired, well) = converged();
    let mut young = well.clone();
    young.docker.containers.iter_mut().for_each(|found| found.health = Some("starting".to_owned()));
    upgrade(&mut desired, "core", 2);
    let record = |state| after(&desired, state, Goal::Install, 1).ours.release.unwrap().containers;
    assert_eq!(record(&young), record(&well));
}

#[test]
fn a_record_is_made_once_a_change_and_forgets_the_one_before() {
    let (mut desired, state) = converged();
    upgrade(&mut desired, "core", 2);
    let killed = after(&desired, &state, Goal::Install, 3);
    assert!(killed.ours.release.as_ref().unwrap().unfinished);
    upgrade(&mut desired, "core", 3);
    let state = reached(&desired, &killed);
    let release = state.ours.release.as_ref().unwrap();
    assert!(release.containers.iter().any(|served| served.image == "registry.test:5000/core:1"));
    assert!(!release.unfinished && release.retired.is_empty());
    upgrade(&mut desired, "core", 4);
    let state = reached(&desired, &state);
    let release = state.ours.release.as_ref().unwrap();
    assert!(release.containers.iter().any(|served| served.image == "registry.test:5000/core:3"));
    assert!(release.retired.contains("registry.test:5000/core:1"), "{release:?}");
    let names: Vec<_> = state.docker.containers.iter().map(|found| found.name.as_str()).collect();
    assert_eq!(names.iter().filter(|name| name.contains("core")).count(), 2, "{names:?}");
}

#[test]
fn one_of_a_kind_makes_room_after_everything_was_pulled() {
    let (mut desired, state) = converged();
    upgrade(&mut desired, "redis", 2);
    insta::assert_snapshot!(ids(&planned(&desired, &state)), @"release.keep image.registry.test:5000/redis:2 service.redis.aside service.redis.stop-acme_redis_a service.redis.start service.redis.healthy service.redis.cut-over services.watch release.end");
}

#[test]
fn a_stopped_container_starts_again_in_its_slot() {
    let (desired, mut state) = converged();
    let core = state.docker.containers.iter_mut().find(|found| found.service == "core").unwrap();
    core.status = "exited".to_owned();
    insta::assert_snapshot!(ids(&planned(&desired, &state)), @"leftover.acme_core_a.remove service.core.start service.core.healthy service.core.probe-1 services.watch");
    assert!(planned(&desired, &reached(&desired, &state)).is_empty());
}

#[test]
fn a_run_killed_after_the_new_container_started_is_finished() {
    let (mut desired, state) = converged();
    let core = desired.services.iter_mut().find(|service| service.name.as_str() == "core").unwrap();
    core.hash = "core-2".to_owned();
    let started =
        planned(&desired, &state).steps.iter().position(|step| step.id == "service.core.start").unwrap();
    let killed = after(&desired, &state, Goal::Install, started + 1);
    insta::assert_snapshot!(ids(&planned(&desired, &killed)), @"service.core.healthy service.core.cut-over service.core.probe-1 services.watch services.drain leftover.acme_core_a.stop release.end");
    assert!(planned(&desired, &reached(&desired, &killed)).is_empty());
}

#[test]
fn of_two_right_containers_the_dialled_one_stays() {
    let (desired, mut state) = converged();
    let mut twin = state.docker.containers.iter().find(|found| found.service == "core").unwrap().clone();
    twin.name = "acme_core_b".to_owned();
    twin.slot = Some(Slot::B);
    twin.addresses.insert("acme_front".to_owned(), vec![[172, 28, 0, 3].into()]);
    state.docker.containers.insert(0, twin);
    insta::assert_snapshot!(ids(&planned(&desired, &state)), @"services.drain leftover.acme_core_b.stop leftover.acme_core_b.remove");
}

#[test]
fn a_lost_map_is_only_switched_back() {
    let (desired, mut state) = converged();
    let listing = ServiceTable::of(&desired, Timeouts::Settable).listing(&ServiceMap::default());
    state.net.tables.insert(table::TABLE.to_owned(), listing);
    insta::assert_snapshot!(ids(&planned(&desired, &state)), @"service.redis.cut-over service.core.cut-over service.core.probe-1");
    assert!(planned(&desired, &reached(&desired, &state)).is_empty());
}

#[test]
fn a_changed_file_is_told_to_its_service_even_after_a_kill() {
    let (mut desired, state) = converged();
    desired.files[0].content = crate::model::secret::Secret::new("port: 3002\n");
    let plan = planned(&desired, &state);
    assert_eq!(
        ids(&plan),
        "release.keep reload.core file./var/pryv/core/core.yml service.core.reload release.end"
    );
    let killed = after(&desired, &state, Goal::Install, 3);
    assert_eq!(ids(&planned(&desired, &killed)), "service.core.reload release.end");
    assert!(planned(&desired, &reached(&desired, &killed)).is_empty());
}

#[test]
fn a_service_no_longer_wanted_goes_with_its_ports() {
    let (mut desired, state) = converged();
    desired.services.pop();
    insta::assert_snapshot!(ids(&planned(&desired, &state)), @"release.keep services.retire services.drain leftover.acme_core_a.stop release.end");
    assert!(planned(&desired, &reached(&desired, &state)).is_empty());
}
