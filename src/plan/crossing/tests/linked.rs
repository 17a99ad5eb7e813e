//! Data at a link: who has it, and which version opened it, is told by where it really is.

use super::{renamed::renamed, *};

const LINK: &str = "/var/pryv/data of store";

/// The store under its new name, whose folder is a link to `real`.
fn linked(new: &Desired, state: &HostState, real: &str) -> (Desired, HostState) {
    let (mut new, mut state) = (new.clone(), state.clone());
    new.services[0].spec.mounts[0].source = MountSource::Bind(LINK.to_owned());
    new.services[0].hash.push_str("-link");
    state.system.places.insert(LINK.to_owned(), real.to_owned());
    (new, state)
}

fn without_containers(mut state: HostState) -> HostState {
    state.docker.containers.clear();
    state
}

fn way(desired: &Desired, state: &HostState) -> Option<(String, Way)> {
    planned(desired, state).crossings().next().map(|it| (it.from.clone(), it.way))
}

#[test]
fn a_service_at_a_link_waits_for_who_has_its_data() {
    let (_, new, state) = renamed(UpdateOrder::StopFirst);
    let (new, state) = linked(&new, &state, "/var/pryv/redis");
    let plan = planned(&new, &state);
    insta::assert_snapshot!(objections(&plan, Consents::NONE), @"failure irreversible: found store: registry.test:5000/redis:1, needed registry.test:5000/store:2; say --accept-irreversible: an older version cannot read the data again");
    assert!(
        ids(&plan).contains("service.store.stop-acme_redis_b service.store.data service.store.start"),
        "{}",
        ids(&plan)
    );
    // The simulated host refuses a container whose data another has open.
    let mut state = reached(&new, &state);
    let back = plan_back(&new, &state);
    assert!(objections(&back, Consents::NONE).contains("docker stop acme_store_a"));
    let start = back.steps.iter().find(|step| step.id == "back.services.start").unwrap();
    assert!(start.why.iter().any(|why| why.starts_with("acme_store_a makes room")), "{start}");
    back.steps.iter().for_each(|step| carry_out(step, &mut state, &new));
    assert_eq!(image(&state, "acme_redis_b"), "registry.test:5000/redis:1");
}

fn plan_back(desired: &Desired, state: &HostState) -> Plan {
    plan(desired, state, Goal::Rollback).unwrap()
}

#[test]
fn what_opened_data_is_known_at_a_link_to_it_and_back() {
    let (old, new, state) = renamed(UpdateOrder::StopFirst);
    let redis = |version: u8| format!("registry.test:5000/redis:{version}");
    // The folder itself was opened by 1, then the link to it by 2.
    let (mut new, gone) = linked(&new, &without_containers(state), "/var/pryv/redis");
    new.services[0].spec.image = redis(2);
    assert_eq!(way(&new, &gone), Some((redis(1), Way::Forward)));
    let gone = without_containers(reached(&new, &gone));
    new.services[0].spec.image = redis(1);
    assert_eq!(way(&new, &gone), Some((redis(2), Way::Back)));
    assert_eq!(way(&old, &gone), Some((redis(2), Way::Back)));
    // And the folder itself by 4, while what the link says is older than what comes.
    let mut old = old;
    old.services[0].spec.image = redis(4);
    let gone = without_containers(reached(&old, &gone));
    new.services[0].spec.image = redis(3);
    assert_eq!(way(&new, &gone), Some((redis(4), Way::Back)));
}

#[test]
fn a_link_to_another_disk_goes_on() {
    let (old, _, state) = renamed(UpdateOrder::StopFirst);
    let said = |state: &HostState| {
        let mut next = old.clone();
        next.services[0].hash.push_str("-again");
        let plan = planned(&next, state);
        assert_eq!(objections(&plan, Consents::NONE), "");
        let note = plan.steps.iter().find(|step| step.id == "service.redis.data");
        note.map(ToString::to_string).unwrap_or_default()
    };
    assert_eq!(said(&state), "");
    let at = |path: &str, real: &str| {
        let mut state = state.clone();
        state.system.places = [(path.to_owned(), real.to_owned())].into();
        state
    };
    let folder = at("/var/pryv/redis", "/srv/big/redis");
    assert_eq!(planned(&old, &folder).to_string(), "", "what is installed stays");
    insta::assert_snapshot!(said(&folder), @r"
    service.redis.data
        /var/pryv/.versions/%2Fsrv%2Fbig%2Fredis: none -> registry.test:5000/redis:1
    ");
    // Notes lie beside the data: that of a whole folder elsewhere keeps its name.
    let mut whole = at("/var/pryv/redis", "/srv/big/pryv/redis");
    whole.system.places.insert("/var/pryv".to_owned(), "/srv/big/pryv".to_owned());
    assert_eq!(said(&whole), "");
}

/// Beside one another on purpose, by a link or not.
#[test]
fn neighbours_at_a_link_go_on() {
    let (_, new, state) = renamed(UpdateOrder::StopFirst);
    let (mut new, state) = linked(&new, &state, "/var/pryv/redis");
    let mut beside = fixture::service(4, "exporter", UpdateOrder::StopFirst, &[]);
    let source = MountSource::Bind("/var/pryv/redis/metrics".to_owned());
    beside.spec.mounts.push(Mount { source, target: "/data".to_owned(), read_only: false });
    new.services.push(beside);
    let state = reached(&new, &state);
    upgrade(&mut new, "exporter", 2);
    let plan = planned(&new, &state);
    assert!(plan.steps.iter().all(|step| !step.id.to_string().contains("store")), "{}", ids(&plan));
}
