//! Hosts that let us in and cannot do what is asked.

use super::{
    direct::Direct,
    snapshot,
    trouble::{HOSTS, calm, forget_images},
    world::World,
};

/// A role no machine is large enough for.
const GREEDY: &str = "
services:
  greedy: { image: '${REGISTRY}/pryvio/core:1.9.2' }
x-pryvctl: { title: A greedy server, needs: { memory: 900GB, cpus: 1 } }
";

/// Docker's data root of one host becomes a filesystem whose size a case can change.
pub fn small_disk(world: &World) {
    let mount = "mount -t tmpfs -o size=4g tmpfs /var/lib/docker";
    world.on("three", &format!("systemctl stop docker.socket docker && {mount} && systemctl start docker"));
}

pub fn registry_password(world: &World) {
    let before = calm(world);
    forget_images(world, "one");
    let inventory = Direct::new(world, "password", &before.now)
        .version("one", &before.next)
        .password("{ env: TRIAL_REGISTRY_PASSWORD }");
    world
        .run_with(&inventory.arguments(), &[("TRIAL_REGISTRY_PASSWORD", "not-this-one")])
        .ends_with(5)
        .says("one failed")
        .says(&format!("/pryvio/core:{}: ", before.next))
        .says("hint: check `registry.username` and the source of `registry.password` in the inventory")
        .says("two unchanged");
    HOSTS.iter().for_each(|host| before.still_serves(world, host));
}

pub fn no_such_image(world: &World) {
    let before = calm(world);
    Direct::new(world, "no-image", &before.next)
        .version("one", "9.9.9")
        .install()
        .ends_with(5)
        .says("one failed")
        .says("/pryvio/core:9.9.9: ")
        .says("hint: check the image's name and version; the registry has no such image")
        .says("two changed");
    before.still_serves(world, "one");
    before.moved_on(world, &["two", "three"]);
    before.converge(world);
}

/// The disk fills after preflight was content: the registry is held while it does.
pub fn disk_full(world: &World) {
    let before = calm(world);
    forget_images(world, "three");
    let inventory = Direct::new(world, "disk-full", &before.next);
    world.docker("pause", "registry");
    let mut run = world.start(&inventory.arguments());
    run.until("three: 1/");
    let used = "df --output=used -k /var/lib/docker | sed 1d";
    world.on("three", &format!("mount -o remount,size=$({used} | tr -d ' ')k /var/lib/docker"));
    world.docker("unpause", "registry");
    let ran = run.finish();
    let ran = ran
        .ends_with(5)
        .says("three failed")
        .says(&format!("/pryvio/core:{}: ", before.next))
        .says("no space left on device")
        .says("hint: free space on the filesystem of Docker's data root")
        .says("one changed");
    drop(ran);
    before.still_serves(world, "three");
    before.moved_on(world, &["one", "two"]);

    let known = Direct::new(world, "disk-full", &before.next).install();
    known.ends_with(4).says("three not-ready").says("/var/lib/docker");
    before.still_serves(world, "three");
    world.on("three", "mount -o remount,size=4g /var/lib/docker");
    before.converge(world);
}

pub fn unhealthy_image(world: &World) {
    let before = calm(world);
    Direct::new(world, "unhealthy", &before.next)
        .version("one", "1.9.3-unhealthy")
        .install()
        .ends_with(5)
        .says("one failed")
        .says("is not healthy: the health check failed")
        .says("last check: exit code 1:")
        .says("log: ")
        .says("hint: fix the image or its configuration, then run again")
        .says("two changed");
    before.still_serves(world, "one");
    before.moved_on(world, &["two", "three"]);
    before.converge(world);
}

