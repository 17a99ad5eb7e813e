//! What is declared has to answer: rules of somebody else that drop it are found before anything is changed, and where they
//! come later, or cannot be understood, the port that does not answer fails the run.

use super::world::World;

const INVENTORY: &str = "
platform: silence
domain: silence.example.org
admin_networks: [192.0.2.0/24]
hardening: $NO_PACKAGES
zones: { eu: {} }
roles: roles
hosts:
  a: { address: 192.0.2.11, zone: eu, roles: [web] }
  b: { address: 192.0.2.12, zone: eu, roles: [web], lab: { image: debian13 } }
";

/// As a site writes it that forwards nothing.
const CLOSED: &str = "type filter hook forward priority 0; policy drop; ct state established,related accept;";
/// Nobody can tell from the rule who is meant.
const UNCLEAR: &str = "type filter hook forward priority 0; tcp dport 3000 ip saddr != 198.51.100.77 drop;";

#[test]
fn a_declared_port_that_somebody_elses_rules_drop_is_named() {
    let world = World::up("t-silence", INVENTORY);
    let lab = world.lab();
    let run = |command: &[&str]| world.run(&[command, &["inventory.yaml", &lab]].concat());
    let site = |rules: &str| {
        world.on(
            "a",
            &format!(
                "nft delete table inet site 2>/dev/null; nft 'table inet site {{ chain onward {{ {rules} }}; }}'"
            ),
        );
    };
    let gone = || drop(world.on("a", "nft delete table inet site"));

    site(CLOSED);
    let found = "8080/tcp dropped by table inet site, chain onward, policy drop";
    run(&["preflight"]).ends_with(4).says(found).says("or let pryvctl manage the firewall");
    run(&["install", "--yes"]).ends_with(4).says(found).says("a not-ready").says("b left-alone");
    gone();
    run(&["install", "--yes"]).ends_with(0).says("a: port scan from here and").says("22, 8080 open");

    // Closing doors does not wait for what only keeps a service from answering.
    site(CLOSED);
    let ran = run(&["harden", "--yes"]).ends_with(5);
    ran.says("a silent")
        .says("8080/tcp does not answer here")
        .says(": dropped by table inet site, chain onward, policy drop")
        .says("b unchanged");

    site(UNCLEAR);
    let perhaps = "perhaps dropped by table inet site, chain onward, the rule with handle";
    run(&["preflight"]).ends_with(0).says(perhaps);
    for command in [&["install", "--yes"][..], &["upgrade", "--rolling", "--yes"], &["harden", "--yes"]] {
        let ran = run(command).ends_with(5);
        ran.says("a silent").says("8080/tcp does not answer here and b").says(perhaps).says("b unchanged");
    }
    // With something to change, too.
    world.write("inventory.yaml", &format!("{INVENTORY}variables: {{ WEB_VERSION: 1.9.3 }}\n"));
    let ran = run(&["upgrade", "--rolling", "--yes"]).ends_with(5);
    ran.says("a silent").says(perhaps);
    gone();
    run(&["upgrade", "--rolling", "--yes"]).ends_with(0).says("b changed");
    run(&["install", "--yes"]).ends_with(0).says("a unchanged").says("b unchanged");
}
