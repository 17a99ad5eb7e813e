//! Never locked out: what cuts the login is taken back by the host itself, whatever happens to us meanwhile.

use std::{
    fmt::Write as _,
    fs,
    net::{SocketAddr, TcpStream},
    process::Command,
    thread,
    time::{Duration, Instant},
};

use super::{
    break_glass::{NO_SECOND_WAY, passwords_go_only_beside_a_second_way},
    guard_by_hand::{a_key_that_comes_too_late, a_login_that_sshd_refuses, an_arming_that_fails, keys},
    lockout::Place,
    lockout_moved,
    world::World,
};

const INVENTORY: &str = "
platform: guard
domain: guard.example.org
admin_networks: [192.0.2.0/24]
zones: { eu: {} }
roles: roles
hosts:
  a: { address: 192.0.2.11, zone: eu, roles: [web], lab: { image: debian12, bare: true } }
  b: { address: 192.0.2.12, zone: eu, roles: [web], lab: { image: debian13, bare: true } }
";
const HOSTS: [&str; 2] = ["a", "b"];
/// The second way in of an inventory that names hosts of a lab itself.
pub const CONSOLE: &str = "break_glass: { console: docker exec }";
/// None of ours.
const WRONG: &str = "198.51.100.0/24";
/// Half of it is for new logins, with sudo and over both families, while other labs boot.
pub const WINDOW: Duration = Duration::from_secs(24);
/// Long enough for a container to boot on a busy machine.
pub const BOOT: Duration = Duration::from_secs(90);

#[test]
fn no_change_locks_us_out() {
    let world = World::up("t-guard", INVENTORY);
    let before = HOSTS.map(|host| access(&world, host));
    let unchanged = || assert_eq!(HOSTS.map(|host| access(&world, host)), before);
    open_from_elsewhere(&world, true);

    what_cannot_be_taken_back_is_not_begun(&world);
    unchanged();
    passwords_go_only_beside_a_second_way(&world, "right.yaml");
    unchanged();
    a_wrong_admin_network(&world);
    unchanged();
    a_fourth_key(&world);
    a_key_that_comes_too_late(&world, "a");
    unchanged();
    thread::scope(|both| {
        both.spawn(|| a_login_that_sshd_refuses(&world, "a"));
        both.spawn(|| a_cut_link(&world, "b"));
    });
    unchanged();
    let table = a_killed_controller_and_a_restarted_host(&world);
    unchanged();
    thread::scope(|both| {
        both.spawn(|| without_the_guard(&world, "a", &table));
        both.spawn(|| a_run_inside_the_window_of_a_killed_one(&world, "b"));
    });
    a_good_change(&world);
    let world = &world;
    thread::scope(|both| {
        for host in HOSTS {
            both.spawn(move || lockout_moved::moves(Place { world, host }));
        }
    });
}

/// A host may be late by this: 5 s, and more the busier the machine is, on which other platforms of the tests boot meanwhile.
pub fn late() -> Duration {
    let load = fs::read_to_string("/proc/loadavg").unwrap();
    let load: f32 = load.split(' ').next().unwrap().parse().unwrap();
    let cores = u16::try_from(thread::available_parallelism().unwrap().get()).unwrap();
    Duration::from_secs(5).mul_f32((load / f32::from(cores)).clamp(1.0, 6.0))
}

