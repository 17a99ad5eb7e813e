//! A service under a new name: its data stays, and tells who has it.

use super::*;

/// The store `redis` with its data in a folder, and the same under the name `store`, a major version later.
pub(super) fn renamed(order: UpdateOrder) -> (Desired, Desired, HostState) {
    let (mut old, state) = one_way(&["backup"]);
    old.services[0].order = order;
    let source = MountSource::Bind("/var/pryv/redis".to_owned());
    let folder = Mount { source, target: "/data".to_owned(), read_only: false };
    old.services[0].spec.mounts.push(folder);
    old.services[0].hash.push_str("-folder");
    let state = reached(&old, &state);
    let mut new = old.clone();
    let ports = fixture::service(3, "store", order, &[]);
    let service = Service { data: old.services[0].data.clone(), ..ports };
    new.services[0] = service;
    new.services[0].spec.mounts.clone_from(&old.services[0].spec.mounts);
    upgrade(&mut new, "store", 2);
    (old, new, state)
}

#[test]
fn a_service_under_a_new_name_waits_for_the_old_one() {
    let (_, new, state) = renamed(UpdateOrder::StopFirst);
    let plan = planned(&new, &state);
    insta::assert_snapshot!(objections(&plan, Consents::NONE), @"failure irreversible: found store: registry.test:5000/redis:1, needed registry.test:5000/store:2; say --accept-irreversible: an older version cannot read the data again");
    insta::assert_snapshot!(ids(&plan), @"release.keep image.registry.test:5000/store:2 service.store.aside service.store.stop-acme_redis_b service.store.data service.store.start service.store.healthy service.store.cut-over services.watch leftover.acme_redis_a.remove release.end");
    // The simulated host refuses a container whose data another has open.
    let after = reached(&new, &state);
    assert_eq!(planned(&new, &after).to_string(), "");
    assert_eq!(image(&after, "acme_store_a"), "registry.test:5000/store:2");
}

#[test]
fn the_way_back_to_an_old_name_is_seen_by_the_data() {
    let (old, new, state) = renamed(UpdateOrder::StopFirst);
    for desired in [&new, &old] {
        let mut state = reached(&new, &state);
        let back = plan(desired, &state, Goal::Rollback).unwrap();
        let said = objections(&back, Consents::NONE);
        let way_out = "run `docker stop acme_store_a`, restore the backup from before the change, then say --data-restored";
        assert!(said.contains(way_out), "{said}");
        let newer = state.docker.containers.iter_mut().find(|found| found.name == "acme_store_a").unwrap();
        "exited".clone_into(&mut newer.status);
        let back = plan(desired, &state, Goal::Rollback).unwrap();
        assert_eq!(objections(&back, RESTORED), "");
        back.steps.iter().for_each(|step| carry_out(step, &mut state, desired));
        assert_eq!(image(&state, "acme_redis_b"), "registry.test:5000/redis:1");
        assert!(plan(desired, &state, Goal::Rollback).unwrap().is_empty());
    }
}

/// Within one major version: nothing is crossed, and still only one may have the data open.
#[test]
fn the_way_back_to_an_old_name_makes_room() {
    let (_, mut new, state) = renamed(UpdateOrder::StopFirst);
    new.services[0].spec.image = "registry.test:5000/redis:1".to_owned();
    let mut state = reached(&new, &state);
    let back = plan(&new, &state, Goal::Rollback).unwrap();
    assert_eq!(objections(&back, Consents::NONE), "");
    let start = back.steps.iter().find(|step| step.id == "back.services.start").unwrap();
    assert!(start.why.iter().any(|why| why.starts_with("acme_store_a makes room")), "{start}");
    back.steps.iter().for_each(|step| carry_out(step, &mut state, &new));
    assert!(plan(&new, &state, Goal::Rollback).unwrap().is_empty());
}

#[test]
fn data_is_known_under_another_name_when_no_container_is_left() {
    let (_, new, state) = renamed(UpdateOrder::StopFirst);
    let mut gone = state;
    gone.docker.containers.clear();
    assert_eq!(planned(&new, &gone).crossings().count(), 1);
}

/// What the first pryvctl wrote: by the service's name, and without the id.
#[test]
fn a_note_by_the_services_name_is_read() {
    let (mut old, _, state) = renamed(UpdateOrder::StopFirst);
    let by_name = place::note_by_name(&old.data, &old.services[0].name);
    for path in place::notes(&old, &old.services[0]) {
        assert!(state.system.files[std::path::Path::new(&path)].is_some());
    }
    old.services[0].spec.mounts[0].source = MountSource::Bind("/var/pryv/deep/data".to_owned());
    let mut gone = state;
    gone.docker.containers.clear();
    gone.system.files.insert(by_name.into(), Some(fixture::found("registry.test:5000/redis:2\n", 0o644)));
    let crossing = planned(&old, &gone).crossings().next().map(|it| (it.from.clone(), it.way));
    assert_eq!(crossing, Some(("registry.test:5000/redis:2".to_owned(), Way::Back)));
}

/// Those who share a folder on purpose are not one service under two names.
#[test]
fn neighbours_go_on() {
    let (_, mut new, state) = renamed(UpdateOrder::StopFirst);
    let mut beside = fixture::service(4, "exporter", UpdateOrder::StopFirst, &[]);
    beside.spec.mounts.clone_from(&new.services[0].spec.mounts);
    new.services.push(beside);
    let state = reached(&new, &state);
    upgrade(&mut new, "exporter", 2);
    let plan = planned(&new, &state);
    assert!(plan.steps.iter().all(|step| !step.id.to_string().contains("store")), "{}", ids(&plan));
    new.services.pop();
    upgrade(&mut new, "store", 3);
    let plan = planned(&new, &state);
    assert!(!ids(&plan).contains("service.store.stop-acme_exporter"), "{}", ids(&plan));
}
