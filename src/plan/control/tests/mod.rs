mod back;
mod drop_in;

use super::*;
use crate::{
    model::{
        control::{Controls, Hardening},
        place,
    },
    plan::{Goal, Plan, fixture, plan, simulated::carry_out},
};

const CONTROLS: &str = "
- { id: a.clock, title: t, level: 1, ref: x, breaks: y, unless: [chrony], package: systemd-timesyncd }
- { id: a.clock-set, title: t, level: 1, ref: x, breaks: y, needs: a.clock, file: { path: /etc/clock, content: '' } }
- { id: a.check, title: t, level: 1, ref: x, breaks: y, unit: { name: check.service, state: at-boot } }
- id: a.file
  title: t
  level: 1
  ref: x
  breaks: y
  file: { path: /etc/systemd/system/check.service, content: 'x', brings: [/var/lib/check] }
";

fn wish() -> (Desired, HostState) {
    wish_of(CONTROLS)
}

fn wish_of(controls: &str) -> (Desired, HostState) {
    let texts =
        [("level1.yaml", "{ level: 1, title: t, about: a, levels: [1] }"), ("controls/a.yaml", controls)];
    let texts = texts.map(|(path, text)| (path.to_owned(), text.to_owned()));
    let known = std::sync::Arc::new(Controls::parse(texts).unwrap());
    let mut state = fixture::bare();
    state.hardening.installed = Some(Default::default());
    (Desired { hardening: Hardening { known, ..Hardening::default() }, ..fixture::desired() }, state)
}

fn verdict(desired: &Desired, state: &HostState, id: &str) -> (Verdict, Option<String>) {
    let found = assess(desired, state).into_iter().find(|one| one.id == id).unwrap();
    (found.verdict, found.reason)
}

fn planned(desired: &Desired, state: &HostState) -> Plan {
    plan(desired, state, Goal::Harden).unwrap()
}

fn script(step: &Step) -> String {
    let script = step.change.command().unwrap().script;
    script.strip_prefix(crate::model::write::function()).unwrap_or(&script).to_owned()
}

fn step<'a>(plan: &'a Plan, id: &str) -> &'a Step {
    plan.steps.iter().find(|step| step.id == id).unwrap_or_else(|| panic!("no {id} in\n{plan}"))
}

#[test]
fn a_package_that_does_the_same_stays_alone() {
    let (desired, mut state) = wish();
    assert_eq!(verdict(&desired, &state, "a.clock"), (Verdict::Fail, None));
    state.hardening.installed.get_or_insert_default().insert("chrony".to_owned());
    let why = Some("the host has chrony".to_owned());
    assert_eq!(verdict(&desired, &state, "a.clock"), (Verdict::NotApplicable, why));
    let why = Some("it needs the packages of a.clock".to_owned());
    assert_eq!(verdict(&desired, &state, "a.clock-set"), (Verdict::NotApplicable, why));
}

#[test]
fn what_is_about_a_package_is_left_out_with_it() {
    let (mut desired, mut state) = wish();
    assert_eq!(verdict(&desired, &state, "a.clock-set").0, Verdict::Fail);
    desired.hardening.skipped.insert("a.clock".to_owned(), "there is another".to_owned());
    let why = Some("it needs the packages of a.clock".to_owned());
    assert_eq!(verdict(&desired, &state, "a.clock-set"), (Verdict::NotApplicable, why));
    state.hardening.installed.get_or_insert_default().insert("systemd-timesyncd".to_owned());
    assert_eq!(verdict(&desired, &state, "a.clock-set").0, Verdict::Fail, "somebody else brought it");
}

#[test]
fn packages_come_before_what_their_files_are_part_of() {
    let (desired, mut state) = wish();
    let first = planned(&desired, &state);
    let ids: Vec<String> = first.up_to_next_look().iter().map(|step| step.id.to_string()).collect();
    assert_eq!(ids, ["originals.record", "control.packages"]);
    for step in first.up_to_next_look() {
        carry_out(step, &mut state, &desired);
    }
    let then = planned(&desired, &state);
    assert_eq!(then.up_to_next_look(), then.steps);
    assert!(!then.is_of_controls(), "the firewall is missing, too");
}

#[test]
fn what_starts_at_boot_need_not_run() {
    let (desired, mut state) = wish();
    let unit = crate::facts::state::UnitState { exists: true, active: true, ..Default::default() };
    state.system.units.insert("check.service".to_owned(), unit);
    assert_eq!(verdict(&desired, &state, "a.check").0, Verdict::Fail);
    carry_out(step(&planned(&desired, &state), "control.units"), &mut state, &desired);
    state.system.units.get_mut("check.service").unwrap().active = false;
    assert_eq!(verdict(&desired, &state, "a.check").0, Verdict::Pass);
}

