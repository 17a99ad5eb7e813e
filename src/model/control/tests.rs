use std::sync::Arc;

use super::*;
use crate::model::{inventory::TRIES, problem::Problem};

fn parsed(texts: &[(&str, &str)]) -> Result<Controls, Vec<Problem>> {
    Controls::parse(texts.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())))
}

/// What an entry has beside its kind.
const HEAD: &str = "title: t, level: 1, ref: x, breaks: y";

fn told(texts: &[(&str, &str)]) -> String {
    let problems = parsed(texts).unwrap_err();
    let line = |problem: Problem| match problem.hint {
        Some(hint) => format!("{}; {hint}", problem.message),
        None => problem.message,
    };
    problems.into_iter().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn shipped_controls_say_everything_a_report_needs() {
    let controls = Controls::shipped().unwrap();
    for level in [Level::One, Level::Two] {
        assert!(controls.profile(level).is_some_and(|profile| profile.level == level), "{level:?}");
    }
    for control in controls.iter() {
        let Control { id, title, refs, breaks, .. } = control;
        assert!(!title.is_empty() && !refs.is_empty() && !breaks.is_empty(), "{id} leaves something out");
        assert!(id.contains('.'), "{id}: an id is GROUP.NAME");
    }
    let kinds: std::collections::BTreeSet<_> = controls.iter().map(|control| control.key).collect();
    assert_eq!(kinds.len(), 13, "a kind without a control cannot be tested: {kinds:?}");
}

/// Titles are read in lists sorted by id, and in the files of scanners: the control above is not there.
#[test]
fn the_title_of_a_control_is_understood_alone() {
    let controls = Controls::shipped().unwrap();
    let mut titles = std::collections::BTreeSet::new();
    for Control { id, title, breaks, .. } in controls.iter() {
        assert!(titles.insert(title), "{id}: another control has the title {title:?}");
        assert!(title.contains(' ') && !title.ends_with('.'), "{id}: {title:?} is no assertion");
        for text in [title, breaks] {
            let first = text.split(' ').next().unwrap_or_default();
            let leans = ["And", "At", "It", "Nor", "So", "That", "They", "This", "Those", "Who"]
                .contains(&first)
                && !text.starts_with("This host");
            assert!(!leans && !text.starts_with("The same"), "{id}: {text:?} leans on another sentence");
        }
    }
}

/// Docker, IPv6 and later modules need these; no control may take them away.
#[test]
fn what_docker_lives_by_stays() {
    for control in Controls::shipped().unwrap().iter() {
        let id = &control.id;
        if let Kind::Sysctl(keys) = &control.kind {
            for (key, value) in keys {
                assert!(!key.contains("forward"), "{id}: {key}");
                assert!(key != "kernel.modules_disabled" || value.0 == "0", "{id}");
            }
        }
        if let Kind::Module(names) = &control.kind {
            for needed in ["overlay", "br_netfilter", "vxlan", "ip_vs", "vfat", "squashfs", "nf_tables"] {
                assert!(!names.iter().any(|name| name == needed), "{id}: {needed}");
            }
        }
    }
}

/// Our own client must find something in common with every host.
#[test]
fn algorithms_keep_what_our_own_client_speaks() {
    let controls = Controls::shipped().unwrap();
    let names = |directive: &str| -> Vec<String> {
        let directives = controls.iter().filter_map(|control| {
            let Kind::Sshd(directives) = &control.kind else { return None };
            directives.get(directive)
        });
        directives
            .flat_map(|value| if let Directive::Names(names) = value { names.clone() } else { Vec::new() })
            .collect()
    };
    for (directive, needed) in [
        ("KexAlgorithms", "curve25519-sha256"),
        ("MACs", "hmac-sha2-256-etm@openssh.com"),
        ("Ciphers", "chacha20-poly1305@openssh.com"),
        ("Ciphers", "aes256-gcm@openssh.com"),
        ("HostKeyAlgorithms", "ssh-ed25519"),
        ("HostKeyAlgorithms", "rsa-sha2-512"),
    ] {
        assert!(names(directive).iter().any(|name| name == needed), "{directive} lacks {needed}");
    }
}

#[test]
fn what_is_wrong_with_an_entry_is_said_with_its_place() {
    let kind = |text: &str| format!("- {{ id: a.b, {HEAD}, {text} }}");
    let bad = [
        kind("sysctl: { a.b: 1 }, module: [x]"),
        kind("file: { path: /x, content: '', mdoe: '0600' }"),
        kind("permissions: { mode: 600, paths: [/x] }"),
        kind("unit: { name: x.service, state: enbaled }"),
        kind("sysclt: { a.b: 1 }"),
        format!("- {{ id: a.b, {HEAD} }}"),
        format!("- {{ id: a.b, instead: a.c, {HEAD}, module: [x] }}\n- {{ id: a.d, {HEAD}, module: [x] }}"),
        format!("- {{ id: a.b, needs: a.d, {HEAD}, module: [x] }}\n- {{ id: a.d, {HEAD}, module: [x] }}"),
        "sysctl: {}".to_owned(),
    ];
    let told: Vec<String> = bad.iter().map(|text| told(&[("controls/x.yaml", text)])).collect();
    insta::assert_snapshot!(told.join("\n"), @r#"
    controls/x.yaml: `a.b`: must have exactly one kind, as in `sysctl: { KEY: VALUE }`
    controls/x.yaml: `a.b.file.mdoe`: `mdoe` is not a known key: did you mean `mode`?
    controls/x.yaml: `a.b.permissions.mode`: 600 is not a mode: write octal digits in quotes, as in "0640"
    controls/x.yaml: `a.b.unit.state`: `enbaled` is not a valid value: did you mean `enabled`?
    controls/x.yaml: `a.b.sysclt`: `sysclt` is not a known key: did you mean `sysctl`?
    controls/x.yaml: `a.b`: must have exactly one kind, as in `sysctl: { KEY: VALUE }`
    `a.b`: `instead` names `a.c`, which is no control; did you mean `a.b`?
    `a.b`: `needs` names `a.d`, which brings no package
    controls/x.yaml: must be a list of controls, each beginning with `- id:`
    "#);
}

#[test]
fn a_drop_in_is_a_file_of_ours_beside_the_unit() {
    let text = format!(
        r#"- {{ id: a.calm, {HEAD}, drop_in: {{ unit: x@1.service, directives: {{
            Service: {{ NoNewPrivileges: "yes", ExecStart: ["", /bin/x] }}, Unit: {{ After: y.service }} }} }} }}"#
    );
    let controls = parsed(&[("controls/x.yaml", &text)]).unwrap();
    let file = controls.get("a.calm").unwrap().kind.own_file().unwrap();
    assert_eq!(file.path, std::path::Path::new("/etc/systemd/system/x@1.service.d/pryvctl-a.calm.conf"));
    assert_eq!((file.unit.as_deref(), file.restart.as_deref()), (Some("x@1.service"), Some("x@1.service")));
    insta::assert_snapshot!(file.content, @r"
    # Written by pryvctl; changes are overwritten.
    [Unit]
    After=y.service
    [Service]
    ExecStart=
    ExecStart=/bin/x
    NoNewPrivileges=yes
    ");
}

