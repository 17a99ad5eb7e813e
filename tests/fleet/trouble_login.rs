//! Hosts we do not get into.

use std::{
    fs,
    time::{Duration, Instant},
};

use super::{direct::Direct, trouble::calm, world::World};

/// Long enough for every stage of one host on a busy machine.
const BOUNDED: Duration = Duration::from_secs(60);

pub fn unknown_host_key(world: &World) {
    let (before, file) = (calm(world), world.path("known_hosts").display().to_string());
    let address = format!("{},", world.addresses("one").0);
    let known = fs::read_to_string(world.lab_file("known_hosts")).unwrap();
    let others = known.lines().filter(|line| !line.starts_with(&address)).map(|line| format!("{line}\n"));
    world.write("known_hosts", &others.collect::<String>());

    let inventory = Direct::new(world, "unknown-key", &before.next).known_hosts(&file);
    let address = address.trim_end_matches(',');
    inventory
        .install()
        .ends_with(8)
        .says(&format!("one: host key of {address} is not known: ssh-ed25519 {}", fingerprint(world)))
        .says("hint: compare the fingerprint with `ssh-keygen -lf` on the host's console")
        .says("two changed");
    before.still_serves(world, "one");
    before.moved_on(world, &["two", "three"]);

    let [install @ .., last] = &inventory.arguments()[..] else { unreachable!() };
    world.run(&[install, &["--accept-new-host-keys", last]].concat()).ends_with(0).says("one changed");
    assert!(
        fs::read_to_string(&file).unwrap().lines().any(|line| line.starts_with(address)),
        "nothing learnt"
    );
    inventory.install().ends_with(0).says("one unchanged");
}

pub fn changed_host_key(world: &World) {
    let (now, file) = (calm(world).now, world.path("changed_hosts").display().to_string());
    let [one, two] = ["one", "two"].map(|host| world.addresses(host).0);
    let known = fs::read_to_string(world.lab_file("known_hosts")).unwrap();
    let lines = known.lines().filter(|line| !line.starts_with(&one)).collect::<Vec<_>>();
    let another = lines.iter().find(|line| line.starts_with(&two) && line.contains("ssh-ed25519")).unwrap();
    let changed = format!("{one} {}", another.split_once(' ').unwrap().1);
    world.write("changed_hosts", &format!("# keys\n{changed}\n{}\n", lines.join("\n")));

    let inventory = Direct::new(world, "changed-key", &now).known_hosts(&file);
    let [install @ .., last] = &inventory.arguments()[..] else { unreachable!() };
    world
        .run(&[install, &["--accept-new-host-keys", last]].concat())
        .ends_with(8)
        .says(&format!("one: host key of {one} has changed: {file}:2 has another key than ssh-ed25519"))
        .says("hint: someone may be in the middle; if the host was reinstalled, remove the old key with")
        .says("two unchanged");

    let pinned = |key: &str| {
        let inventory = Direct::new(world, "pinned", &now).known_hosts(&file);
        inventory.ssh("one", &format!("host_key: '{key}'")).run(&["plan"])
    };
    let wrong = "SHA256:uNiVztksCsDhcc0u9e8BrSXGD2TtWsPqZK8tFdqgKwA";
    pinned(wrong)
        .ends_with(8)
        .says(&format!("one: host key ssh-ed25519 {} is not the pinned {wrong}", fingerprint(world)))
        .says("correct `ssh.host_key` in the inventory")
        .says("two unchanged");
    pinned(&fingerprint(world)).ends_with(0).says("one unchanged");
}

pub fn wrong_user(world: &World) {
    let now = calm(world).now;
    let password = fs::read_to_string(world.lab_file("secrets/sudo")).unwrap();
    world.feed("two", "chpasswd", &format!("nosudo:{}\n", password.trim_end()));
    Direct::new(world, "wrong-user", &now)
        .ssh("one", "user: bob")
        .ssh("two", &format!("user: nosudo, {}", sudo_password_file(world)))
        .install()
        .ends_with(8)
        .says("one: login as `bob` refused; tried")
        .says("hint: check `ssh.user` and `ssh.identities`")
        .says("two: `nosudo` is not allowed to become root with sudo")
        .says("hint: as root on the host: `adduser nosudo sudo`")
        .says("three unchanged");
}

pub fn sudo_password(world: &World) {
    let now = calm(world).now;
    Direct::new(world, "sudo", &now)
        .ssh("one", "user: admin, sudo_password: { value: not-this-one }")
        .ssh("two", "user: admin")
        .ssh("three", &format!("user: admin, {}", sudo_password_file(world)))
        .install()
        .ends_with(8)
        .says("one: sudo refused the password of `admin`")
        .says("hint: check the secret behind `ssh.sudo_password`")
        .says("two: sudo asks `admin` for a password, and none is given")
        .says("hint: give `ssh.sudo_password`")
        .says("three unchanged");
}

pub fn nobody_there(world: &World) {
    let (now, begun) = (calm(world).now, Instant::now());
    let (nobody, controller) = (world.in_network(200), world.in_network(1));
    Direct::new(world, "nobody", &now)
        .address("one", &nobody)
        .address("two", &controller)
        .ssh("two", "port: 2")
        .install()
        .ends_with(8)
        .says(&format!("{nobody}:22"))
        .says("one unreachable")
        .says(&format!("two: cannot connect to {controller}:2: Connection refused"))
        .says("hint: the host is up, but nothing listens on port 2: check `ssh.port` and that sshd runs")
        .says("three unchanged");
    assert!(begun.elapsed() < BOUNDED, "{:?}", begun.elapsed());
    // Behind the firewall a wrong port is silent.
    Direct::new(world, "wrong-port", &now)
        .ssh("one", "port: 2")
        .run(&["preflight", "--host", "one"])
        .ends_with(8)
        .says(":2 gave no answer to the TCP connection within 5 s")
        .says("let this machine reach port 2");
}

/// The kernel of a paused host still accepts connections.
pub fn host_that_hangs(world: &World) {
    let before = calm(world);
    world.docker("pause", "one");
    let begun = Instant::now();
    let ran = Direct::new(world, "hanging", &before.now).install();
    let took = begun.elapsed();
    world.docker("unpause", "one");
    ran.ends_with(8)
        .says("one: ")
        .says(":22 gave no answer in the SSH handshake within 10 s")
        .says("hint: something accepts connections but does not speak SSH: a hanging host")
        .says("two unchanged");
    assert!(took < BOUNDED, "{took:?}");
    before.still_serves(world, "one");
}

pub fn sudo_password_file(world: &World) -> String {
    format!("sudo_password: {{ file: {} }}", world.lab_file("secrets/sudo").display())
}

/// What `ssh-keygen` on the host's own console says.
fn fingerprint(world: &World) -> String {
    let line = world.on("one", "ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub");
    line.split_whitespace().nth(1).unwrap().to_owned()
}
