//! Which moves need a consent, and what becomes of data when one goes wrong.

mod linked;
mod renamed;

use super::*;
use crate::{
    model::{
        desired::{Data, Mount, MountSource, Service, UpdateOrder},
        place,
    },
    plan::{
        Goal, fixture, plan,
        simulated::carry_out,
        tests::{after, converged, ids, planned, reached, upgrade},
    },
};

const ACCEPTED: Consents = Consents::Said { one_way: OneWay::Accepted, data: Found::AsLeft };
const RESTORED: Consents = Consents::Said { one_way: OneWay::Refused, data: Found::Restored };

/// The fixture, whose redis goes one way, with or without a backup.
fn one_way(backup: &[&str]) -> (Desired, HostState) {
    let (mut desired, state) = converged();
    let hooks = backup.iter().map(|run| serde_json::json!({ "run": run }));
    let backup = hooks.map(|hook| serde_json::from_value(hook).unwrap()).collect();
    desired.services[0].data = Data::OneWay { backup };
    (desired, state)
}

fn objections(plan: &Plan, consents: Consents) -> String {
    plan.objections(consents).iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

fn image<'a>(state: &'a HostState, name: &str) -> &'a str {
    &state.docker.containers.iter().find(|found| found.name == name).unwrap().image
}

#[test]
fn only_another_major_of_a_declared_service_needs_a_consent() {
    let (mut desired, state) = one_way(&[]);
    upgrade(&mut desired, "core", 2);
    assert_eq!(objections(&planned(&desired, &state), Consents::NONE), "");
    upgrade(&mut desired, "redis", 2);
    assert_eq!(objections(&planned(&desired, &state), Consents::NotAsked), "", "who looks is not asked");
    let without_backup = objections(&planned(&desired, &state), ACCEPTED);
    desired.services[0].data = one_way(&["/usr/local/sbin/backup"]).0.services[0].data.clone();
    let plan = planned(&desired, &state);
    let refused = objections(&plan, Consents::NONE);
    insta::assert_snapshot!(format!("{without_backup}\n{refused}"), @r"
    failure irreversible: found redis: registry.test:5000/redis:1, needed registry.test:5000/redis:2; add `backup: { run: COMMAND, within: 2h }` to the inventory, with the command that backs this data up: an older version cannot read it again
    failure irreversible: found redis: registry.test:5000/redis:1, needed registry.test:5000/redis:2; say --accept-irreversible: an older version cannot read the data again
    ");
    assert_eq!(objections(&plan, ACCEPTED), "");
    assert_eq!(objections(&plan, RESTORED), refused, "the way back is another consent");
    assert_eq!(plan.backups().len(), 1);
    let start = plan.steps.iter().find(|step| step.id == "service.redis.start").unwrap();
    insta::assert_snapshot!(start, @r"
    service.redis.start
        acme_redis_b: registry.test:5000/redis:1 (acme_redis_a) -> registry.test:5000/redis:2
        redis: registry.test:5000/redis:1 cannot read the data again after registry.test:5000/redis:2; needs --accept-irreversible
    ");
}

#[test]
fn a_move_is_the_same_when_its_container_has_stopped() {
    let (mut desired, mut state) = one_way(&["backup"]);
    upgrade(&mut desired, "redis", 2);
    let first = |state: &HostState| planned(&desired, state).crossings().next().cloned().unwrap();
    let before = first(&state);
    let found = state.docker.containers.iter_mut().find(|found| found.service == "redis").unwrap();
    "exited".clone_into(&mut found.status);
    assert_ne!(first(&state), before);
    assert!(first(&state).is(&before));
}

#[test]
fn hooks_of_a_role_are_called_once() {
    let (mut desired, state) = one_way(&["backup"]);
    desired.services[1].data = desired.services[0].data.clone();
    upgrade(&mut desired, "redis", 2);
    upgrade(&mut desired, "core", 2);
    let plan = planned(&desired, &state);
    assert_eq!((plan.crossings().count(), plan.backups().len()), (2, 1));
}

#[test]
fn a_tag_that_tells_no_version_is_told_by_its_image() {
    let (mut desired, mut state) = one_way(&["backup"]);
    let stable = "registry.test:5000/redis:stable".to_owned();
    let found = state.docker.containers.iter_mut().find(|found| found.service == "redis").unwrap();
    (found.image, found.image_id) = (stable.clone(), "1".to_owned());
    (desired.services[0].spec.image, desired.services[0].hash) = (stable.clone(), "another".to_owned());
    state.docker.images.insert(stable.clone(), "1".to_owned());
    assert_eq!(planned(&desired, &state).crossings().count(), 0);
    state.docker.images.insert(stable, "2".to_owned());
    assert_eq!(planned(&desired, &state).crossings().count(), 1);
}

#[test]
fn an_older_version_comes_only_to_data_that_was_put_back() {
    let (mut desired, before) = one_way(&["backup"]);
    upgrade(&mut desired, "redis", 2);
    let mut state = reached(&desired, &before);
    upgrade(&mut desired, "redis", 1);
    let down = |state: &HostState, consents| objections(&planned(&desired, state), consents);
    assert_eq!(down(&state, ACCEPTED), down(&state, Consents::NONE));
    insta::assert_snapshot!(down(&state, ACCEPTED), @"failure irreversible: found redis: registry.test:5000/redis:2, needed registry.test:5000/redis:1; an older version cannot read this data: run `docker stop acme_redis_b`, restore the backup from before the change, then say --data-restored");
    assert_ne!(down(&state, RESTORED), "", "it still runs");
    let newer = state.docker.containers.iter_mut().find(|found| found.name == "acme_redis_b").unwrap();
    "exited".clone_into(&mut newer.status);
    insta::assert_snapshot!(down(&state, ACCEPTED), @"failure irreversible: found redis: registry.test:5000/redis:2, needed registry.test:5000/redis:1; an older version cannot read this data: restore the backup from before the change, then say --data-restored");
    assert_eq!(down(&state, RESTORED), "");
}

#[test]
fn data_outlives_its_containers() {
    let (mut desired, state) = one_way(&["backup"]);
    upgrade(&mut desired, "redis", 2);
    let state = reached(&desired, &state);
    let mut gone = state;
    gone.docker.containers.clear();
    assert_eq!(planned(&desired, &gone).crossings().count(), 0);
    upgrade(&mut desired, "redis", 3);
    assert_eq!(planned(&desired, &gone).crossings().next().map(|it| it.way), Some(Way::Forward));
    upgrade(&mut desired, "redis", 1);
    assert_eq!(planned(&desired, &gone).crossings().next().map(|it| it.way), Some(Way::Back));
}

#[test]
fn what_is_known_of_data_goes_with_it() {
    use crate::plan::uninstall::{Volumes, plan};
    let (mut desired, state) = one_way(&["backup"]);
    upgrade(&mut desired, "redis", 2);
    let mut state = reached(&desired, &state);
    let removes = |desired: &Desired, state: &HostState, volumes| {
        ids(&plan(desired, state, volumes).unwrap()).contains("file./var/pryv/.versions/redis")
    };
    assert!(!removes(&desired, &state, Volumes::Keep));
    assert!(removes(&desired, &state, Volumes::Remove));
    let source = MountSource::Bind("/var/pryv/redis".to_owned());
    let folder = Mount { source, target: "/data".to_owned(), read_only: false };
    desired.services[0].spec.mounts.push(folder);
    state = reached(&desired, &state);
    assert!(!removes(&desired, &state, Volumes::Remove), "its folder stays");
}

#[test]
fn a_service_under_a_new_name_is_known_by_its_image() {
    let (mut desired, state) = one_way(&["backup"]);
    upgrade(&mut desired, "redis", 2);
    desired.services[0].name = "store".parse().unwrap();
    assert_eq!(planned(&desired, &state).crossings().count(), 1);
}

/// What a record of the release before this one says: it knows nothing of data.
#[test]
fn the_way_back_over_an_older_record_is_known_from_the_containers() {
    let (mut desired, state) = one_way(&["backup"]);
    upgrade(&mut desired, "redis", 2);
    let mut state = reached(&desired, &state);
    state
        .system
        .files
        .remove(std::path::Path::new(&place::note_by_name(&desired.data, &desired.services[0].name)));
    let back = plan(&desired, &state, Goal::Rollback).unwrap();
    assert_eq!(back.crossings().count(), 1);
}

#[test]
fn the_way_back_starts_no_older_version_on_newer_data() {
    let (mut desired, before) = one_way(&["backup"]);
    upgrade(&mut desired, "redis", 2);
    upgrade(&mut desired, "core", 2);
    let forward = planned(&desired, &before);
    let started = forward.steps.iter().position(|step| step.id == "service.redis.start").unwrap();
    for steps in 0..=forward.steps.len() {
        let state = after(&desired, &before, Goal::Install, steps);
        let back = plan(&desired, &state, Goal::Rollback).unwrap();
        // From the note on nobody can tell whether it ran.
        assert_eq!(!objections(&back, Consents::NONE).is_empty(), steps >= started, "after {steps} steps");
    }
    let mut state = reached(&desired, &before);
    let back = plan(&desired, &state, Goal::Rollback).unwrap();
    insta::assert_snapshot!(objections(&back, Consents::NONE), @"failure irreversible: found redis: registry.test:5000/redis:2, needed registry.test:5000/redis:1; an older version cannot read this data: run `docker stop acme_redis_b`, restore the backup from before the change, then say --data-restored");
    let newer = state.docker.containers.iter_mut().find(|found| found.name == "acme_redis_b").unwrap();
    "exited".clone_into(&mut newer.status);
    let back = plan(&desired, &state, Goal::Rollback).unwrap();
    assert_eq!(objections(&back, RESTORED), "");
    insta::assert_snapshot!(ids(&back), @"back.data.redis back.services.start back.services.healthy services.cut-over services.drain leftover.acme_redis_b.remove leftover.acme_core_b.stop leftover.acme_core_b.remove");
    // Cut short after the note, it goes on without asking again.
    let mut cut = state.clone();
    let noted = back.steps.iter().position(|step| step.id == "back.data.redis").unwrap();
    back.steps[..=noted].iter().for_each(|step| carry_out(step, &mut cut, &desired));
    let rest = plan(&desired, &cut, Goal::Rollback).unwrap();
    assert_eq!((rest.is_empty(), objections(&rest, Consents::NONE)), (false, String::new()));
    back.steps.iter().for_each(|step| carry_out(step, &mut state, &desired));
    assert!(plan(&desired, &state, Goal::Rollback).unwrap().is_empty());
    assert_eq!(image(&state, "acme_redis_a"), "registry.test:5000/redis:1");
    assert_eq!(objections(&planned(&desired, &state), Consents::NONE).lines().count(), 1, "forward again");
}

/// A newer version that opened the data and is ill stays, for nothing may take its place but itself.
#[test]
fn another_try_keeps_what_the_way_back_needs() {
    let (mut desired, before) = one_way(&["backup"]);
    upgrade(&mut desired, "redis", 2);
    let steps = planned(&desired, &before).steps;
    let started = steps.iter().position(|step| step.id == "service.redis.start").unwrap();
    let mut state = after(&desired, &before, Goal::Install, started + 1);
    let newer = state.docker.containers.iter_mut().find(|found| found.name == "acme_redis_b").unwrap();
    newer.health = Some("unhealthy".to_owned());
    let again = planned(&desired, &state);
    assert_eq!(objections(&again, Consents::NONE), "", "it was agreed to");
    let state = reached(&desired, &state);
    assert_eq!(image(&state, "acme_redis_a"), "registry.test:5000/redis:1");
    assert_eq!(image(&state, "acme_redis_b"), "registry.test:5000/redis:2");
    assert_eq!(planned(&desired, &state).to_string(), "");
}

#[test]
fn a_start_is_taken_back_only_if_the_version_never_ran() {
    let (mut desired, before) = one_way(&["backup"]);
    upgrade(&mut desired, "redis", 2);
    let plan = planned(&desired, &before);
    let undo = |id: &str| plan.steps.iter().find(|step| step.id == id).unwrap().undo.clone();
    let command = undo("service.redis.start").command().expect("no way back");
    let script = command.script.strip_prefix(crate::model::write::function()).unwrap();
    insta::assert_snapshot!(script, @r#"
    set -e; found=$(docker container ls -aq -f name='^/acme_redis_b$')
    if [ -n "$found" ]; then case $(docker container inspect -f '{{.State.StartedAt}}' 'acme_redis_b') in
    0001-*) docker rm 'acme_redis_b' ;; *) echo 'registry.test:5000/redis:2 may have changed the data of redis, so registry.test:5000/redis:1 is not started on it again; put right what failed and run the same command again, or restore the backup and run `pryvctl rollback --data-restored`' >&2; exit 1 ;; esac; fi
    writer remove '/var/pryv/.versions/redis' any
    "#);
    assert!(matches!(undo("service.redis.data"), Undo::Nothing(_)));
}

#[test]
fn a_tag_that_tells_no_version_is_told_by_its_note() {
    let (mut desired, state) = one_way(&["backup"]);
    let stable = "registry.test:5000/redis:stable".to_owned();
    (desired.services[0].spec.image, desired.services[0].hash) = (stable.clone(), "stable".to_owned());
    let state = reached(&desired, &state);
    let mut gone = state.clone();
    gone.docker.containers.clear();
    assert_eq!(planned(&desired, &gone).crossings().count(), 0, "the same image");
    gone.docker.images.insert(stable.clone(), "2".to_owned());
    assert_eq!(planned(&desired, &gone).crossings().count(), 1, "another one by now");
    gone.docker.images.remove(&stable);
    assert_eq!(planned(&desired, &gone).crossings().count(), 1, "nobody knows what will be pulled");
    // And on the way back: the text is the same, the image is not.
    let mut moved = state;
    moved.docker.images.insert(stable, "2".to_owned());
    "again".clone_into(&mut desired.services[0].hash);
    let moved = reached(&desired, &moved);
    let back = plan(&desired, &moved, Goal::Rollback).unwrap();
    assert_eq!(objections(&back, Consents::NONE).lines().count(), 1);
}