/// The files, units and rules that decide who may log in.
pub fn access(world: &World, host: &str) -> String {
    world.on(
        host,
        "nft list tables; nft -s list table inet pryvctl 2>/dev/null | sed '/set ssh_rate/,/^\\t}/d'
         find /etc/ssh /etc/pryvctl /etc/systemd/system ! -type d -printf '%p %m %U:%G %s %T@ %l\\n' 2>/dev/null | sort
         cat /etc/ssh/sshd_config /etc/ssh/sshd_config.d/* 2>/dev/null
         systemctl --no-legend --plain list-unit-files 'pryvctl*'; systemctl is-active pryvctl-guard.timer
         ls -A /var/lib/pryvctl/guard 2>/dev/null; true",
    )
}

/// Whether a new login works, with the ssh that everybody has.
pub fn logs_in(world: &World, host: &str) -> bool {
    logs_in_at(world, host, 22)
}

/// Whether one works at this port; the host's key is the same at each.
pub fn logs_in_at(world: &World, host: &str, port: u16) -> bool {
    let (address, _) = world.addresses(host);
    let known = format!("UserKnownHostsFile={}", world.lab_file("known_hosts").display());
    let mut ssh = Command::new("ssh");
    ssh.args(["-o", "BatchMode=yes", "-o", "ConnectTimeout=2", "-o", &known]);
    ssh.args(["-o", &format!("HostKeyAlias={address}"), "-p", &port.to_string(), "-i"]);
    ssh.arg(world.lab_file("id_ed25519")).args(["-l", "root", &address, "true"]);
    ssh.output().unwrap().status.success()
}

fn connects(world: &World, host: &str) -> bool {
    let address: SocketAddr = format!("{}:22", world.addresses(host).0).parse().unwrap();
    TcpStream::connect_timeout(&address, Duration::from_secs(1)).is_ok()
}

/// Waits until it holds; gives how long that took.
#[track_caller]
pub fn until(longest: Duration, what: impl Fn() -> bool) -> Duration {
    until_or(longest, what, String::new)
}

/// The same; where it does not come to hold, it is said what may tell why.
#[track_caller]
pub fn until_or(longest: Duration, what: impl Fn() -> bool, why: impl Fn() -> String) -> Duration {
    let start = Instant::now();
    while !what() {
        assert!(start.elapsed() < longest, "not within {longest:?} {}", why());
        thread::sleep(Duration::from_millis(200));
    }
    start.elapsed()
}

/// Writes an inventory that names some of the lab's hosts by their addresses.
pub fn inventory(world: &World, file: &str, networks: &str, hosts: &[(&str, String)]) {
    let lab = |file: &str| world.lab_file(file).display().to_string();
    let (key, known) = (lab("id_ed25519"), lab("known_hosts"));
    let mut text = format!(
        "platform: guard\ndomain: guard.example.org\nadmin_networks: [{networks}]\nzones: {{ eu: {{}} }}\nhardening: $NO_PACKAGES\n\
         roles: roles\nregistry: {{ address: registry.example.org }}\n{CONSOLE}\n\
         ssh: {{ identities: [{key}], known_hosts: {known} }}\nhosts:\n"
    );
    for (host, address) in hosts {
        writeln!(text, "  {host}: {{ address: '{address}', zone: eu, roles: [web] }}").unwrap();
    }
    world.write(file, &text);
}

fn by_v4<'a>(world: &World, hosts: &[&'a str]) -> Vec<(&'a str, String)> {
    hosts.iter().map(|host| (*host, world.addresses(host).0)).collect()
}

pub fn harden(file: &str) -> [&str; 5] {
    ["harden", file, "--yes", "--window", "24s"]
}

/// A host whose sshd would refuse, and one whose disk has no room for the way back.
fn what_cannot_be_taken_back_is_not_begun(world: &World) {
    inventory(world, "right.yaml", &gateways(world), &by_v4(world, &HOSTS));
    world.on("a", "echo 'NoSuchWord yes' > /etc/ssh/sshd_config.d/50-foreign.conf");
    let ran = world.run(&harden("right.yaml")).ends_with(4);
    ran.says("a: failure sshd: found unreadable: /etc/ssh/sshd_config.d/50-foreign.conf")
        .says("b left-alone");
    world.on("a", "rm /etc/ssh/sshd_config.d/50-foreign.conf");
    world.on("b", "mkdir -p /var/lib/pryvctl && mount -t tmpfs -o size=4k tmpfs /var/lib/pryvctl");
    world.on("b", "mkdir /var/lib/pryvctl/guard; yes > /var/lib/pryvctl/full 2>/dev/null || true");
    let ran = world.run(&["harden", "right.yaml", "--yes", "--host", "b"]).ends_with(5);
    ran.says("b: originals.record").says("No space left on device").says("free space");
    world.on("b", "umount /var/lib/pryvctl; rmdir /var/lib/pryvctl");
    an_arming_that_fails(world, "b");
}

fn a_wrong_admin_network(world: &World) {
    inventory(world, "wrong.yaml", WRONG, &by_v4(world, &HOSTS));
    let start = Instant::now();
    let ran = world.run(&harden("wrong.yaml")).ends_with(5);
    assert!(start.elapsed() < 2 * (WINDOW + late()), "{:?}", start.elapsed());
    for host in HOSTS {
        assert!(
            ran.said().contains(&format!("{host}: connection lost; the host reverts the change within 24 s"))
        );
        assert!(logs_in(world, host), "{host}");
    }
    ran.says("a: firewall.table")
        .says("b: firewall.table")
        .says("the change broke our access (")
        .says("gave no answer to the TCP connection within 5 s")
        .says("the host reverted it, and the old access works again")
        .says("hint: check `admin_networks`");
}

/// A hardened host would hang up before it saw the right one, so this one is not hardened with it.
fn a_fourth_key(world: &World) {
    let text = std::fs::read_to_string(world.path("right.yaml")).unwrap();
    let list = |strangers| {
        let keys = keys(world, strangers).into_iter().map(|key| key.display().to_string());
        keys.collect::<Vec<_>>().join(", ")
    };
    for strangers in [3, 2] {
        let only = world.lab_file("id_ed25519").display().to_string();
        world.write("keys.yaml", &text.replace(&format!("[{only}]"), &format!("[{}]", list(strangers))));
        let ran = world.run(&["harden", "keys.yaml", "--host", "a", "--dry-run"]);
        match strangers {
            3 => ran
                .ends_with(8)
                .says(&format!("and did not try the key {only}"))
                .says("hint: put the right key first in `ssh.identities`"),
            _ => ran.ends_with(0).says("MaxAuthTries: 6 -> 3"),
        };
    }
}

/// Everything is dropped from the moment the timer runs until the host has taken the change back; what was sent into
/// the dead connection arrives then, and must not do anything any more.
fn a_cut_link(world: &World, host: &str) {
    inventory(world, "cut.yaml", &gateways(world), &by_v4(world, &[host]));
    let mut run = world.start(&harden("cut.yaml"));
    world.on(
        host,
        "until [ -e /var/lib/pryvctl/guard/armed ]; do sleep 0.01; done
         nft 'add table inet cut; add chain inet cut in { type filter hook input priority -300; policy drop; }'
         while [ -e /var/lib/pryvctl/guard ]; do sleep 0.1; done
         sleep 2; nft delete table inet cut",
    );
    run.until("connection lost");
    run.finish().ends_with(5).says("the host reverted it, and the old access works again");
    assert!(logs_in(world, host));
}

/// Gives the table that cut us off.
fn a_killed_controller_and_a_restarted_host(world: &World) -> String {
    killed(world, "wrong.yaml", &HOSTS);
    let table = world.on("a", "nft -s list table inet pryvctl");
    thread::scope(|both| {
        both.spawn(|| until(WINDOW + late(), || logs_in(world, "a")));
        both.spawn(|| {
            world.docker("restart", "b");
            until(BOOT, || logs_in(world, "b"));
        });
    });
    // What was said before the journal was up is lost.
    let log = world.on("b", "journalctl -b -o cat -u pryvctl-guard -u ssh");
    let (undone, listens) = (log.find("pryvctl-guard.service: Deactivated"), log.find("Server listening"));
    assert!(undone.is_some() && undone < listens, "{log}");
    table
}

/// Starts a change, and ends the controller as soon as its table stands on these hosts and no new login comes through.
fn killed(world: &World, file: &str, hosts: &[&str]) {
    let mut run = world.start(&harden(file));
    run.until("the host reverts the next change after 24 s unless it is confirmed");
    for host in hosts {
        world.on(host, "until nft list table inet pryvctl >/dev/null 2>&1; do sleep 0.1; done");
    }
    run.kill();
    for host in hosts {
        assert!(!connects(world, host), "{host}");
        world.on(host, "test -e /var/lib/pryvctl/guard/armed");
    }
}

/// The same table, loaded by hand: nobody takes it back.
fn without_the_guard(world: &World, host: &str, table: &str) {
    world.on(host, &format!("nft -f - <<'END'\n{table}\nEND"));
    let start = Instant::now();
    while start.elapsed() < WINDOW + late() {
        assert!(!connects(world, host), "who took it back?");
    }
    world.on(host, "nft delete table inet pryvctl");
    assert!(logs_in(world, host));
}

/// The killed one only let IPv6 in; over IPv6 the next one finds an open window.
fn a_run_inside_the_window_of_a_killed_one(world: &World, host: &str) {
    let (_, v6) = world.addresses(host);
    inventory(world, "only6.yaml", &format!("'{}/128'", world.gateways().1), &by_v4(world, &[host]));
    inventory(world, "by6.yaml", &gateways(world), &[(host, v6)]);
    killed(world, "only6.yaml", &[host]);
    let killed = Instant::now();
    world.run(&harden("by6.yaml")).ends_with(0).says("change confirmed over a new login");
    until(WINDOW + late(), || killed.elapsed() > WINDOW);
    world.run(&harden("by6.yaml")).ends_with(0).says("unchanged");
    assert!(logs_in(world, host));
}

/// It stays after the next boot, and only the admin networks get in.
fn a_good_change(world: &World) {
    world.run(&harden("right.yaml")).ends_with(0).says("a: change confirmed over a new login");
    let after = HOSTS.map(|host| access(world, host));
    for (host, after) in HOSTS.iter().zip(&after) {
        assert!(after.contains("table inet pryvctl") && !after.contains("guard"), "{after}");
        assert!(logs_in(world, host));
    }
    world.run(&harden("right.yaml")).ends_with(0).says("a unchanged").says("b unchanged");
    // No password opens it any more, so nobody has to name another way in.
    world.run(&harden(NO_SECOND_WAY)).ends_with(0).says("a unchanged");
    world.docker("restart", "a");
    until(BOOT, || logs_in(world, "a"));
    open_from_elsewhere(world, false);
    let settings = world.on("a", "/usr/sbin/sshd -T; systemctl show -p Before pryvctl-firewall.service");
    for line in ["passwordauthentication no", "ssh.service", "docker.service"] {
        assert!(settings.contains(line), "{line}: {settings}");
    }
    let log = world.on("a", "journalctl -b -o cat -u pryvctl-firewall -u ssh");
    assert!(log.find("pryvctl: firewall").unwrap() < log.find("Server listening").unwrap(), "{log}");
    world.run(&harden("right.yaml")).ends_with(0).says("a unchanged");
    assert_eq!(HOSTS.map(|host| access(world, host)), after);
}

/// Whether a stranger, another host of the lab, reaches sshd.
#[track_caller]
fn open_from_elsewhere(world: &World, open: bool) {
    let (v4, v6) = world.addresses("a");
    for address in [v4, v6] {
        let script = format!("timeout 2 bash -c '</dev/tcp/{address}/22' 2>/dev/null && echo open || true");
        assert_eq!(world.on("b", &script) == "open\n", open, "{address}");
    }
}

/// The networks that let in the controller alone.
pub fn gateways(world: &World) -> String {
    let (v4, v6) = world.gateways();
    format!("{v4}/32, '{v6}/128'")
}
