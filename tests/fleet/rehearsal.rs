//! A rehearsal stays in the lab: what production's hooks would do is said and not done, and its secrets are not there.

use std::fs;

use super::world::World;

const SECRET: &str = "a secret of production 4711";

const INVENTORY: &str = "
platform: rehearsal
domain: rehearsal.test
admin_networks: [192.0.2.0/24]
hardening: $NO_PACKAGES
roles: roles
secrets: { word: { file: word }, said: { env: REHEARSAL_WORD } }
zones: { z: {} }
hosts:
  one: { address: 192.0.2.1, zone: z, roles: [hooked] }
";

const ROLE: &str = r#"
services:
  web:
    image: ${REGISTRY}/pryvio/core:1.9.2
    ports: ["8080:3000"]
    networks: [frontend]
    volumes: ["/var/pryv/hooked:/hooked:ro"]
    healthcheck: { test: ["CMD", "wget", "-qO-", "http://127.0.0.1:3000/status"], interval: 1s, timeout: 5s, retries: 9 }
    deploy: { update_config: { order: start-first, monitor: 0s } }
networks: { frontend: {} }
x-pryvctl:
  title: A role whose hooks reach out
  needs: { memory: 100MB, cpus: 1 }
  open: [8080/tcp]
  secrets: [word, said]
  files: [{ template: secret.j2, path: /var/pryv/hooked/secret, mode: "0600" }]
  upgrade:
    hooks:
      before:
        - { run: "touch $FOLDER/production", on: controller }
        - { run: "echo $PRYVCTL_LAB >$FOLDER/asked-for", on: controller, lab: true }
        - { haproxy: { socket: "$FOLDER/no-such-socket", server: "web/{host}" }, on: controller }
        - { haproxy: { socket: "192.0.2.99:9999", server: "web/{host}" } }
        - { run: "echo $PRYVCTL_LAB >/run/hooked" }
      after:
        - { run: "touch $FOLDER/production", on: controller }
"#;

#[test]
fn no_hook_and_no_secret_of_production_is_in_a_rehearsal() {
    let world = World::up("rehearsal", &INVENTORY.replace("hooked", "web"));
    let lab = world.lab();
    world.write("inventory.yaml", INVENTORY);
    let role = ROLE.replace("$FOLDER", &world.path("").display().to_string());
    world.write("roles/hooked/compose.yaml", &role);
    world.write("roles/hooked/secret.j2", "{{ secrets.word | line }}\n{{ secrets.said | line }}\n");
    world.write("word", SECRET);
    let said = [("REHEARSAL_WORD", SECRET)];
    world.run_with(&["install", "inventory.yaml", &lab, "--yes"], &said).ends_with(0);
    world.write("roles/hooked/compose.yaml", &role.replace("core:1.9.2", "core:1.9.3"));
    let ran = world.run_with(&["upgrade", "inventory.yaml", &lab, "--rolling", "--yes"], &said).ends_with(0);
    assert!(!world.path("production").exists(), "a hook of production was called: {}", ran.said());
    let ran = ran.says("before: touch").says("after: touch").says("HAProxy web/{host}");
    assert_eq!(ran.said().matches("not called, because this is a lab").count(), 4, "{}", ran.said());
    assert_eq!(fs::read_to_string(world.path("asked-for")).unwrap(), "1\n");
    assert_eq!(world.on("one", "cat /run/hooked"), "1\n");
    // It was looked for where it would be, and everywhere else a role may write.
    let search =
        format!("grep -raFl '{SECRET}' /etc /root /run /var/pryv /var/lib/pryvctl 2>/dev/null || true");
    assert_eq!(world.on("one", &search), "");
    assert_eq!(world.on("one", "wc -l </var/pryv/hooked/secret"), "2\n");
    let journal = fs::read_to_string(world.path("journal.jsonl")).unwrap();
    assert_eq!(journal.matches("\"what\":\"hook-left\"").count(), 4, "{journal}");

    world.run_with(&["install", "inventory.yaml", &lab, "--real-secrets", "--yes"], &said).ends_with(0);
    assert_eq!(world.on("one", &search), "/var/pryv/hooked/secret\n");
    world.run(&["install", "inventory.yaml", "--real-secrets", "--yes"]).ends_with(2);
}
