//! What we wrote is known until we remove it.

use super::{after, converged, fixture, ids, planned, reached, upgrade};
use crate::{
    facts::{
        content::ContentHash,
        state::{FolderState, HostState},
        written::{At, List, Written},
    },
    model::desired::{Desired, ManagedFolder},
    plan::{Goal, file::own, plan, uninstall, uninstall::Volumes, written},
};

const KEY: &str = "/var/pryv/web/conf/tls.key";

/// A host that an inventory made with a role more: its secret, its folder, its service.
fn with_another_role() -> (Desired, HostState) {
    let mut desired = fixture::desired();
    desired.files.push(own(KEY, "the secret", 0o600));
    let folder = ManagedFolder { path: "/var/pryv/web/log".into(), mode: 0o700, uid: 9999, gid: 9999 };
    desired.folders.push(folder);
    let state = reached(&desired, &fixture::with_docker());
    assert_eq!(planned(&desired, &state).to_string(), "");
    (desired, state)
}

fn changed(mut state: HostState) -> HostState {
    let listed = state.ours.written.files.get_mut(std::path::Path::new(KEY)).unwrap();
    listed.found = At::There(fixture::found("by hand", 0o600));
    state
}

#[test]
fn what_a_role_wrote_goes_with_it() {
    let (_, state) = with_another_role();
    let plan = planned(&fixture::desired(), &state);
    insta::assert_snapshot!(plan.to_string(), @"
    release.keep
        the serving containers are kept for a rollback
        acme_core_a: registry.test:5000/core:1
        acme_redis_a: registry.test:5000/redis:1
    leftover.file./var/pryv/web/conf/tls.key
        /var/pryv/web/conf/tls.key: 0600 0:0 -> none (not shown)
    leftover.folder./var/pryv/web/log
        /var/pryv/web/log: empty -> none
    leftover.folder./var/pryv/web/conf
        /var/pryv/web/conf: empty -> none
    leftover.folder./var/pryv/web
        /var/pryv/web: empty -> none
    release.end
        the new release is complete
    ");
    let hash = ContentHash::of("the secret");
    for step in &plan.steps {
        let Some(undo) = step.undo.command() else { continue };
        assert!(!undo.script.contains(hash.expose()), "{step}");
    }

    // The way back has its copy.
    let left = reached(&fixture::desired(), &state);
    assert_eq!(planned(&fixture::desired(), &left).to_string(), "");
    let back = plan_back(&fixture::desired(), &left);
    assert_eq!(
        back,
        "back.folder./var/pryv/web back.folder./var/pryv/web/conf back.folder./var/pryv/web/log back.file./var/pryv/web/conf/tls.key"
    );
    let again = after(&fixture::desired(), &left, Goal::Rollback, usize::MAX);
    assert!(again.file(std::path::Path::new(KEY)).is_some());
    assert_eq!(plan_back(&fixture::desired(), &again), "");
}

fn plan_back(desired: &Desired, state: &HostState) -> String {
    ids(&plan(desired, state, Goal::Rollback).unwrap())
}

#[test]
fn a_file_that_moves_is_at_its_old_place_until_the_new_version_serves() {
    let (mut desired, state) = with_another_role();
    desired.files.pop();
    desired.files.push(own("/var/pryv/web/etc/tls.key", "the secret", 0o600));
    upgrade(&mut desired, "core", 2);
    let ids = ids(&planned(&desired, &state));
    let place = |id: &str| ids.find(id).unwrap_or_else(|| panic!("no {id}: {ids}"));
    let order = [
        "release.keep",
        "file./var/pryv/web/etc/tls.key",
        "service.core.cut-over",
        "leftover.file./var/pryv/web/conf/tls.key",
        "release.end",
    ];
    assert!(order.windows(2).all(|pair| place(pair[0]) < place(pair[1])), "{ids}");
    let folders: Vec<&str> = ids.split(' ').filter(|id| id.starts_with("leftover.folder")).collect();
    assert_eq!(
        folders,
        ["leftover.folder./var/pryv/web/conf"],
        "what is wanted or has something in it stays"
    );
}

#[test]
fn what_somebody_changed_since_stays_and_is_named() {
    let (_, state) = with_another_role();
    let (desired, state) = (fixture::desired(), changed(state));
    let ids = ids(&planned(&desired, &state));
    assert!(!ids.contains("tls.key") && !ids.contains("leftover.folder./var/pryv/web/conf"), "{ids}");
    let stays = written::staying(&desired, &state.ours.written);
    assert_eq!(stays, [(KEY.into(), "was changed since pryvctl wrote it".to_owned())]);
    let gone = uninstall::plan(&desired, &state, Volumes::Keep).unwrap();
    let last = gone.steps.last().unwrap().to_string();
    assert!(last.contains("/var/pryv/web/conf/tls.key stays: was changed since"), "{last}");
    // Somebody was in the middle of writing it: both are ours.
    let mut torn = state;
    let listed = torn.ours.written.files.get_mut(std::path::Path::new(KEY)).unwrap();
    listed.wrote.push(ContentHash::of("by hand"));
    assert_eq!(written::leaving(&desired, &torn).len(), 1);
}

#[test]
fn uninstall_removes_what_only_older_inventories_wanted() {
    let (_, state) = with_another_role();
    let ids = ids(&uninstall::plan(&fixture::desired(), &state, Volumes::Keep).unwrap());
    for id in ["leftover.file./var/pryv/web/conf/tls.key", "leftover.folder./var/pryv/web ", "written.forget"]
    {
        assert!(ids.contains(id), "no {id}: {ids}");
    }
}

#[test]
fn a_list_that_is_lost_or_damaged_removes_nothing() {
    let (_, mut state) = with_another_role();
    let desired = fixture::desired();
    state.ours.written = Written { list: List::Unreadable("line 3".to_owned()), ..Written::default() };
    assert_eq!(ids(&planned(&desired, &state)), "");
    let gone = ids(&uninstall::plan(&desired, &state, Volumes::Keep).unwrap());
    assert!(!gone.contains("written") && !gone.contains("tls.key"), "{gone}");
    state.ours.written = Written::default();
    let plan = planned(&desired, &state);
    insta::assert_snapshot!(plan.to_string(), @"
    written.note
        /var/lib/pryvctl/written: 2 files of this inventory are put on the list
    ");
    assert!(!format!("{:?}", plan.steps[0].change).contains(ContentHash::of("port: 3000\n").expose()));
    assert_eq!(planned(&desired, &reached(&desired, &state)).to_string(), "");
    // A host of an older pryvctl, and the record of its last change says what it wanted.
    let (_, mut state) = with_another_role();
    state.ours.written.list = List::Missing;
    assert!(
        ids(&planned(&desired, &state)).contains("written.note leftover.file./var/pryv/web/conf/tls.key")
    );
}

#[test]
fn what_is_half_written_or_gone_already_is_cleared_up() {
    let (desired, mut state) = converged();
    state.ours.written.half.insert("/var/pryv/core/.pryvctl-new.0123456789abcdef".into());
    for goal in [Goal::Harden, Goal::Install] {
        assert_eq!(ids(&plan(&desired, &state, goal).unwrap()), "leftover.half");
    }
    let (_, mut state) = with_another_role();
    state.ours.written.files.get_mut(std::path::Path::new(KEY)).unwrap().found = At::Nothing;
    state.system.files.remove(std::path::Path::new(KEY));
    state.ours.written.folders.insert("/var/pryv/web/conf".into(), At::Nothing);
    state.ours.written.folders.insert("/var/pryv/web".into(), At::There((FolderState::default(), 1)));
    let plan = planned(&desired, &state);
    insta::assert_snapshot!(plan.to_string(), @"
    leftover.folder./var/pryv/web/log
        /var/pryv/web/log: empty -> none
    leftover.folder./var/pryv/web
        /var/pryv/web: empty -> none
    leftover.list
        /var/pryv/web/conf/tls.key: gone already
        /var/pryv/web/conf: gone already
    ");
    assert_eq!(planned(&desired, &reached(&desired, &state)).to_string(), "");
}