#[test]
fn what_is_wrong_with_a_drop_in_is_said_with_its_place() {
    let of = |unit: &str, directives: &str| {
        let text =
            format!("- {{ id: a.b, {HEAD}, drop_in: {{ unit: {unit}, directives: {{ {directives} }} }} }}");
        told(&[("controls/x.yaml", &text)])
    };
    for (unit, why) in [
        ("ssh.service", "would cut every login"),
        ("sshd@1.service", "would cut every login"),
        ("ssh.socket", "would cut every login"),
        ("docker.service", "may stop containers"),
        ("containerd.service", "may stop containers"),
        ("nftables.service", "may lose its network"),
        ("dbus.service", "breaks logins"),
        ("pryvctl-guard.service", "written by pryvctl itself"),
        ("cron", "is not a service"),
        ("cron.timer", "is not a service"),
        ("../x.service", "is not a service"),
        ("x@.service", "is not a service"),
        (".service", "is not a service"),
    ] {
        let told = of(unit, "Service: { Nice: 5 }");
        let start = format!("controls/x.yaml: `a.b.drop_in.unit`: `{unit}` ");
        assert!(told.starts_with(&start) && told.contains(why), "{told}");
    }
    for (directives, place, why) in [
        ("Servce: { Nice: 5 }", "a.b.drop_in.directives.Servce", "did you mean `Service`?"),
        ("Install: { WantedBy: x }", "a.b.drop_in.directives.Install", "is not a known key"),
        ("Service: {}", "a.b.drop_in.directives.Service", "sets nothing"),
        ("", "a.b", "sets nothing"),
        ("Service: { 'Nice=1': 5 }", "a.b.drop_in.directives.Service", "`Nice=1` is not a directive"),
        ("Service: { Nice: [5, true] }", "a.b.drop_in.directives.Service.Nice", "put true in quotes"),
        (r#"Service: { Nice: "5\nUser=root" }"#, "a.b.drop_in.directives.Service", "must be on one line"),
    ] {
        let told = of("cron.service", directives);
        assert!(told.contains(&format!("`{place}`: ")) && told.contains(why), "{told}");
    }
}

#[test]
fn a_level_takes_in_the_one_below_and_a_stricter_control_takes_the_place_of_another() {
    let text = format!(
        "- {{ id: a.one, {HEAD}, module: [x] }}\n- {{ id: a.two, title: t, level: 2, ref: x, breaks: y, instead: a.one, module: [y] }}"
    );
    let levels = [
        ("level1.yaml", "{ level: 1, title: t, about: a, levels: [1] }"),
        ("level2.yaml", "{ level: 2, title: t, about: a, levels: [1, 2] }"),
    ];
    let known = Arc::new(parsed(&[levels[0], levels[1], ("controls/x.yaml", &text)]).unwrap());
    let ids = |level, skipped: &[&str]| {
        let skipped = skipped.iter().map(|id| ((*id).to_owned(), "why".to_owned())).collect();
        let hardening = Hardening { level, skipped, known: Arc::clone(&known) };
        hardening.wanted().map(|control| control.id.clone()).collect::<Vec<_>>()
    };
    assert_eq!(ids(Level::One, &[]), ["a.one"]);
    assert_eq!(ids(Level::Two, &[]), ["a.two"]);
    assert_eq!(ids(Level::Two, &["a.two"]), ["a.one"]);
    assert_eq!(ids(Level::One, &["a.one"]), [""; 0]);
}

/// A hardened host hangs up after as many wrong keys as we show, not sooner.
#[test]
fn the_tries_that_a_host_allows_are_those_that_a_login_takes() {
    let shipped = Controls::shipped().unwrap();
    let said = shipped.iter().filter_map(|control| control.kind.sshd()?.get("MaxAuthTries"));
    let said: Vec<String> = said.map(|value| format!("{value:?}")).collect();
    assert_eq!(said, [format!("{:?}", Directive::Value(TRIES.to_string()))]);
}