const MADE: &str = "
- id: a.menu
  title: t
  level: 1
  ref: x
  breaks: y
  with: [grub2-common]
  file:
    path: /etc/default/grub.d/ours.cfg
    content: audit=1
    after: { run: update-grub, shows: { /boot/grub/grub.cfg: audit=1 } }
- id: a.stack
  title: t
  level: 1
  ref: x
  breaks: y
  file:
    path: /usr/share/pam-configs/ours
    content: 'Name: ours'
    after: { run: pam-auth-update, shows: { /etc/pam.d/common-auth: ours.so }, writes: [/var/lib/pam/auth] }
";

#[test]
fn what_is_made_of_a_file_has_to_show() {
    let (desired, mut state) = wish_of(MADE);
    let why = Some("the host has no grub2-common".to_owned());
    assert_eq!(verdict(&desired, &state, "a.menu"), (Verdict::NotApplicable, why));
    state.hardening.installed.get_or_insert_default().insert("grub2-common".to_owned());
    let id = "control./etc/default/grub.d/ours.cfg";
    let first = planned(&desired, &state);
    assert!(script(step(&first, id)).ends_with("; update-grub"));

    state.system.files.insert("/etc/default/grub.d/ours.cfg".into(), Some(fixture::found("audit=1", 0o644)));
    assert_eq!(verdict(&desired, &state, "a.menu").0, Verdict::Fail, "the menu does not have it yet");
    let again = planned(&desired, &state);
    let why = ["a.menu: /boot/grub/grub.cfg: without `audit=1` -> audit=1"];
    assert_eq!(step(&again, id).why, why);

    state.hardening.traces.insert(("/boot/grub/grub.cfg".into(), "audit=1".to_owned()));
    assert_eq!(verdict(&desired, &state, "a.menu").0, Verdict::Pass);
    assert!(planned(&desired, &state).steps.iter().all(|step| step.id != id));
}

#[test]
fn what_decides_over_logins_is_made_under_guard() {
    let (desired, state) = wish_of(MADE);
    let plan = planned(&desired, &state);
    let step = step(&plan, "control./usr/share/pam-configs/ours");
    assert!(step.risk.needs_guard());
    let saved = &step.save.as_ref().unwrap().script;
    for path in ["/usr/share/pam-configs/ours", "/etc/pam.d/common-auth", "/var/lib/pam/auth"] {
        assert!(saved.contains(&format!("cp -p '{path}' ")), "{saved}");
    }
}

const TMP: &str = "
- id: a.tmp
  title: t
  level: 1
  ref: x
  breaks: y
  mount: { path: /tmp, options: [noexec], made: { source: tmpfs, kind: tmpfs, options: [mode=1777] } }
- { id: a.home, title: t, level: 1, ref: x, breaks: y, mount: { path: /home, options: [nodev] } }
";

#[test]
fn a_mount_is_made_where_there_is_none_and_a_line_of_others_stays() {
    let (desired, mut state) = wish_of(TMP);
    state
        .system
        .files
        .insert(place::FSTAB.into(), Some(fixture::found("LABEL=root / ext4 defaults 0 1\n", 0o644)));
    assert_eq!(verdict(&desired, &state, "a.home").0, Verdict::NotApplicable);
    for step in &planned(&desired, &state).steps {
        carry_out(step, &mut state, &desired);
    }
    let text = |state: &HostState| {
        state.system.files[std::path::Path::new(place::FSTAB)].clone().unwrap().text.unwrap()
    };
    assert_eq!(
        text(&state),
        "LABEL=root / ext4 defaults 0 1\ntmpfs /tmp tmpfs defaults,noexec,mode=1777 0 0\n"
    );
    assert_eq!(verdict(&desired, &state, "a.tmp").0, Verdict::Pass);

    state
        .system
        .files
        .insert(place::FSTAB.into(), Some(fixture::found("/dev/vdb /tmp ext4 rw 0 2\n", 0o644)));
    let step =
        planned(&desired, &state).steps.into_iter().find(|step| step.id == "control./etc/fstab").unwrap();
    carry_out(&step, &mut state, &desired);
    assert_eq!(text(&state), "/dev/vdb /tmp ext4 rw,noexec 0 2\n");
}

