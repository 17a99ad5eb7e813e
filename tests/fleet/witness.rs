//! What the hosts keep of a journal: whoever makes a new chain on the controller is found by them.

use std::fs;

use super::world::World;

const INVENTORY: &str = "
platform: witness
domain: witness.test
admin_networks: [192.0.2.0/24]
hardening: $NO_PACKAGES
roles: roles
zones: { z: {} }
hosts:
  one: { address: 192.0.2.1, zone: z, roles: [web] }
";

const KEPT: &str = "/var/log/pryvctl/journal";

#[test]
fn a_journal_that_was_made_anew_no_longer_fits_what_hosts_keep() {
    let world = World::up("witness", INVENTORY);
    let lab = world.lab();
    let path = world.path("journal.jsonl");
    world.run(&["plan", "inventory.yaml", &lab]).ends_with(0);
    world.on("one", &format!("! test -e {KEPT}"));
    world.run(&["harden", "inventory.yaml", &lab, "--yes"]).ends_with(0);
    let whole = fs::read_to_string(&path).unwrap();
    for what in ["lab", "begun", "anchored", "step", "step-ended", "finished", "ended"] {
        assert!(whole.contains(&format!("\"what\":\"{what}\"")), "{what}: {whole}");
    }
    assert!(whole.contains("\"lab\":\"witness\""), "{whole}");
    let audit = |code| world.run(&["audit", "inventory.yaml", &lab]).ends_with(code);
    let kept = world.on("one", &format!("stat -c '%a %U %s %Y' {KEPT}; cat {KEPT}"));
    assert!(kept.starts_with("600 root"), "{kept}");
    audit(0)
        .says("the hash chain is intact")
        .says("signed 1 times with the key SHA256:")
        .says("keeps the end of this journal, stored 2 times with the SSH key SHA256:");
    assert_eq!(world.on("one", &format!("stat -c '%a %U %s %Y' {KEPT}; cat {KEPT}")), kept, "looking wrote");

    // The chain alone is sound in each of these.
    let lines: Vec<&str> = whole.lines().collect();
    let told = lines.iter().rposition(|line| line.contains("\"anchored\"")).unwrap();
    for text in [lines[..told - 1].join("\n") + "\n", String::new()] {
        fs::write(&path, text).unwrap();
        world.run(&["audit"]).ends_with(0);
        audit(6).says("one keeps that run").says("was cut, written anew or replaced");
    }
    fs::remove_file(&path).unwrap();
    audit(6);
    world.on("one", "nft delete table inet pryvctl");
    world.run(&["harden", "inventory.yaml", &lab, "--yes"]).ends_with(0);
    world.run(&["audit"]).ends_with(0);
    audit(6).says("one keeps that run");
    fs::write(&path, &whole).unwrap();

    // A host whose log somebody emptied does not keep what it was told.
    world.on("one", &format!(": >{KEPT}"));
    audit(6).says("says that one stored a copy of the journal's end, but one has no such copy");

    // A journal that nobody can write is no reason to stop halfway, and none to call it done.
    world.on("one", "nft delete table inet pryvctl");
    let full = world.run(&["harden", "inventory.yaml", &lab, "--yes", "--journal", "/dev/full"]).ends_with(5);
    full.says("could not be written").says("steps applied and verified");
}
