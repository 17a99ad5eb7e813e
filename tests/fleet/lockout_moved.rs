//! sshd is moved to another port: both answer until a login at the new one came through.

use std::time::{Duration, Instant};

use super::{
    guard::{BOOT, WINDOW, gateways, harden, inventory, late, logs_in, logs_in_at, until},
    lockout::{Cause, Place, Trial},
    lockout_struck::{Blow, CONFIRMS, Stage, comes_back, stage},
    world::{Started, tool},
};

/// All of them.
pub fn trials() -> Vec<Trial> {
    let trials: [(&str, Blow); 7] = [
        ("sshd moves to another port, and back", moves),
        ("the controller is killed while sshd answers on both ports", killed),
        ("the host restarts while sshd answers on both ports", restarted),
        ("the host restarts at each file that is loaded at boot while sshd moves", restarted_between),
        ("somebody else's rules close the port that sshd moves to", closed),
        ("somebody else listens where sshd moves to", taken),
        ("systemd holds the port that sshd is to leave", held),
    ];
    trials.map(|(name, blow)| Trial { name, cause: Cause::Struck(blow) }).into()
}

/// The inventory of one host whose sshd is moved.
fn file(Place { world, host }: Place, from: u16, to: u16) -> String {
    let file = format!("{host}-{from}-{to}.yaml");
    inventory(world, &file, &gateways(world), &[(host, world.addresses(host).0)]);
    let text = std::fs::read_to_string(world.path(&file)).unwrap();
    // Over both families, and with sudo.
    let (v4, v6) = world.addresses(host);
    let sudo = world.lab_file("secrets/sudo").display().to_string();
    let ssh =
        format!("ssh: {{ user: admin, sudo_password: {{ file: {sudo} }}, port: {to}, initial_port: {from},");
    let both = format!("address: '{v4}', address6: '{v6}'");
    world.write(&file, &text.replace("ssh: {", &ssh).replace(&format!("address: '{v4}'"), &both));
    file
}

/// The ports on which sshd listens.
fn listens(Place { world, host }: Place) -> Vec<u16> {
    let said = world.on(host, "ss -Hltnp4 | awk '/\"sshd\"/ { sub(/.*:/, \"\", $4); print $4 }' | sort -n");
    said.lines().map(|port| port.parse().unwrap()).collect()
}

/// Four logins, over both families and with sudo, take their time on a busy machine, and nobody is cut off here.
fn patiently(file: &str) -> [&str; 5] {
    ["harden", file, "--yes", "--window", "60s"]
}

/// To the new port, to the old one as another inventory wants it, to the new one again, and all of it undone.
pub fn moves(place: Place) -> String {
    let (there, back) = (file(place, 22, 2222), file(place, 2222, 22));
    let (there, back) = (patiently(&there), patiently(&back));
    place.world.run(&there).ends_with(0);
    moved(place, 2222, 22);
    place.world.run(&there).ends_with(0).says("unchanged");
    place.world.run(&back).ends_with(0);
    moved(place, 22, 2222);
    place.world.run(&there).ends_with(0);
    moved(place, 2222, 22);
    place.world.run(&[&there[..], &["--undo"]].concat()).ends_with(0);
    assert_eq!(listens(place), [22]);
    assert!(logs_in(place.world, place.host), "no login");
    "moved, and back".to_owned()
}

#[track_caller]
fn moved(place: Place, to: u16, from: u16) {
    assert_eq!(listens(place), [to]);
    let enters = |port| logs_in_at(place.world, place.host, port);
    assert!(enters(to) && !enters(from), "{from} -> {to}");
    // Nobody listens there, and nobody may.
    let address = place.world.addresses(place.host).0;
    let seen = tool("nmap", &["-n", "-Pn", "-p", &from.to_string(), &address]);
    assert!(seen.contains(&format!("{from}/tcp filtered")), "{seen}");
}

fn on_both(place: Place) -> Started {
    let run = CONFIRMS.reached_by(place, &file(place, 22, 2222));
    assert_eq!(listens(place), [22, 2222]);
    assert!([22, 2222].into_iter().all(|port| logs_in_at(place.world, place.host, port)));
    run
}

