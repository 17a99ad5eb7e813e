//! Docker dies in the middle of an upgrade, and systemd starts it again: the run waits for it, and what served serves.

use std::fs;

use super::{
    keeper::{NEW, OLD, inventory, upgrade},
    rolling::{other, what_is_next},
    trouble::served,
    world::{Ran, World},
};

const DOCKERD: &str = "kill -9 $(cat /run/docker.pid)";
const CONTAINERD: &str = "kill -9 $(systemctl show -p MainPID --value containerd)";

pub fn docker_is_killed_on_the_way(world: &World) {
    // Both versions are there from then on, and every upgrade has the same lines.
    for (version, hosts) in [(NEW, "one,three"), (OLD, "one"), (OLD, "three")] {
        upgrade(world, version, &[], &["--host", hosts]).ends_with(0);
    }
    // Waiting is begun anew. A start is taken back, and the host with it; but if nothing had been said to the dead dockerd yet,
    // systemd holds its socket, and the new one makes the start.
    for (host, program, step, codes) in [
        ("one", DOCKERD, "service.web.healthy", [0, 0]),
        ("one", DOCKERD, "service.web.start", [0, 5]),
        ("three", CONTAINERD, "service.web.healthy", [0, 5]),
        ("three", CONTAINERD, "service.web.start", [5, 5]),
    ] {
        killed(world, host, program, step, codes);
    }
    for host in ["one", "three"] {
        assert_eq!(served(world, host).version, OLD);
    }
}

/// Kills before a step; the host ends at the new version or at the old one, and the next run arrives.
fn killed(world: &World, host: &str, program: &str, step: &str, codes: [i32; 2]) {
    // systemd gives a unit up that is killed too often.
    world.on(host, "systemctl reset-failed docker containerd");
    let before = served(world, host);
    let next = other(&before.version);
    let kill = format!("docker exec {} sh -c '{program}'", world.container(host));
    let line = line_of(world, host, step).to_string();
    inventory(world, next).run(&["validate"]).ends_with(0);
    let arguments = ["upgrade", "--rolling", "--yes", "--host", host, "keeper.yaml"];
    let ran = world.run_with(&arguments, &[("PRYVCTL_FAIL_AT", &line), ("PRYVCTL_FAIL_DO", &kill)]);
    assert!(codes.contains(&ran.code), "{program} before {step}: {}\n{}", ran.code, ran.said());
    if ran.code == 0 {
        assert_eq!(served(world, host).version, next, "{program} before {step}");
    } else {
        let ran = ran.says(&format!("{host} went-back")).says("the previous containers serve again");
        assert_eq!(served(world, host), before, "{program} before {step}:\n{}", ran.said());
    }
    converges(world, host, next);
}

fn converges(world: &World, host: &str, version: &str) -> Ran {
    let ran = upgrade(world, version, &[], &["--host", host]).ends_with(0);
    assert_eq!(served(world, host).version, version);
    ran
}

/// The line of a step in the journal of a whole upgrade of one host, among those that say what is done next; the next
/// upgrade of it has the same lines.
fn line_of(world: &World, host: &str, step: &str) -> usize {
    let journal = fs::read_to_string(world.path("journal.jsonl")).unwrap();
    let lines = what_is_next(&journal);
    let of_step = |line: &&serde_json::Value| line["id"] == step && line["host"] == host;
    let last = lines.iter().rev().find(of_step).unwrap_or_else(|| panic!("{step} is in no line"));
    let mut run = lines.iter().filter(|line| line["run"] == last["run"]);
    run.position(|line| line == last).unwrap() + 1
}