/// One host that does not meet its needs, and no host is touched.
pub fn needs_not_met(world: &World) {
    let before = calm(world);
    world.write("roles/greedy/compose.yaml", GREEDY);
    untouched(world, || {
        Direct::new(world, "greedy", &before.next)
            .also("one", "greedy")
            .install()
            .ends_with(4)
            .says("one not-ready")
            .says("memory: found")
            .says("give the host 900.1 GB of memory")
            .says("two left-alone nothing was changed");
    });
    let squatter =
        "perl -MIO::Socket::INET -e '@s = IO::Socket::INET->new(LocalPort=>8080,Listen=>1) or die; sleep'";
    world.on("two", &format!("systemd-run --quiet --unit=squatter {squatter}"));
    world.on(
        "two",
        "timeout 10 sh -c \"until ss -Hltn 'sport = :8080' | grep -q 0.0.0.0:8080; do sleep 0.1; done\"",
    );
    untouched(world, || {
        Direct::new(world, "port", &before.next)
            .install()
            .ends_with(4)
            .says("two not-ready")
            .says("8080/tcp held by perl")
            .says("`ss -lntup 'sport = :8080'` names the process")
            .says("one left-alone nothing was changed");
    });
    world.on("two", "systemctl stop squatter");
    HOSTS.iter().for_each(|host| before.still_serves(world, host));
}

/// Asserts that no host is another afterwards.
fn untouched(world: &World, run: impl FnOnce()) {
    let look = || {
        HOSTS.map(|host| {
            let rest = snapshot::ruleset(world, host) + &snapshot::containers(world, host);
            (snapshot::files(world, host), rest)
        })
    };
    let before = look();
    run();
    for ((before, rest), (after, rest_after)) in before.iter().zip(&look()) {
        assert_eq!(snapshot::difference(before, after), [""; 0]);
        assert_eq!(rest, rest_after);
    }
}

/// An administrator writes in the file at the very moment at which pryvctl begins to.
const MEANWHILE: &str = r#"cat > /usr/local/bin/perl <<'END'
#!/bin/sh
case "$*" in *"put /etc/login.defs "*) rm /usr/local/bin/perl; echo '# by hand' >> /etc/login.defs;; esac
exec /usr/bin/perl "$@"
END
chmod 755 /usr/local/bin/perl; sed -i 's/^UMASK.*/UMASK 022/' /etc/login.defs"#;

/// What somebody writes between the look and the step survives, and what was to be written comes to stand beside it.
pub fn changed_meanwhile(world: &World) {
    world.on("one", MEANWHILE);
    world
        .run(&["harden", "inventory.yaml", &world.lab(), "--yes"])
        .ends_with(0)
        .says("/etc/login.defs: changed since it was looked at; reading the host again to make a new plan");
    let found = world.on("one", "grep -c '^# by hand$' /etc/login.defs; grep '^UMASK' /etc/login.defs");
    assert_eq!(found, "1\nUMASK\t027\n");
    world.on("one", "sed -i '/^# by hand$/d' /etc/login.defs");
}

const UNIT: &str = "/etc/systemd/system/pryvctl-firewall.service";

/// The same with a file that is overwritten as a whole: nobody agreed to lose what was written meanwhile.
pub fn overwritten_meanwhile(world: &World) {
    let by_hand = MEANWHILE.replace("sed -i 's/^UMASK.*/UMASK 022/'", "echo '# drift' >>");
    world.on("one", &by_hand.replace("/etc/login.defs", UNIT));
    let harden = || world.run(&["harden", "inventory.yaml", &world.lab(), "--yes"]);
    harden()
        .ends_with(5)
        .says("one failed")
        .says(&format!("{UNIT}: changed since it was looked at; reading the host again to make a new plan"))
        .says("the host has changed since the plan was made, and you have not confirmed these new steps")
        .says("run the same command again and review the new plan");
    let by_hand = || world.on("one", &format!("grep -c '^# by hand$' {UNIT} || true"));
    assert_eq!(by_hand(), "1\n");
    harden().ends_with(0).says("one changed");
    assert_eq!(by_hand(), "0\n");
}