fn killed(place: Place) -> String {
    on_both(place).kill();
    let since = Instant::now();
    until(WINDOW + late(), || listens(place) == [22]);
    CONFIRMS.go(place);
    comes_back(place, since, 2 * (WINDOW + late()), &CONFIRMS)
}

fn restarted(place: Place) -> String {
    let run = on_both(place);
    let since = Instant::now();
    place.world.docker("restart", place.host);
    drop(run);
    until(BOOT, || logs_in(place.world, place.host));
    assert_eq!(listens(place), [22]);
    comes_back(place, since, BOOT, &CONFIRMS)
}

/// What is loaded at boot follows what was confirmed. Wherever a run ends in between, the next boot lets us in.
fn restarted_between(place: Place) -> String {
    let Place { world, host } = place;
    let (file, write) = (file(place, 22, 2222), stage("/usr/bin/perl", "*put /etc/pryvctl/firewall.json*"));
    world.run(&harden(&super::lockout_struck::file(place, &gateways(world)))).ends_with(0);
    let mut run = write.reached_by(place, &file);
    assert_eq!(listens(place), [22, 2222]);
    run = restart(place, run, &write, &file);
    assert_eq!(listens(place), [22, 2222]);
    // The file with both ports is written now, and the one with the new port alone is waited for.
    write.go_to_next(place);
    until(BOOT, || listens(place) == [2222]);
    write.awaited(place);
    world.docker("restart", host);
    drop(run);
    until(BOOT, || logs_in_at(place.world, place.host, 2222));
    write.unset(place);
    world.run(&patiently(&file)).ends_with(0);
    world.run(&[&patiently(&file)[..], &["--undo"]].concat()).ends_with(0);
    "the boot always let us in".to_owned()
}

/// Restarts the host under a run that waits, and gives the next one that waits at the same file.
fn restart(place: Place, run: Started, write: &Stage, file: &str) -> Started {
    place.world.docker("restart", place.host);
    drop(run);
    until(BOOT, || logs_in(place.world, place.host));
    write.unset(place);
    write.reached_by(place, file)
}

fn closed(place: Place) -> String {
    let Place { world, host } = place;
    world.on(host, "nft 'table inet trial { chain c { type filter hook input priority 0; tcp dport 2222 reject with tcp reset; }; }'");
    let begun = Instant::now();
    let ran = world.run(&harden(&file(place, 22, 2222))).ends_with(5);
    ran.says("a login came through at port 22, but none at port 2222")
        .says("the host reverted it, and the old access works again");
    world.on(host, "nft delete table inet trial");
    assert_eq!(listens(place), [22]);
    format!("taken back after {:.0} s", begun.elapsed().as_secs_f32())
}

fn taken(place: Place) -> String {
    let Place { world, host } = place;
    world.on(host, "systemd-run -q --unit trial systemd-socket-activate -l 2222 sleep 60");
    until(Duration::from_secs(5), || world.on(host, "ss -Hltn 'sport = 2222'").contains("2222"));
    let ran = world.run(&harden(&file(place, 22, 2222))).ends_with(8);
    ran.says("something accepts connections but does not speak SSH");
    world.on(host, "systemctl stop trial");
    "refused before anything was touched".to_owned()
}

fn held(place: Place) -> String {
    let Place { world, host } = place;
    let before = world.on(host, "systemctl is-enabled ssh.socket; systemctl is-active ssh.socket; true");
    world.on(host, "systemctl stop ssh.service; systemctl start ssh.socket");
    let ran = world.run(&harden(&file(place, 22, 2222))).ends_with(5);
    ran.says("the socket is active, so sshd_config cannot change the port")
        .says("systemctl disable --now ssh.socket");
    world.on(host, "systemctl stop ssh.socket; systemctl restart ssh.service");
    assert_eq!(
        world.on(host, "systemctl is-enabled ssh.socket; systemctl is-active ssh.socket; true"),
        before
    );
    "refused before anything was touched".to_owned()
}
