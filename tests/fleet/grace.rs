//! Whoever stops a container, it gets the time its role asks for: here 30 s, of which it takes 12, more than Docker's 10.

use super::world::World;

const ROLE: &str = r#"
services:
  keeper:
    image: ${REGISTRY}/pryvio/core:1.9.2
    entrypoint: [sh, -c]
    command:
      - "trap 'sleep 12; echo ended >>/data/log; exit' TERM; echo begun >>/data/log; while :; do sleep 0.2; done"
    volumes: ["/var/lib/keeper:/data"]
    healthcheck: { test: [CMD, test, -f, "/data/${FILE}"], interval: 1s, timeout: 1s, retries: 1 }
    stop_grace_period: 30s
x-pryvctl:
  title: It takes its time to end
  needs: { memory: 100MB, cpus: 1 }
  variables: { FILE: log }
  folders: [{ path: /var/lib/keeper, uid: 9999, gid: 9999 }]
"#;

const INVENTORY: &str = "
platform: trial
domain: trial.example.org
admin_networks: [192.0.2.0/24]
hardening: $NO_PACKAGES
zones: { eu: {} }
roles: roles
hosts:
  one: { address: 192.0.2.11, zone: eu, roles: [web] }
";

/// What its containers wrote: one that was killed has no line at its end.
fn log(world: &World) -> String {
    world.on("one", "cat /var/lib/keeper/log").split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn every_stop_takes_the_time_of_the_role() {
    let world = World::up("t-grace", INVENTORY);
    let with_keeper = INVENTORY.replace("[web]", "[web, keeper]");
    world.write("roles/keeper/compose.yaml", ROLE);
    world.write("with.yaml", &with_keeper);
    let lab = world.lab();
    let install = |inventory: &str| world.run(&["install", inventory, &lab, "--yes"]);
    install("with.yaml").ends_with(0);
    assert_eq!(log(&world), "begun");

    // Docker's own stop, which knows only what the container was made with.
    world.on("one", "docker restart trial_keeper_a");
    assert_eq!(log(&world), "begun ended begun");

    // The old one makes room; the new one is never healthy and is taken back; the old one comes back.
    world.write("ill.yaml", &format!("variables: {{ FILE: missing }}\n{with_keeper}"));
    install("ill.yaml").ends_with(5).says("trial_keeper_b is not healthy");
    assert_eq!(log(&world), "begun ended begun ended begun ended begun");
    install("with.yaml").ends_with(0);

    // A run is killed while the old one takes its time: it is healthy until it ends, and nobody starts it again.
    let dies = [
        ("PRYVCTL_FAIL_INSIDE", "service.keeper.stop"),
        ("PRYVCTL_FAIL_AFTER_MS", "2000"),
        ("PRYVCTL_FAIL_DO", "kill -9 $PPID"),
    ];
    world.run_with(&["install", "ill.yaml", &lab, "--yes"], &dies);
    install("with.yaml").ends_with(0);
    world.on("one", "sleep 14");
    assert_eq!(world.on("one", "docker ps -q --filter label=pryvctl.service=keeper | wc -l").trim(), "1");
    assert!(log(&world).ends_with("ended begun"));
    world.on(
        "one",
        "docker exec $(docker ps -q --filter label=pryvctl.service=keeper) sh -c 'echo begun >/data/log'",
    );

    // Nobody wants it any more, so no inventory says how long it may take.
    install("inventory.yaml").ends_with(0);
    assert_eq!(log(&world), "begun ended");
    world.run(&["rollback", "with.yaml", &lab, "--yes"]).ends_with(0);
    assert!(log(&world).ends_with("ended begun"));
    world.run(&["uninstall", "inventory.yaml", &lab, "--yes"]).ends_with(0);
    assert_eq!(log(&world), "begun ended begun ended");
}
