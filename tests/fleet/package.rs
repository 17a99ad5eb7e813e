//! The Debian package on hosts that have nothing else: its unit watches another host, and goes on after a restart of its own.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use super::{guard::until_or, world::World};

const INVENTORY: &str = "
platform: packaged
domain: packaged.example.org
admin_networks: [192.0.2.0/24]
zones: { eu: {} }
roles: roles
hosts:
  bookworm: { address: 192.0.2.11, zone: eu, roles: [web], lab: { image: debian12, bare: true } }
  trixie: { address: 192.0.2.12, zone: eu, roles: [web], lab: { image: debian13, bare: true } }
  one: { address: 192.0.2.13, zone: eu, roles: [web], lab: { image: debian12, bare: true } }
";

/// Longer than anything takes on a busy machine.
const BOUND: Duration = Duration::from_secs(180);

const UNIT: &str = "pryvctl-watch@acme";

#[test]
#[ignore = "needs the package that `make package` builds; `make trials` runs it"]
fn the_package_watches_a_platform_on_debian_12_and_13() {
    let package = package();
    let world = World::up("packaged", INVENTORY);
    for host in ["bookworm", "trixie"] {
        install(&world, host, &package);
        it_watches(&world, host);
        it_is_confined(&world, host);
        it_reads_the_inventory_again(&world, host);
        world.docker("restart", host);
        it_watches(&world, host);
        it_goes(&world, host);
    }
}

/// The newest that there is.
fn package() -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/debian");
    let found = fs::read_dir(&folder).into_iter().flatten().map(|entry| entry.unwrap().path());
    let packages = found.filter(|path| path.extension().is_some_and(|extension| extension == "deb"));
    packages.max().unwrap_or_else(|| panic!("no package in {}: run `make package`", folder.display()))
}

/// Installs it, and does what its README says.
fn install(world: &World, host: &str, package: &Path) {
    let to = format!("{}:/root/pryvctl.deb", world.container(host));
    assert!(Command::new("docker").arg("cp").arg(package).arg(to).status().unwrap().success());
    world.on(host, "dpkg --install /root/pryvctl.deb");
    world.on(
        host,
        "pryvctl --version && systemd-analyze verify /usr/lib/systemd/system/pryvctl-watch@.service",
    );
    let (address, _) = world.addresses("one");
    let key = world.on("one", "cat /etc/ssh/ssh_host_ed25519_key.pub");
    let inventory = format!(
        "platform: acme\ndomain: acme.example.org\nadmin_networks: [192.0.2.0/24]\nzones: {{ eu: {{}} }}\n\
         roles: roles\nssh: {{ known_hosts: known_hosts }}\nhosts:\n  one: {{ address: {address}, zone: eu, roles: [idle] }}\n"
    );
    let put = |file: &str, mode: &str, text: &str| {
        world.feed(
            host,
            &format!("umask 077; cat >/etc/pryvctl/{file} && chmod {mode} /etc/pryvctl/{file}"),
            text,
        );
    };
    world.on(host, "mkdir -p /etc/pryvctl/roles/idle");
    put("roles/idle/compose.yaml", "640", include_str!("../data/roles/idle/compose.yaml"));
    put("acme.yaml", "640", &inventory);
    put("known_hosts", "640", &format!("{address} {key}"));
    put("acme.key", "600", &fs::read_to_string(world.lab_file("id_ed25519")).unwrap());
    world.on(host, "cd /etc/pryvctl && chgrp -R pryvctl acme.yaml known_hosts roles");
    world.on(host, &format!("systemctl enable --now {UNIT}"));
}

/// It keeps samples that are newer than the boot, and has said how the other host is.
fn it_watches(world: &World, host: &str) {
    let newer = format!(
        "systemctl is-active --quiet {UNIT} &&
         since=$(systemctl show -P ActiveEnterTimestamp {UNIT}) && since=$(date -d \"$since\" -u +%FT%TZ) &&
         pryvctl history --history /var/lib/pryvctl-watch/acme/history.db --metric load1 --csv |
             awk -F , -v since=\"$since\" '$2 == \"one\" && $1 >= since {{ found = 1 }} END {{ exit !found }}' &&
         journalctl --boot -o cat -u {UNIT} | grep -q '\"host\":\"one\"' && echo well || true"
    );
    let log =
        || world.on(host, &format!("systemctl status {UNIT} || true; journalctl --no-pager -n 50 -u {UNIT}"));
    until_or(BOUND, || started(world, host) && world.on(host, &newer).contains("well"), log);
}

/// Whether one can work on it: after a restart that takes a while.
fn started(world: &World, host: &str) -> bool {
    world.on(host, "systemctl is-system-running --wait || true").trim() != "offline"
}

fn it_is_confined(world: &World, host: &str) {
    let said = world.on(host, &format!("systemd-analyze security --no-pager {UNIT} | tail -n 1"));
    println!("{host}: {}", said.trim());
    assert!(["OK", "SAFE", "PERFECT"].iter().any(|word| said.contains(word)), "{said}");
    let user = world.on(host, &format!("ps -o user= -p $(systemctl show -P MainPID {UNIT})"));
    assert_eq!(user.trim(), "pryvctl");
    // Who is neither root nor the service reads no inventory.
    world.on(
        host,
        "! setpriv --reuid=65534 --regid=65534 --clear-groups cat /etc/pryvctl/acme.yaml 2>/dev/null",
    );
}

fn it_reads_the_inventory_again(world: &World, host: &str) {
    world.on(host, &format!("systemctl reload {UNIT}"));
    let log = || world.on(host, &format!("journalctl --no-pager -o cat -n 50 -u {UNIT}"));
    until_or(BOUND, || log().contains("the inventory has changed and is in force"), log);
}

fn it_goes(world: &World, host: &str) {
    world.on(host, "dpkg --purge pryvctl && ! systemctl is-active --quiet 'pryvctl-watch@acme'");
    world.on(
        host,
        "! test -e /var/lib/pryvctl-watch && ! test -e /usr/bin/pryvctl && test -e /etc/pryvctl/acme.key",
    );
}
