//! The way back.

use super::*;

#[test]
fn an_object_without_members_is_no_file_of_before() {
    let (desired, mut state) =
        wish_of("- { id: a.icc, title: t, level: 1, ref: x, breaks: y, daemon: { icc: false } }");
    let path = std::path::PathBuf::from(crate::model::place::DAEMON_JSON);
    state.files.insert(path.clone(), Some(fixture::found("{\n  \"icc\": false\n}\n", 0o644)));
    for (before, made) in [(None, true), (Some(fixture::found("{}\n", 0o644)), false)] {
        state.originals.files.insert(path.clone(), before);
        let back = plan(&desired, &state, Goal::Soften).unwrap();
        let script = script(step(&back, "engine.daemon-json"));
        assert_eq!(script.contains("\nrm -f /etc/docker/daemon.json"), made, "{script}");
    }
}

#[test]
fn what_came_through_a_file_goes_with_it() {
    let (desired, mut state) = wish();
    let path = std::path::PathBuf::from("/etc/systemd/system/check.service");
    state.originals.files.insert(path.clone(), None);
    state.files.insert(path, Some(fixture::found("x", 0o644)));
    let id = "undo./etc/systemd/system/check.service";
    let back = plan(&desired, &state, Goal::Soften).unwrap();
    let own = "rm -rf '/etc/systemd/system/check.service'; systemctl daemon-reload";
    assert_eq!(script(step(&back, id)), own, "nobody knows who made the folder");
    state.originals.files.insert("/var/lib/check".into(), None);
    let back = plan(&desired, &state, Goal::Soften).unwrap();
    insta::assert_snapshot!(script(step(&back, id)), @"rm -rf '/etc/systemd/system/check.service' '/var/lib/check'; systemctl daemon-reload");
}

#[test]
fn what_was_made_of_a_file_goes_before_the_rest_is_looked_at() {
    let (desired, mut state) = wish_of(MADE);
    let path = std::path::PathBuf::from("/usr/share/pam-configs/ours");
    state.originals.files.insert(path.clone(), None);
    state.originals.files.insert("/etc/default/grub.d/ours.cfg".into(), None);
    state.files.insert(path, Some(fixture::found("Name: ours", 0o644)));
    let back = plan(&desired, &state, Goal::Soften).unwrap();
    let first = back.up_to_next_look();
    let ids: Vec<&str> = first.iter().map(|step| step.id.as_str()).collect();
    assert_eq!(ids, ["undo./usr/share/pam-configs/ours"]);
    assert_eq!(script(&first[0]), "rm -rf '/usr/share/pam-configs/ours'; umask 022; pam-auth-update");
    assert!(first.len() < back.steps.len(), "the record of originals is still needed");
}

const RIGHTS: &str = r#"
- { id: a.table, title: t, level: 1, ref: x, breaks: y, permissions: { paths: [/etc/crontab], mode: "0644" } }
- { id: a.file, title: t, level: 1, ref: x, breaks: y, file: { path: /etc/ours, content: 'x' } }
"#;

#[test]
fn what_was_right_at_first_is_recorded_before_a_hand_spoils_it() {
    let (desired, mut state) = wish_of(RIGHTS);
    let path = std::path::PathBuf::from("/etc/crontab");
    let has = |mode| crate::facts::state::FolderState { mode, uid: 0, gid: 0 };
    state.rights.insert("/etc/crontab".to_owned(), [(path.clone(), has(0o644))].into());
    let reach = |goal, state: &mut HostState| {
        for step in &plan(&desired, state, goal).unwrap().steps {
            carry_out(step, state, &desired);
        }
    };
    reach(Goal::Harden, &mut state);
    state.rights.insert("/etc/crontab".to_owned(), [(path.clone(), has(0o666))].into());
    reach(Goal::Harden, &mut state);
    assert_eq!(state.originals.rights[&path], has(0o644));
    assert_eq!(state.rights["/etc/crontab"][&path], has(0o644));
}

#[test]
fn rights_that_others_took_since_stay_taken() {
    let (desired, mut state) = wish_of(RIGHTS);
    let path = std::path::PathBuf::from("/etc/crontab");
    let has = |mode| crate::facts::state::FolderState { mode, uid: 0, gid: 0 };
    state.originals.rights.insert(path.clone(), has(0o664));
    for (now, given_back) in [(0o644, true), (0o600, false), (0o666, false)] {
        state.rights.insert("/etc/crontab".to_owned(), [(path.clone(), has(now))].into());
        let back = plan(&desired, &state, Goal::Soften).unwrap();
        assert_eq!(
            back.steps.iter().any(|step| step.id == "undo.permissions"),
            given_back,
            "{now:o}\n{back}"
        );
    }
}

#[test]
fn what_others_set_since_is_not_set_back() {
    let control = "{ id: a.x, title: t, level: 1, ref: x, breaks: y, sysctl: { net.ipv4.x: 1 } }";
    let (desired, mut state) = wish_of(&format!("- {control}"));
    state.originals.sysctl.insert("net.ipv4.x".to_owned(), "0".to_owned());
    for (now, set_back) in [("1", true), ("2", false)] {
        state.sysctl.insert("net.ipv4.x".to_owned(), now.to_owned());
        let back = plan(&desired, &state, Goal::Soften).unwrap();
        assert_eq!(back.steps.iter().any(|step| step.id == "undo.sysctl"), set_back, "{back}");
    }
}
