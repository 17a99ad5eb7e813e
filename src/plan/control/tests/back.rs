//! The way back.

use super::*;
use crate::model::write::sha256;

#[test]
fn an_object_without_members_is_no_file_of_before() {
    let (desired, mut state) =
        wish_of("- { id: a.icc, title: t, level: 1, ref: x, breaks: y, daemon: { icc: false } }");
    let path = std::path::PathBuf::from(crate::model::place::DAEMON_JSON);
    state.system.files.insert(path.clone(), Some(fixture::found("{\n  \"icc\": false\n}\n", 0o644)));
    for (before, made) in [(None, true), (Some(fixture::found("{}\n", 0o644)), false)] {
        state.hardening.originals.files.insert(path.clone(), before);
        let back = plan(&desired, &state, Goal::Revert).unwrap();
        let script = script(step(&back, "engine.daemon-json"));
        assert_eq!(script.contains("\nwriter remove '/etc/docker/daemon.json' any"), made, "{script}");
    }
}

#[test]
fn what_came_through_a_file_goes_with_it() {
    let (desired, mut state) = wish();
    let path = std::path::PathBuf::from("/etc/systemd/system/check.service");
    state.hardening.originals.files.insert(path.clone(), None);
    state.system.files.insert(path, Some(fixture::found("x", 0o644)));
    let id = "undo./etc/systemd/system/check.service";
    let back = plan(&desired, &state, Goal::Revert).unwrap();
    let remove = format!("set -e; writer remove '/etc/systemd/system/check.service' {}", sha256("x"));
    let own = format!("{remove}; systemctl daemon-reload");
    assert_eq!(script(step(&back, id)), own, "nobody knows who made the folder");
    state.hardening.originals.files.insert("/var/lib/check".into(), None);
    let back = plan(&desired, &state, Goal::Revert).unwrap();
    let with_folder = format!("{remove}; rm -rf '/var/lib/check'; systemctl daemon-reload");
    assert_eq!(script(step(&back, id)), with_folder);
}

#[test]
fn what_was_made_of_a_file_goes_before_the_rest_is_looked_at() {
    let (desired, mut state) = wish_of(MADE);
    let path = std::path::PathBuf::from("/usr/share/pam-configs/ours");
    state.hardening.originals.files.insert(path.clone(), None);
    state.hardening.originals.files.insert("/etc/default/grub.d/ours.cfg".into(), None);
    state.system.files.insert(path, Some(fixture::found("Name: ours", 0o644)));
    let back = plan(&desired, &state, Goal::Revert).unwrap();
    let first = back.up_to_next_look();
    let ids: Vec<String> = first.iter().map(|step| step.id.to_string()).collect();
    assert_eq!(ids, ["undo./usr/share/pam-configs/ours"]);
    let remove = format!("set -e; writer remove '/usr/share/pam-configs/ours' {}", sha256("Name: ours"));
    assert_eq!(script(&first[0]), format!("{remove}; umask 022; pam-auth-update"));
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
    state.hardening.limited.insert("/etc/crontab".to_owned(), [(path.clone(), has(0o644))].into());
    let reach = |goal, state: &mut HostState| {
        for step in &plan(&desired, state, goal).unwrap().steps {
            carry_out(step, state, &desired);
        }
    };
    reach(Goal::Harden, &mut state);
    state.hardening.limited.insert("/etc/crontab".to_owned(), [(path.clone(), has(0o666))].into());
    reach(Goal::Harden, &mut state);
    assert_eq!(state.hardening.originals.rights[&path], has(0o644));
    assert_eq!(state.hardening.limited["/etc/crontab"][&path], has(0o644));
}

