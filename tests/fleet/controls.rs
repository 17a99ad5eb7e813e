//! Every control there is, on real hosts: set, spoiled by hand one after the other, found, mended, and taken back.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, thread,
};

use pryvctl::model::control::{Condition, Control, Controls};
use serde_json::Value;

use super::{
    foreign,
    hand::edits,
    snapshot::{self, difference},
    tenth::Tenth,
    world::World,
};

const INVENTORY: &str = "
platform: controls
domain: controls.example.org
admin_networks: [192.0.2.0/24]
hardening: { level: 2 }
zones: { eu: {} }
roles: roles
hosts:
  a: { address: 192.0.2.11, zone: eu, roles: [web], lab: { image: debian12 } }
  b: { address: 192.0.2.12, zone: eu, roles: [web], lab: { image: debian13 } }
";
const HOSTS: [&str; 2] = ["a", "b"];

/// How a run ends where something is not as it must be.
const DRIFT: i32 = 6;

/// What a virtual machine has and a lab host has not, so that what is said of it can be tried.
const LIKE_A_MACHINE: &str =
    "set -e; mkdir -p /boot/grub; touch /boot/grub/grub.cfg /boot/System.map-1 /etc/security/opasswd
    (umask 077; touch /etc/ssh/ssh_host_spare_key)
    mount -t tmpfs tmpfs /var/tmp
    mount --bind /home /home; echo '/home /home none bind 0 0' >> /etc/fstab; systemctl daemon-reload
    install -d -m 755 -o admin /home.away '/home/with a blank'; ln -s /home.away /home/linked";

/// Docker takes up what is said to it when it starts. A rule of its own for userland-proxy it leaves to the next boot.
const AS_AFTER_A_BOOT: &str = r#"systemctl restart docker
    nft -a list chain ip nat POSTROUTING | sed -n 's/.*"docker0" fib saddr type local.* handle \([0-9]*\)$/\1/p' |
    xargs -rn1 nft delete rule ip nat POSTROUTING handle"#;

/// What a host is like, by what is listed.
type Picture = BTreeMap<&'static str, Vec<String>>;

#[test]
#[ignore = "some 250 edits on two hosts, one by one; `make trials` runs it"]
fn every_control_is_set_found_mended_and_taken_back() {
    let world = World::up("t-controls", INVENTORY);
    let mut tried: BTreeSet<String> = on_both(|host| one_host(&world, host)).into_iter().flatten().collect();
    world.write("inventory.yaml", &INVENTORY.replace("level: 2", "level: 1"));
    let more = on_both(|host| replaced_at_level_2(&world, host, &tried));
    tried.extend(more.into_iter().flatten());
    up_and_down_again(&world);

    let shipped = Controls::shipped().unwrap();
    // A container has the kernel of the machine below it.
    let of_the_kernel = |control: &&Control| control.when.contains(&Condition::Machine);
    let missing: Vec<&str> = shipped
        .iter()
        .filter(|control| !of_the_kernel(control) && !tried.contains(&control.id))
        .map(|control| control.id.as_str())
        .collect();
    println!("{} controls spoiled by hand, found and mended", tried.len());
    assert!(missing.is_empty(), "never tried: {missing:?}");
}

/// One that is there at level 1 only is not tried by itself.
#[test]
fn a_tenth_of_the_controls_is_set_found_and_mended() {
    let tenth = Tenth::of_this_commit();
    let shipped = Controls::shipped().unwrap();
    let ids: Vec<&str> = shipped.iter().map(|control| control.id.as_str()).collect();
    let turn: BTreeSet<&str> = tenth.of(ids.iter().copied()).collect();
    let others: BTreeSet<String> =
        ids.iter().filter(|id| !turn.contains(*id)).map(|id| (*id).to_owned()).collect();
    let world = World::up("t-controls-tenth", INVENTORY);
    world.write("inventory.yaml", &INVENTORY.replace("level: 2", &format!("level: 2{}", without(&turn))));
    on_both(|host| {
        world.on(host, LIKE_A_MACHINE);
        harden(&world, host, &[]);
        let tried = spoiled_and_found(&world, host, &others);
        harden(&world, host, &[]);
        assert!(held(&report(&world, host, 0)).into_keys().collect::<BTreeSet<_>>().is_superset(&tried));
        println!("on {host}: {tried:?}");
    });
}

/// Leaves out what apt would take its time for, but for these.
fn without(turn: &BTreeSet<&str>) -> String {
    let shipped = Controls::shipped().unwrap();
    let install = shipped.iter().filter(|control| control.kind.packages().is_some());
    let skip = install.filter(|control| !turn.contains(control.id.as_str()));
    let skip = skip.map(|control| format!("{{ control: {}, reason: not its turn }}", control.id));
    format!(", skip: [{}]", skip.collect::<Vec<_>>().join(", "))
}

