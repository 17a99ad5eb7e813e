//! What is read of containers.

use serde_json::json;

use super::*;

#[test]
fn what_a_container_may_write_in_is_read() {
    let mounts = r#"[
        {"Type":"bind","Source":"/var/pryv/store","Destination":"/data","Mode":"","RW":true,"Propagation":"rprivate"},
        {"Type":"bind","Source":"/var/pryv/conf","Destination":"/conf","Mode":"ro","RW":false,"Propagation":"rprivate"},
        {"Type":"volume","Name":"acme_redis","Source":"/var/lib/docker/volumes/acme_redis/_data","Destination":"/r","Driver":"local","Mode":"z","RW":true,"Propagation":""},
        {"Type":"tmpfs","Source":"","Destination":"/tmp","Mode":"","RW":true,"Propagation":""}
    ]"#;
    let read = |mounts: &str| {
        let line = format!(
            r#"{{"name":"/a","labels":{{}},"image":"i","image_id":"1","stop_timeout":null,"status":"running","health":null,"started":"","mounts":{mounts},"networks":null,"ports":null}}"#
        );
        let line = line.replace('\n', "");
        let output = Output { stdout: line, ..Output::default() };
        match OwnContainers("acme".parse().unwrap()).read(&output) {
            Fact::Known(found) => found.states[0].writes.clone(),
            other @ (Fact::Absent | Fact::Unreadable(_)) => panic!("{other:?}"),
        }
    };
    let expected =
        [MountSource::Bind("/var/pryv/store".to_owned()), MountSource::Volume("acme_redis".to_owned())];
    assert_eq!(read(mounts), expected.into());
    assert_eq!(read("null"), BTreeSet::new());
}

#[test]
fn what_leads_elsewhere_of_what_they_write_in_is_read() {
    let line = r#"{"name":"/a","labels":{},"image":"i","image_id":"1","stop_timeout":null,"status":"running","health":null,"started":"","networks":null,"ports":null}"#;
    let read = |real: &str| {
        let stdout = format!("{line}\nwrites /srv/a b\n{line}\nwrites /srv/c\n{real}");
        OwnContainers("acme".parse().unwrap()).read(&Output { stdout, ..Output::default() })
    };
    let Fact::Known(found) = read("/mnt/a b\n/srv/c\n") else { panic!() };
    assert_eq!(
        (found.states.len(), found.places),
        (2, [("/srv/a b".to_owned(), "/mnt/a b".to_owned())].into())
    );
    assert!(matches!(read("/mnt/a b\n"), Fact::Unreadable(_)));
}

#[test]
fn a_container_that_lost_its_restart_policy_is_leaving() {
    let is_leaving = |made_with: &str, now: Option<&str>| {
        let mut state = json!({
            "name": "/acme_core_a", "labels": { "pryvctl.restart": made_with }, "image": "core",
            "image_id": "sha256:1", "status": "running", "health": "healthy",
            "started": "2026-11-21T10:51:14.261094421Z",
        });
        state["policy"] = now.into();
        let line: Line = serde_json::from_value(state).unwrap();
        let found = line.state().unwrap();
        assert_eq!(found.serves(), !found.is_leaving);
        found.is_leaving
    };
    assert!(is_leaving("unless-stopped", Some("no")) && is_leaving("always", Some("")));
    assert!(!is_leaving("unless-stopped", Some("unless-stopped")) && !is_leaving("no", Some("no")));
    // The first pryvctl wrote no label.
    assert!(!is_leaving("", Some("no")) && !is_leaving("unless-stopped", None));
}

#[test]
fn a_check_that_docker_forgot_is_told_from_one_that_is_late() {
    let started = 1_795_258_274;
    let is_unchecked = |check, checked: &[&str], now: i64| {
        let state = json!({
            "name": "/acme_core_a", "labels": {}, "image": "core", "image_id": "sha256:1", "status": "running",
            "health": "healthy", "started": "2026-11-21T10:51:14.261094421Z", "check": check, "checked": checked,
            "now": started + now,
        });
        serde_json::from_value::<Line>(state).unwrap().state().unwrap().is_unchecked
    };
    // Every 10 s, each 5 s at most.
    let check = json!([10_000_000_000_i64, 5_000_000_000_i64]);
    assert!(!is_unchecked(check.clone(), &[], 105));
    assert!(is_unchecked(check.clone(), &[], 106));
    let checked = ["2026-11-21T10:51:24Z", "2026-11-21T10:51:34.5Z"];
    assert!(!is_unchecked(check.clone(), &checked, 125));
    assert!(is_unchecked(check, &checked, 126));
    // Docker's own times are 30 s each.
    assert!(!is_unchecked(json!([0, 0]), &[], 240));
    assert!(is_unchecked(json!([0, 0]), &[], 241));
    assert!(!is_unchecked(json!(null), &[], 9999));
}
