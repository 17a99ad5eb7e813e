//! The way back of whole hosts.

use super::super::{
    Goal, plan,
    tests::{after, converged, ids, planned, reached, upgrade},
};
use crate::{
    facts::{content::ContentHash, docker::API, state::HostState},
    model::secret::Secret,
};

#[test]
fn the_way_back_needs_nothing_but_what_was_kept() {
    let (mut desired, before) = converged();
    upgrade(&mut desired, "core", 2);
    desired.files[0].content = crate::model::secret::Secret::new("port: 3002\n");
    let state = reached(&desired, &before);
    assert!(planned(&desired, &state).is_empty(), "what is kept is no drift");
    let back = |state: &HostState| plan(&desired, state, Goal::Rollback);
    insta::assert_snapshot!(back(&state).unwrap(), @r#"
    back.file./var/pryv/core/core.yml
        /var/pryv/core/core.yml: -> as it was before (not shown)
    back.services.start
        acme_core_a: exited -> registry.test:5000/core:1
    back.services.healthy
        acme_core_a must be healthy within 60 s
    services.cut-over
        443/tcp: 172.28.0.3:3000 -> 172.28.0.2:3000
        443/tcp: [fd00:28::3]:3000 -> [fd00:28::2]:3000
        172.28.255.1: 172.28.0.3 -> 172.28.0.2
    services.drain
        acme_core_b ends its connections, for at most 30 s
    leftover.acme_core_b.stop
        acme_core_b is no longer needed
    leftover.acme_core_b.remove
        acme_core_b: running -> none; volumes stay
    "#);
    let mut done = after(&desired, &state, Goal::Rollback, usize::MAX);
    assert!(back(&done).unwrap().is_empty(), "twice is once");
    let served = done.docker.containers.iter_mut().find(|found| found.name == "acme_core_a").unwrap();
    served.health = Some("starting".to_owned());
    assert!(back(&done).unwrap().is_empty(), "Docker has not looked yet");
    done.docker.containers.iter_mut().for_each(|found| found.health = Some("unhealthy".to_owned()));
    assert!(!back(&done).unwrap().is_empty(), "it fell ill");
    assert!(back(&before).unwrap().is_empty(), "nothing was changed yet");

    let mut pruned = state;
    pruned.docker.containers.retain(|found| found.name != "acme_core_a");
    let conflicts = back(&pruned).unwrap_err();
    insta::assert_snapshot!(conflicts[0], @"container acme_core_a: it served registry.test:5000/core:1 before the last change, and is gone; give the inventory its old version, and upgrade");
}

#[test]
fn all_start_at_once_and_callers_of_a_service_that_makes_room_are_refused() {
    let (mut desired, before) = converged();
    for service in &mut desired.services {
        service.spec.image = service.spec.image.replace(":1", ":2");
        service.hash = format!("{}-2", service.name);
    }
    let state = reached(&desired, &before);
    insta::assert_snapshot!(ids(&plan(&desired, &state, Goal::Rollback).unwrap()), @"services.aside back.services.start back.services.healthy services.cut-over services.drain leftover.acme_redis_b.remove leftover.acme_core_b.stop leftover.acme_core_b.remove");
}

#[test]
fn one_that_falls_ill_meanwhile_starts_anew_without_another_question() {
    let (mut desired, before) = converged();
    upgrade(&mut desired, "core", 2);
    let mut state = reached(&desired, &before);
    let back = |state: &HostState| plan(&desired, state, Goal::Rollback).unwrap();
    let read = back(&state);
    let redis = state.docker.containers.iter_mut().find(|found| found.name == "acme_redis_a").unwrap();
    redis.health = Some("unhealthy".to_owned());
    assert_ne!(back(&state), read);
    assert_eq!(back(&state).beyond(&read), [""; 0]);
}

#[test]
fn one_that_fell_ill_starts_anew_once_its_rival_has_ended() {
    let (mut desired, before) = converged();
    upgrade(&mut desired, "redis", 2);
    let mut state = reached(&desired, &before);
    let kept = state.docker.containers.iter_mut().find(|found| found.name == "acme_redis_a").unwrap();
    (kept.status, kept.health) = ("running".to_owned(), Some("unhealthy".to_owned()));
    let back = plan(&desired, &state, Goal::Rollback).unwrap();
    let start = back.steps.iter().find(|step| step.id == "back.services.start").unwrap();
    let command = start.change.command().unwrap();
    insta::assert_snapshot!(command.script.strip_prefix(API).unwrap(), @r#"
    api '/containers/acme_redis_b/update' POST '{"RestartPolicy":{"Name":"no"}}' '/containers/acme_redis_b/stop?t=30' POST '' '/containers/acme_redis_a/update' POST '{"RestartPolicy":{"Name":"unless-stopped"}}' '/containers/acme_redis_a/restart?t=30' POST '' >/dev/null & pids="$pids $!"
    for pid in $pids; do wait $pid || failed=1; done
    [ -z "$failed" ]
    "#);
}

/// Whoever may list the processes of a host reads the scripts; a hash of a password is as good as a weak password.
#[test]
fn no_hash_of_a_hidden_file_is_in_a_script_on_the_way_there_or_back() {
    let (mut desired, mut before) = converged();
    let path = desired.files[0].path.clone();
    desired.files[0].shown = false;
    before.system.files.get_mut(&path).unwrap().as_mut().unwrap().text = None;
    let old = before.system.files[&path].as_ref().unwrap().sha256.clone();
    upgrade(&mut desired, "core", 2);
    desired.files[0].content = Secret::new("another\n");
    let hashes = [old, ContentHash::of("another\n")];
    let state = reached(&desired, &before);
    let plans = [plan(&desired, &before, Goal::Install), plan(&desired, &state, Goal::Rollback)];
    let mut hidden = Vec::new();
    for step in plans.into_iter().flat_map(|plan| plan.unwrap().steps) {
        let mut scripts = vec![step.to_string()];
        if let Some(command) = step.change.command() {
            if hashes.iter().any(|hash| command.stdin.expose().contains(hash.expose())) {
                hidden.push(step.id.to_string());
            }
            scripts.push(command.script.clone());
        }
        if let Some(command) = step.undo.command() {
            scripts.push(command.script.clone());
        }
        for hash in &hashes {
            assert!(!scripts.concat().contains(hash.expose()), "{}: {}", step.id, scripts.concat());
        }
    }
    // The record, which root alone reads, and what the file has to be before it is written and before it goes back.
    let path = path.display();
    assert_eq!(hidden, ["release.keep".to_owned(), format!("file.{path}"), format!("back.file.{path}")]);
}
