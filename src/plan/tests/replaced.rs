//! What others had where we write comes back when ours leaves.

use std::path::Path;

use super::{after, fixture, ids, planned, reached, upgrade};
use crate::{
    change::{Change, Claim},
    facts::{
        content::ContentHash,
        state::{FileState, HostState},
        written::{At, List},
    },
    model::desired::Desired,
    plan::{Goal, Plan, file::own, plan, step::StepId, uninstall, uninstall::Volumes, written},
};

const CONF: &str = "/etc/acme/web.conf";

/// What others had.
fn theirs() -> FileState {
    FileState { uid: 7, gid: 8, ..fixture::found("theirs\n", 0o604) }
}

/// An inventory that wants a file where others have one, a host with that, and the same when it is installed.
fn replaced() -> (Desired, HostState, HostState) {
    let mut desired = fixture::desired();
    desired.files.push(own(CONF, "ours\n", 0o644));
    let mut before = fixture::with_docker();
    before.system.files.insert(CONF.into(), Some(theirs()));
    let state = reached(&desired, &before);
    assert_eq!(planned(&desired, &state).to_string(), "");
    (desired, before, state)
}

fn at(state: &HostState) -> Option<&FileState> {
    state.file(Path::new(CONF))
}

fn by_hand(mut state: HostState) -> HostState {
    let found = fixture::found("by hand\n", 0o644);
    state.ours.written.files.get_mut(Path::new(CONF)).unwrap().found = At::There(found.clone());
    state.system.files.insert(CONF.into(), Some(found));
    state
}

fn step(plan: &Plan, id: &str) -> String {
    let step = plan.steps.iter().find(|step| step.id == format!("{id}{CONF}"));
    step.unwrap_or_else(|| panic!("{plan}")).to_string()
}

fn uninstalled(desired: &Desired, state: &HostState) -> Plan {
    uninstall::plan(desired, state, Volumes::Keep).unwrap()
}