#[test]
fn rights_that_others_took_since_stay_taken() {
    let (desired, mut state) = wish_of(RIGHTS);
    let path = std::path::PathBuf::from("/etc/crontab");
    let has = |mode| crate::facts::state::FolderState { mode, uid: 0, gid: 0 };
    state.hardening.originals.rights.insert(path.clone(), has(0o664));
    for (now, given_back) in [(0o644, true), (0o600, false), (0o666, false)] {
        state.hardening.limited.insert("/etc/crontab".to_owned(), [(path.clone(), has(now))].into());
        let back = plan(&desired, &state, Goal::Revert).unwrap();
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
    state.hardening.originals.sysctl.insert("net.ipv4.x".to_owned(), "0".to_owned());
    for (now, set_back) in [("1", true), ("2", false)] {
        state.hardening.sysctl.insert("net.ipv4.x".to_owned(), now.to_owned());
        let back = plan(&desired, &state, Goal::Revert).unwrap();
        assert_eq!(back.steps.iter().any(|step| step.id == "undo.sysctl"), set_back, "{back}");
    }
}

const SEVERAL: &str = r#"
- { id: a.banner, title: t, level: 1, ref: x, breaks: y, file: { path: /etc/issue, content: "keep out\n" } }
- { id: a.own, title: t, level: 1, ref: x, breaks: y, file: { path: /etc/ours, content: "x\n" } }
- { id: a.umask, title: t, level: 1, ref: x, breaks: y, setting: { path: /etc/login.defs, form: space, set: { UMASK: "027" } } }
- { id: b.days, title: t, level: 1, ref: x, breaks: y, setting: { path: /etc/login.defs, form: space, set: { PASS_MAX_DAYS: "365" } } }
- { id: a.forward, title: t, level: 1, ref: x, breaks: y, sysctl: { net.ipv4.x: 1 } }
- { id: b.syn, title: t, level: 1, ref: x, breaks: y, sysctl: { net.ipv4.y: 1 } }
- { id: a.table, title: t, level: 1, ref: x, breaks: y, permissions: { paths: [/etc/crontab], mode: "0600" } }
- { id: b.table, title: t, level: 1, ref: x, breaks: y, permissions: { paths: [/etc/crontab], mode: "0644" } }
- { id: a.package, title: t, level: 1, ref: x, breaks: y, package: auditd }
- { id: b.about, title: t, level: 1, ref: x, breaks: y, needs: a.package, file: { path: /etc/audit/about, content: "x\n" } }
- { id: b.package, title: t, level: 1, ref: x, breaks: y, package: chrony }
- { id: a.docker, title: t, level: 1, ref: x, breaks: y, daemon: { icc: false } }
- { id: b.docker, title: t, level: 1, ref: x, breaks: y, daemon: { no-new-privileges: true } }
- { id: a.sshd, title: t, level: 1, ref: x, breaks: y, sshd: { MaxAuthTries: 3 } }
- { id: b.sshd, title: t, level: 1, ref: x, breaks: y, sshd: { PasswordAuthentication: "no" } }
"#;

/// Goes on from look to look until nothing is left to do.
fn settle(desired: &Desired, state: &mut HostState) -> Vec<String> {
    let mut done = Vec::new();
    for _ in 0..6 {
        let plan = planned(desired, state);
        if plan.is_empty() {
            return done;
        }
        let ids: std::collections::BTreeSet<String> =
            plan.steps.iter().map(|step| step.id.to_string()).collect();
        assert_eq!(ids.len(), plan.steps.len(), "two steps have one id:\n{plan}");
        for step in plan.up_to_next_look() {
            carry_out(step, state, desired);
            done.push(step.id.to_string());
        }
    }
    panic!("never at rest: {done:?}");
}

#[test]
fn what_is_left_out_later_goes_back_and_the_rest_stays() {
    let (mut desired, mut state) = wish_of(SEVERAL);
    desired.engine.daemon =
        [("icc".to_owned(), false.into()), ("no-new-privileges".to_owned(), true.into())].into();
    state.docker.engine = Some(crate::facts::state::EngineState { cli: true, ..Default::default() });
    state.system.commands = place::COMMANDS.map(|(name, _)| name.to_owned()).into();
    state.system.files.insert("/etc/issue".into(), Some(fixture::found("Debian\n", 0o644)));
    state.system.files.extend(["/etc/ours", "/etc/audit/about"].map(|path| (path.into(), None)));
    for key in ["net.ipv4.x", "net.ipv4.y"] {
        state.hardening.sysctl.insert(key.to_owned(), "0".to_owned());
    }
    let crontab = std::path::PathBuf::from("/etc/crontab");
    let has = |mode| crate::facts::state::FolderState { mode, uid: 0, gid: 0 };
    state.hardening.limited.insert("/etc/crontab".to_owned(), [(crontab.clone(), has(0o664))].into());
    settle(&desired, &mut state);
    let text = |state: &HostState, path: &str| {
        state.system.files[std::path::Path::new(path)].as_ref().map(|file| file.text.clone().unwrap())
    };
    assert_eq!(text(&state, "/etc/issue").unwrap(), "keep out\n");

    let all = desired.hardening.known.clone();
    let left_out = all.ids().filter(|id| id.starts_with("a.")).map(|id| (id.to_owned(), "why".to_owned()));
    desired.hardening.skipped = left_out.collect();
    desired.engine.daemon.remove("icc");
    let done = settle(&desired, &mut state);
    assert!(done.contains(&"originals.given-up".to_owned()), "{done:?}");
    assert_eq!(text(&state, "/etc/issue").unwrap(), "Debian\n");
    assert_eq!((text(&state, "/etc/ours"), text(&state, "/etc/audit/about")), (None, None));
    assert_eq!(text(&state, "/etc/login.defs").unwrap(), "# UMASK 022\nUMASK\t022\nPASS_MAX_DAYS\t365\n");
    assert_eq!((&*state.hardening.sysctl["net.ipv4.x"], &*state.hardening.sysctl["net.ipv4.y"]), ("0", "1"));
    assert!(!text(&state, place::SYSCTL).unwrap().contains("net.ipv4.x"));
    assert_eq!(state.hardening.limited["/etc/crontab"][&crontab], has(0o644));
    assert_eq!(state.hardening.installed, Some(["chrony".to_owned()].into()));
    assert_eq!(state.docker.daemon_json, Some(serde_json::json!({ "no-new-privileges": true })));
    let block = text(&state, place::SSHD_CONFIG).unwrap();
    assert!(!block.contains("MaxAuthTries") && block.contains("PasswordAuthentication no"), "{block}");

    // What a hand sets afterwards is the hand's.
    state.system.files.insert("/etc/issue".into(), Some(fixture::found("keep out\n", 0o644)));
    state.system.files.insert("/etc/ours".into(), Some(fixture::found("by hand\n", 0o644)));
    state.hardening.sysctl.insert("net.ipv4.x".to_owned(), "1".to_owned());
    assert_eq!(planned(&desired, &state).to_string(), "");
    // Wanted again it is set again, and all of it goes back in the end.
    state.system.files.insert("/etc/ours".into(), None);
    desired.hardening.skipped.clear();
    desired.engine.daemon.insert("icc".to_owned(), false.into());
    settle(&desired, &mut state);
    assert!(
        state.hardening.originals.controls.contains("a.package")
            && state.hardening.installed.as_ref().unwrap().contains("auditd")
    );
    for _ in 0..3 {
        let back = plan(&desired, &state, Goal::Revert).unwrap();
        let ours = |step: &&Step| {
            ["undo.", "originals.", "engine."].iter().any(|of| step.id.to_string().starts_with(of))
        };
        back.up_to_next_look().iter().filter(ours).for_each(|step| carry_out(step, &mut state, &desired));
    }
    assert_eq!(text(&state, "/etc/issue").unwrap(), "Debian\n");
    assert_eq!(text(&state, "/etc/login.defs").unwrap(), "# UMASK 022\nUMASK\t022\n");
    assert_eq!(
        (state.hardening.limited["/etc/crontab"][&crontab], state.hardening.installed.clone()),
        (has(0o664), Some([].into()))
    );
}
