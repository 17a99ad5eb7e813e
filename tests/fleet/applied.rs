//! A plan that was kept does what was read in it, or nothing.

use super::{
    rolling::{NEW, OLD},
    trouble::served,
    world::World,
};

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

const WEB: &str = include_str!("../data/roles/web/compose.yaml");

/// What the role has beside its server.
const MORE: &str = r#"
  files: [{ template: page.j2, path: /etc/page.txt, mode: "0644" }]
  upgrade: { hooks: { before: [{ run: "echo one >>/var/tmp/called" }] } }
"#;

#[test]
fn what_was_read_is_done_or_nothing() {
    let world = World::up("t-applied", INVENTORY);
    let role = |text: &str| world.write("roles/web/compose.yaml", text);
    role(&format!("{WEB}{MORE}"));
    world.write("roles/web/page.j2", "made by hand: no\n");
    world.write("next.yaml", &format!("variables: {{ WEB_VERSION: \"{NEW}\" }}\n{INVENTORY}"));
    let lab = world.lab();
    let apply = |inventory: &str| world.run(&["apply", inventory, "plan.json", &lab, "--yes"]);
    world.run(&["install", "inventory.yaml", &lab, "--yes"]).ends_with(0);
    world
        .run(&["plan", "next.yaml", &lab, "-o", "plan.json"])
        .ends_with(0)
        .says("hook of one: before (on the host, as root, within 60 s): echo one >>/var/tmp/called")
        .says("web: one; 1 first, then at most 1 down at a time");

    // Who could change the file or the role: neither says what runs where.
    apply("inventory.yaml")
        .ends_with(6)
        .says("changed since the plan was made: inventory; nothing was touched");
    world.run(&["apply", "next.yaml", "plan.json", "--yes"]).ends_with(2).says("add --lab=t-applied");
    role(&format!("{WEB}{}", MORE.replace("echo one", "echo two")));
    apply("next.yaml").ends_with(6).says("changed since the plan was made: roles/web; nothing was touched");
    role(&format!("{WEB}{MORE}"));

    // The host is another, and so is the plan.
    world.on("one", "cp -p /etc/page.txt /root/page.txt && echo 'by hand' >>/etc/page.txt");
    apply("next.yaml").ends_with(6).says("changed since the plan was made: one; nothing was touched");
    world.on("one", "cp -p /root/page.txt /etc/page.txt && test ! -e /var/tmp/called");
    assert_eq!(served(&world, "one").version, OLD);

    // What the plan does not rest on may change.
    world.on("one", "docker tag $(docker image ls -q | head -1) unrelated:1");
    apply("next.yaml").ends_with(0).says("one changed");
    assert_eq!(served(&world, "one").version, NEW);
    assert_eq!(world.on("one", "cat /var/tmp/called"), "one\n");

    what_is_kept_is_called_so(&world);
    what_nothing_wants_any_more_goes(&world);
}

/// A file that moves, and a role that wants none any more: what was written for them is known until it is gone.
fn what_nothing_wants_any_more_goes(world: &World) {
    const LIST: &str = "/var/lib/pryvctl/written";
    let lab = world.lab();
    let role = |more: &str| world.write("roles/web/compose.yaml", &format!("{WEB}{more}"));
    let run = |command: &str| world.run(&[command, "next.yaml", &lab, "--yes"]);
    let looked = |what: &str| drop(world.run(&["preflight", "next.yaml", &lab]).says(what));
    let there = |path: &str| world.on("one", &format!("if [ -e {path} ]; then echo there; fi")) == "there\n";

    role(&MORE.replace("/etc/page.txt", "/etc/pages/one/page.txt"));
    run("install").ends_with(0).says("leftover.file./etc/page.txt");
    assert!(!there("/etc/page.txt") && there("/etc/pages/one/page.txt"));
    run("rollback").ends_with(0).says("back.file./etc/page.txt");
    assert!(there("/etc/page.txt") && !there("/etc/pages/one/page.txt"));
    run("install").ends_with(0);
    assert!(!there("/etc/page.txt") && there("/etc/pages/one/page.txt"));

    // Of a host of an older pryvctl we know what the last change wanted; what a killed run left is nobody's.
    world.on("one", &format!("rm {LIST}; touch /etc/pages/one/.pryvctl-new.0123456789abcdef"));
    looked(&format!("no {LIST}"));
    run("install").ends_with(0).says("written.note").says("leftover.half");
    assert!(!there("/etc/pages/one/.pryvctl-new.*"));

    // A list that nobody can read removes nothing; one that names what somebody changed says so.
    let kept = world
        .on("one", &format!("cp {LIST} /root/written; truncate -s -3 {LIST}; cat /etc/pages/one/page.txt"));
    role("");
    run("install").ends_with(0);
    looked(&format!("{LIST} cannot be read: line "));
    world.on("one", &format!("cp /root/written {LIST}; echo 'by hand' >>/etc/pages/one/page.txt"));
    run("install").ends_with(0);
    looked("/etc/pages/one/page.txt: was changed since pryvctl wrote it");
    assert!(there("/etc/pages/one/page.txt"));
    world.feed("one", "cat >/etc/pages/one/page.txt", &kept);
    run("install").ends_with(0).says("leftover.file./etc/pages/one/page.txt");
    assert!(!there("/etc/pages/one/page.txt"));
    run("install").ends_with(0);
    role(MORE);
    // What others have there is kept, through a change by hand too, and comes back with the last of ours.
    let copy = "/var/lib/pryvctl/replaced/etc/page.txt";
    let theirs = |path: &str| world.on("one", &format!("cat {path}; stat -c '%a %u:%g' {path}"));
    world.on("one", "echo theirs >/etc/page.txt; chmod 604 /etc/page.txt; chown 7:8 /etc/page.txt");
    let plan = world.run(&["plan", "next.yaml", &lab]);
    plan.ends_with(0)
        .says(&format!("the file that is there was not written by pryvctl; a copy is kept as {copy}"));
    run("install").ends_with(0);
    world.on("one", "echo 'by hand' >>/etc/page.txt");
    run("install").ends_with(0);
    assert_eq!(theirs(copy), "theirs\n604 7:8\n");
    role("");
    run("install").ends_with(0).says("leftover.original./etc/page.txt");
    assert_eq!(theirs("/etc/page.txt"), "theirs\n604 7:8\n");
    assert!(!there(copy));
    role(MORE);
    run("install").ends_with(0);
    role("");
    // The way out takes along what only an older inventory wanted.
    run("uninstall").ends_with(0).says("leftover.original./etc/page.txt");
    assert_eq!(theirs("/etc/page.txt"), "theirs\n604 7:8\n");
    assert!(!there(LIST) && !there("/var/lib/pryvctl/replaced"));
}

/// Docker calls a stopped container unhealthy, beside the one that serves; and anybody may remove it.
fn what_is_kept_is_called_so(world: &World) {
    let status = || world.run(&["status", "next.yaml", &world.lab()]).ends_with(0);
    let ran = status().says("kept for rollback").says("healthy b");
    assert!(!ran.said().contains("unhealthy"), "{}", ran.said());
    world.on("one", "docker container prune -f");
    let ran =
        status().says("one: `rollback` cannot restore").says("its container trial_web_a no longer exists");
    assert!(!ran.said().contains("kept for rollback"), "{}", ran.said());
}