#[test]
fn a_line_for_what_is_mounted_takes_nothing_away() {
    let (desired, mut state) = wish_of(
        "- { id: a.proc, title: t, level: 1, ref: x, breaks: y, mount: { path: /proc, options: [hidepid=invisible] } }",
    );
    state.system.files.insert(place::FSTAB.into(), Some(fixture::found("", 0o644)));
    let options = ["rw", "nosuid", "nodev", "noexec", "relatime"].map(str::to_owned).into();
    let mounted =
        crate::facts::control::mount::Mounted { source: "proc".into(), kind: "proc".into(), options };
    state.hardening.mounts.insert("/proc".into(), mounted);
    let plan = planned(&desired, &state);
    let crate::change::Change::Edit(edit) = &step(&plan, "control./etc/fstab").change else {
        panic!("{plan}")
    };
    let line = "proc /proc proc defaults,hidepid=invisible,nosuid,nodev,noexec 0 0\n";
    assert_eq!(edit.text, line);
    let undo = &step(&plan, "control.mount").undo;
    assert_eq!(
        *undo,
        crate::plan::step::Undo::change(crate::change::Change::Remount(crate::change::Remounts(vec![(
            "/proc".into(),
            vec!["hidepid=off".to_owned()]
        )])))
    );
}

#[test]
fn what_sshd_locks_users_into_stays_open() {
    let homes = r#"
- id: a.homes
  title: t
  level: 1
  ref: x
  breaks: y
  permissions: { paths: ['/home/*'], mode: "0750", of_users: true }
"#;
    let (desired, mut state) = wish_of(homes);
    let has = |uid| crate::facts::state::FolderState { mode: 0o755, uid, gid: 0 };
    let found = [("/home/locked".into(), has(0)), ("/home/user".into(), has(1000))];
    state.hardening.limited.insert("/home/*".to_owned(), found.into());
    let change = planned(&desired, &state);
    assert_eq!(script(step(&change, "control.permissions")), "set -e\nchmod 750 '/home/user'\n");
}

#[test]
fn a_parameter_of_every_interface_is_set_on_each() {
    let control =
        "{ id: a.ra, title: t, level: 1, ref: x, breaks: y, sysctl: { net.ipv6.conf.*.accept_ra: 0 } }";
    let (desired, mut state) = wish_of(&format!("- {control}"));
    for (name, value) in [("all", "1"), ("default", "1"), ("eth0", "1"), ("lo", "0"), ("veth1", "1")] {
        state.hardening.sysctl.insert(format!("net.ipv6.conf.{name}.accept_ra"), value.to_owned());
    }
    state.hardening.sysctl.insert("net/ipv6/conf/eth0.10/accept_ra".to_owned(), "1".to_owned());
    let change = planned(&desired, &state);
    let names = ["net.ipv6.conf.eth0.accept_ra", "net/ipv6/conf/eth0.10/accept_ra"];
    let why = names.map(|name| format!("a.ra: {name} (live): 1 -> 0"));
    assert_eq!(step(&change, "control.sysctl").why, why);
    assert!(
        script(step(&change, "control.sysctl")).contains("> '/proc/sys/net/ipv6/conf/eth0.10/accept_ra' ||")
    );
    assert!(
        step(&change, "control./etc/sysctl.d/zz-pryvctl.conf").why[0].contains("net.ipv6.conf.*.accept_ra")
    );
}

#[test]
fn what_others_mount_without_a_line_gets_none() {
    let (desired, mut state) = wish_of(TMP);
    let mounted = |source: &str, kind: &str| crate::facts::control::mount::Mounted {
        source: source.to_owned(),
        kind: kind.to_owned(),
        options: vec!["rw".to_owned()],
    };
    state.hardening.mounts.insert("/tmp".into(), mounted("pool/tmp", "zfs"));
    state.hardening.mounts.insert("/home".into(), mounted("/dev/vda1", "ext4"));
    let change = planned(&desired, &state);
    assert!(change.steps.iter().all(|step| step.id != "control./etc/fstab"), "{change}");
    assert_eq!(step(&change, "control.mount").why.len(), 2, "what is mounted now is seen to");
    let fstab = "/home.disk /home none bind 0 0\n";
    state.system.files.insert(place::FSTAB.into(), Some(fixture::found(fstab, 0o644)));
    let why = ["a.home: /etc/fstab: /home: bind -> nodev"];
    assert_eq!(step(&planned(&desired, &state), "control./etc/fstab").why, why);
}
