//! Every control there is, on real hosts: set, spoiled by hand one after the other, found, mended, and taken back.

use std::{
    collections::{BTreeMap, BTreeSet},
    thread,
};

use pryvctl::model::control::{Condition, Control, Controls};
use serde_json::Value;

use super::{
    foreign,
    hand::edits,
    snapshot::{self, difference},
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

/// What a virtual machine has and a lab host has not, so that what is said of it can be tried.
const LIKE_A_MACHINE: &str =
    "set -e; mkdir -p /boot/grub; touch /boot/grub/grub.cfg /boot/System.map-1 /etc/security/opasswd
    mount -t tmpfs tmpfs /var/tmp; mount --bind /home /home";

#[test]
fn every_control_is_set_found_mended_and_taken_back() {
    let world = World::up("t-controls", INVENTORY);
    let tried: Vec<BTreeSet<String>> = thread::scope(|both| {
        let hosts = HOSTS.map(|host| both.spawn(|| one_host(&world, host)));
        hosts.into_iter().map(|host| host.join().unwrap()).collect()
    });
    let tried: BTreeSet<String> = tried.into_iter().flatten().collect();
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

fn one_host(world: &World, host: &str) -> BTreeSet<String> {
    world.on(host, LIKE_A_MACHINE);
    foreign::plant(world, host, "theirs");
    let strange = foreign::picture(world, host);
    let before = picture(world, host);

    harden(world, host, &[]);
    assert_eq!(foreign::picture(world, host), strange);
    let tried = spoiled_and_found(world, host);
    assert!(!plan(world, host)["plan"].as_array().unwrap().is_empty());
    harden(world, host, &[]);
    converged(world, host);
    assert_eq!(foreign::picture(world, host), strange);

    harden(world, host, &["--undo"]);
    assert_eq!(foreign::picture(world, host), strange);
    let after = picture(world, host);
    for (what, before) in &before {
        let difference = difference(before, &after[what]);
        assert!(difference.is_empty(), "{what} of {host} after the way back:\n{}", difference.join("\n"));
    }
    tried
}

fn harden(world: &World, host: &str, more: &[&str]) {
    let lab = world.lab();
    world
        .run(&[&["harden", "inventory.yaml", &lab, "--yes", "--window", "20", "--host", host], more].concat())
        .ends_with(0);
}

/// What `plan` says of a host.
fn plan(world: &World, host: &str) -> Value {
    let lab = world.lab();
    let ran = world.run(&["plan", "inventory.yaml", &lab, "--output", "json", "--host", host]).ends_with(0);
    let mut said: Value = serde_json::from_str(&ran.stdout).unwrap();
    said["hosts"][0].take()
}

/// Everything of this level holds, and nothing of it is planned.
#[track_caller]
fn converged(world: &World, host: &str) -> BTreeSet<String> {
    let said = plan(world, host);
    let of = |verdict: &str| -> BTreeSet<String> {
        let controls = said["controls"].as_array().unwrap().iter();
        let those = controls.filter(|control| control["verdict"] == verdict);
        those.map(|control| control["id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(of("fail"), BTreeSet::new(), "on {host}");
    let steps = steps(&said);
    let of_controls = |step: &&str| step.starts_with("control.") || step.starts_with("sshd.");
    assert_eq!(steps.into_iter().find(of_controls), None, "on {host}");
    of("pass")
}

fn steps(said: &Value) -> Vec<&str> {
    said["plan"].as_array().unwrap().iter().map(|step| step["id"].as_str().unwrap()).collect()
}

/// One edit after the other, each of which must show; gives the controls that were tried.
fn spoiled_and_found(world: &World, host: &str) -> BTreeSet<String> {
    let holding = converged(world, host);
    let shipped = Controls::shipped().unwrap();
    for control in shipped.iter().filter(|control| holding.contains(&control.id)) {
        for edit in edits(control) {
            world.on(host, &edit.script);
            let said = plan(world, host);
            let found = said["controls"].as_array().unwrap().iter().find(|one| one["id"] == *control.id);
            let parts = found.unwrap()["parts"].as_array().unwrap();
            let overlooked: Vec<&Value> = parts
                .iter()
                .filter(|part| edit.side.has(part["place"].as_str().unwrap()) && part["fits"] == true)
                .collect();
            assert!(overlooked.is_empty(), "{} on {host}: {overlooked:?} after: {}", control.id, edit.script);
            assert!(steps(&said).contains(&edit.step.as_str()), "{}: no {}", control.id, edit.step);
        }
    }
    holding
}

/// Files, live values, units, packages and rules of a host.
fn picture(world: &World, host: &str) -> BTreeMap<&'static str, Vec<String>> {
    let listed = |script: &str| world.on(host, script).lines().map(str::to_owned).collect();
    BTreeMap::from([
        ("settings", snapshot::settings(world, host)),
        ("kernel parameters", listed("sysctl -a 2>/dev/null | grep '^net\\.ipv[46]\\.'")),
        (
            "units",
            listed(
                "systemctl list-unit-files --no-legend; systemctl list-units --no-legend --plain --type=service,socket,timer | awk '{print $1, $4}'",
            ),
        ),
        ("packages", listed("dpkg-query -W -f '${db:Status-Abbrev} ${Package}\\n'")),
        (
            "mounts",
            listed(
                "findmnt -lno TARGET,OPTIONS /dev/shm; findmnt -lno TARGET,OPTIONS /tmp; findmnt -lno TARGET,OPTIONS /var/tmp; findmnt -lno TARGET,OPTIONS /home",
            ),
        ),
        ("rules", snapshot::ruleset(world, host).lines().map(str::to_owned).collect()),
    ])
}