fn on_both<T: Send>(on: impl Fn(&'static str) -> T + Sync) -> [T; 2] {
    thread::scope(|both| HOSTS.map(|host| both.spawn(|| on(host))).map(|host| host.join().unwrap()))
}

fn one_host(world: &World, host: &str) -> BTreeSet<String> {
    world.on(host, LIKE_A_MACHINE);
    foreign::plant(world, host, "theirs");
    let strange = foreign::picture(world, host);
    let before = picture(world, host);
    let found = values(&report(world, host, DRIFT));

    harden(world, host, &[]);
    assert_eq!(foreign::picture(world, host), strange);
    harden(world, host, &["--undo"]);
    assert_eq!(foreign::picture(world, host), strange);
    world.on(host, AS_AFTER_A_BOOT);
    let after = picture(world, host);
    let left: Vec<String> = differences(&before, &after).collect();
    assert!(left.is_empty(), "on {host} after the way back:\n{}", left.join("\n"));

    world.on(host, "docker start sleeper");
    let strange = foreign::picture(world, host);
    harden(world, host, &[]);
    let tried = spoiled_and_found(world, host, &BTreeSet::new());
    harden(world, host, &[]);
    assert_eq!(held(&report(world, host, 0)).into_keys().collect::<BTreeSet<_>>(), tried);
    assert_eq!(foreign::picture(world, host), strange);

    // What a hand did in between is nothing to come back to.
    harden(world, host, &["--undo"]);
    assert_eq!(foreign::picture(world, host), strange);
    let left = difference(&found, &values(&report(world, host, DRIFT)));
    assert!(left.is_empty(), "on {host} after the second way back:\n{}", left.join("\n"));
    tried
}

/// A control in whose place level 2 puts another one is there at level 1 only.
fn replaced_at_level_2(world: &World, host: &str, tried: &BTreeSet<String>) -> BTreeSet<String> {
    harden(world, host, &[]);
    let more = spoiled_and_found(world, host, tried);
    harden(world, host, &[]);
    assert!(held(&report(world, host, 0)).into_keys().collect::<BTreeSet<_>>().is_superset(&more));
    more
}

/// What level 2 has and level 1 has not goes back by itself. The record of originals knows more by then.
fn up_and_down_again(world: &World) {
    let at_level_1 = |host| {
        world.on(host, AS_AFTER_A_BOOT);
        picture(world, host)
    };
    let before = on_both(at_level_1);
    for level in ["level: 2", "level: 1"] {
        world.write("inventory.yaml", &INVENTORY.replace("level: 2", level));
        on_both(|host| harden(world, host, &[]));
    }
    let after = on_both(at_level_1);
    for ((host, before), after) in HOSTS.into_iter().zip(&before).zip(&after) {
        let left: Vec<String> =
            differences(before, after).filter(|line| !line.contains("/var/lib/pryvctl/originals")).collect();
        assert!(left.is_empty(), "on {host} after level 2:\n{}", left.join("\n"));
    }
}

/// What differs between two pictures, but for what packages leave.
fn differences<'a>(before: &'a Picture, after: &'a Picture) -> impl Iterator<Item = String> + 'a {
    let lines = before.iter().flat_map(|(what, before)| {
        difference(before, &after[what]).into_iter().map(move |line| format!("{what}: {line}"))
    });
    lines.filter(|line| !is_account_of_a_package(line))
}

/// As the step that removes packages says, accounts that they made stay.
fn is_account_of_a_package(line: &str) -> bool {
    let Some(entry) = line.strip_prefix("accounts: + ") else { return false };
    let number = entry.split(':').nth(2).and_then(|number| number.parse::<u32>().ok());
    number.is_some_and(|number| (100..1000).contains(&number))
}

fn harden(world: &World, host: &str, more: &[&str]) {
    let lab = world.lab();
    world
        .run(&[&["harden", "inventory.yaml", &lab, "--yes", "--window", "60", "--host", host], more].concat())
        .ends_with(0);
}

/// What `plan` says of a host.
fn plan(world: &World, host: &str) -> Value {
    let lab = world.lab();
    let ran = world.run(&["plan", "inventory.yaml", &lab, "--output", "json", "--host", host]).ends_with(0);
    let mut said: Value = serde_json::from_str(&ran.stdout).unwrap();
    said["hosts"][0].take()
}

/// What every control comes to; the run ends with this code.
fn report(world: &World, host: &str, code: i32) -> Vec<Value> {
    let lab = world.lab();
    let ask = ["harden", "inventory.yaml", &lab, "--report", "--output", "json", "--host", host];
    let mut said: Value = serde_json::from_str(&world.run(&ask).ends_with(code).stdout).unwrap();
    serde_json::from_value(said["hosts"][0]["controls"].take()).unwrap()
}

/// What is seen where, a line for each thing that a control looks at. Logs come into being all the time.
fn values(report: &[Value]) -> Vec<String> {
    let parts = report.iter().flat_map(|control| control["parts"].as_array().unwrap());
    let parts = parts.filter(|part| !part["place"].as_str().unwrap().starts_with("/var/log/"));
    parts.map(|part| without_counted_size(&format!("{}: {}", part["place"], part["found"]))).collect()
}

/// The kernel counts its memory anew at times, and names the size of a tmpfs once that is not half of it any more.
fn without_counted_size(line: &str) -> String {
    let around = |(before, after): (&str, &str)| {
        let (size, rest) = after.split_once('k')?;
        let meminfo = fs::read_to_string("/proc/meminfo").unwrap();
        let half = meminfo.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 2;
        let counted = size.parse::<u64>().ok()?.abs_diff(half) < half / 100;
        counted.then(|| format!("{before}{rest}"))
    };
    line.split_once(",size=").and_then(around).unwrap_or_else(|| line.to_owned())
}

/// The places of every control that holds, by its id.
fn held(report: &[Value]) -> BTreeMap<String, Vec<String>> {
    let places = |control: &Value| {
        let parts = control["parts"].as_array().unwrap().iter();
        parts.map(|part| part["place"].as_str().unwrap().to_owned()).collect()
    };
    let held = report.iter().filter(|control| control["verdict"] == "pass");
    held.map(|control| (control["id"].as_str().unwrap().to_owned(), places(control))).collect()
}

/// The lines that say why a step is planned.
fn reasons(plan: &Value, step: &str) -> Vec<String> {
    let steps = plan["plan"].as_array().unwrap().iter();
    let why = steps.filter(|found| found["id"] == *step).flat_map(|found| found["why"].as_array().unwrap());
    why.map(|line| line.as_str().unwrap().to_owned()).collect()
}

/// One edit after the other, each of which must show with everything it spoiled; gives the controls that were tried, all
/// that hold but those that were tried before.
fn spoiled_and_found(world: &World, host: &str, before: &BTreeSet<String>) -> BTreeSet<String> {
    let mut holding = held(&report(world, host, 0));
    holding.retain(|id, _| !before.contains(id));
    let shipped = Controls::shipped().unwrap();
    let tried = shipped.iter().filter_map(|control| Some((control, holding.get(&control.id)?)));
    // What a package brought is tried while it is there.
    let (packages, others): (Vec<_>, Vec<_>) =
        tried.partition(|(control, _)| control.kind.packages().is_some());
    for (control, places) in others.into_iter().chain(packages) {
        for edit in edits(control) {
            world.on(host, &edit.script);
            let said = reasons(&plan(world, host), &edit.step);
            let overlooked: Vec<&String> = places
                .iter()
                .filter(|place| edit.side.has(place))
                .filter(|place| !said.iter().any(|line| line.contains(&format!("{place}: "))))
                .collect();
            assert!(
                overlooked.is_empty(),
                "{} on {host}: {overlooked:?} in {} after: {}\n{}",
                control.id,
                edit.step,
                edit.script,
                said.join("\n")
            );
        }
    }
    holding.into_keys().collect()
}

/// Files, live values, units, packages and rules of a host.
fn picture(world: &World, host: &str) -> Picture {
    let listed = |script: &str| world.on(host, script).lines().map(without_counted_size).collect();
    BTreeMap::from([
        ("settings", snapshot::settings(world, host)),
        (
            "kernel parameters",
            listed(
                "sysctl -a 2>/dev/null | grep -E '^net\\.ipv[46]\\.' | grep -vE '\\.(conf|neigh)\\.(docker|veth|br-)'",
            ),
        ),
        (
            "units",
            listed(
                "systemctl list-unit-files --no-legend; systemctl list-units --no-legend --plain --type=service,socket,timer | awk '{print $1, $4}'",
            ),
        ),
        ("accounts", listed("cat /etc/passwd /etc/group")),
        ("packages", listed("dpkg-query -W -f '${db:Status-Abbrev} ${Package}\\n'")),
        (
            "mounts",
            listed("for at in /dev/shm /tmp /var/tmp /home /proc; do findmnt -lno TARGET,OPTIONS $at; done"),
        ),
        ("rules", snapshot::ruleset(world, host).lines().map(str::to_owned).collect()),
    ])
}