#[test]
fn what_others_had_is_kept_and_the_plan_says_so() {
    let (desired, before, state) = replaced();
    let plan = planned(&desired, &before);
    insta::assert_snapshot!(step(&plan, "file."), @"
    file./etc/acme/web.conf
        /etc/acme/web.conf: the file that is there was not written by pryvctl; a copy is kept as /var/lib/pryvctl/replaced/etc/acme/web.conf
        /etc/acme/web.conf: 0604 7:8 -> 0644 0:0
        --- /etc/acme/web.conf
        +++ /etc/acme/web.conf
        @@ -1 +1 @@
        -theirs
        +ours
    ");
    for step in &plan.steps {
        let Some(undo) = step.undo.command() else { continue };
        assert!(!undo.script.contains(ContentHash::of("ours\n").expose()), "{step}");
    }
    assert_eq!(state.ours.written.originals[Path::new(CONF)], theirs());

    // Drift is put right, and what is kept is what it was.
    let drift = planned(&desired, &by_hand(state.clone()));
    let said = step(&drift, "file.");
    assert!(!said.contains("kept"), "{said}");
    let found = drift.steps.iter().find(|step| matches!(step.id, StepId::File(_))).unwrap();
    let Change::Write(file) = &found.change else { panic!("{found}") };
    assert_eq!(file.claim, Claim::Listed);
    let again = reached(&desired, &by_hand(state));
    assert_eq!(again.ours.written.originals[Path::new(CONF)], theirs());
}

#[test]
fn it_comes_back_when_no_role_wants_ours_any_more() {
    let (_, _, state) = replaced();
    let plan = planned(&fixture::desired(), &state);
    insta::assert_snapshot!(step(&plan, "leftover.original."), @"
    leftover.original./etc/acme/web.conf
        /etc/acme/web.conf: -> as it was before pryvctl (not shown)
    ");
    let ids = ids(&plan);
    assert!(!ids.contains("leftover.folder./etc/acme") && !ids.contains("leftover.file"), "{ids}");
    let left = reached(&fixture::desired(), &state);
    assert_eq!(at(&left), Some(&theirs()));
    assert!(left.ours.written.originals.is_empty() && !left.ours.written.files.contains_key(Path::new(CONF)));
    assert_eq!(planned(&fixture::desired(), &left).to_string(), "");

    // The way back has ours, and keeps theirs anew.
    let again = after(&fixture::desired(), &left, Goal::Rollback, usize::MAX);
    assert_eq!(at(&again).map(|found| &found.sha256), Some(&ContentHash::of("ours\n")));
    assert_eq!(again.ours.written.originals[Path::new(CONF)].sha256, theirs().sha256);
    assert_eq!(ids_of(&fixture::desired(), &again, Goal::Rollback), "");
}

fn ids_of(desired: &Desired, state: &HostState, goal: Goal) -> String {
    ids(&plan(desired, state, goal).unwrap())
}

#[test]
fn a_rollback_to_before_ours_puts_it_back() {
    let desired = fixture::desired();
    let mut served = reached(&desired, &fixture::with_docker());
    served.system.files.insert(CONF.into(), Some(theirs()));
    let mut next = desired;
    next.files.push(own(CONF, "ours\n", 0o644));
    upgrade(&mut next, "core", 2);
    let state = reached(&next, &served);
    let back = after(&next, &state, Goal::Rollback, usize::MAX);
    assert_eq!(at(&back), Some(&theirs()));
    assert!(back.ours.written.originals.is_empty() && !back.ours.written.files.contains_key(Path::new(CONF)));
    assert_eq!(ids_of(&next, &back, Goal::Rollback), "");
}

#[test]
fn uninstall_puts_it_back_unless_somebody_changed_ours() {
    let (desired, before, state) = replaced();
    for inventory in [&desired, &fixture::desired()] {
        let ids = ids(&uninstalled(inventory, &state));
        assert!(ids.contains(&format!("leftover.original.{CONF}")), "{ids}");
        assert!(!ids.contains(&format!("file.{CONF}")) && !ids.contains("folder./etc/acme"), "{ids}");
        let changed = uninstalled(inventory, &by_hand(state.clone()));
        let last = changed.steps.last().unwrap().to_string();
        let stays = format!(
            "{CONF} stays: was changed since pryvctl wrote it; what was there before pryvctl stays in \
             /var/lib/pryvctl/replaced{CONF}"
        );
        assert!(
            last.contains(&stays) && !changed.to_string().contains(&format!("original.{CONF}")),
            "{last}"
        );
    }
    // What we never wrote is not ours to remove.
    assert!(uninstalled(&desired, &before).is_empty());
}

/// Where a run may be killed on the way back: theirs is there again, and then off the list.
#[test]
fn a_way_back_that_was_cut_short_is_gone_to_its_end() {
    let (desired, _, mut state) = replaced();
    let path = Path::new(CONF);
    let listed = state.ours.written.files.get_mut(path).unwrap();
    listed.found = At::There(theirs());
    state.system.files.remove(path);
    let mut unlisted = state.clone();
    unlisted.ours.written.files.get_mut(path).unwrap().wrote.clear();
    for state in [state, unlisted] {
        assert_eq!(written::staying(&fixture::desired(), &state.ours.written), []);
        assert!(written::leaving(&fixture::desired(), &state).is_empty(), "theirs is not ours to remove");
        let id = format!("leftover.original.{CONF}");
        assert_eq!(ids(&planned(&fixture::desired(), &state)), id);
        assert!(ids(&uninstalled(&desired, &state)).contains(&id));
        let done = reached(&fixture::desired(), &state);
        assert_eq!(at(&done), Some(&theirs()));
        assert_eq!(planned(&fixture::desired(), &done).to_string(), "");
    }
}

#[test]
fn what_somebody_removed_comes_back_too() {
    let (_, _, mut state) = replaced();
    state.ours.written.files.get_mut(Path::new(CONF)).unwrap().found = At::Nothing;
    state.system.files.remove(Path::new(CONF));
    let left = reached(&fixture::desired(), &state);
    assert_eq!(at(&left), Some(&theirs()));
    assert_eq!(planned(&fixture::desired(), &left).to_string(), "");
}

#[test]
fn ours_is_not_taken_for_theirs_when_the_list_cannot_be_read() {
    let (mut desired, _, mut state) = replaced();
    desired.files.last_mut().unwrap().content = crate::model::secret::Secret::new("ours, too\n");
    state.ours.written.list = List::Unreadable("line 3".to_owned());
    state.ours.written.files.clear();
    state.ours.written.originals.clear();
    assert!(step(&planned(&desired, &state), "file.").contains("is kept as"), "nobody knows");
    let wanted = [(CONF.into(), ContentHash::of("ours\n"))].into();
    state.ours.release.get_or_insert_default().wanted = wanted;
    assert!(!step(&planned(&desired, &state), "file.").contains("is kept as"));
}
