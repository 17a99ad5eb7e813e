//! What Docker stands on and we do not own: whoever breaks it, `plan` shows it, `install` mends it, and no container stops.

use std::{
    thread,
    time::{Duration, Instant},
};

use super::{
    outside::{Family, reaches},
    tenth::Tenth,
    world::World,
};

const INVENTORY: &str = "
platform: footing
domain: footing.example.org
admin_networks: [192.0.2.0/24]
zones: { eu: {} }
roles: roles
hardening: $NO_PACKAGES
hosts:
  old: { address: 192.0.2.11, zone: eu, roles: [web], lab: { image: debian12 } }
  new: { address: 192.0.2.12, zone: eu, roles: [web], lab: { image: debian13 } }
";
/// Docker 20.10, and Docker 26.1.
const HOSTS: [&str; 2] = ["old", "new"];

/// No check passes until it is back.
const ILL_WITHOUT_CONTAINERD: &str = "systemctl stop containerd; timeout 60 sh -c \
    'until docker ps -q --filter health=unhealthy | grep -q .; do sleep 0.5; done'";

/// What somebody does, and how the plan says it.
type Broken = (&'static str, &'static str);

/// What is in one group is done together and mended in one run.
const BROKEN: [&[Broken]; 6] = [
    &[("nft flush ruleset", "table nat: no way from PREROUTING to Docker's rules")],
    &[
        ("iptables -F", "table filter: no way from FORWARD to Docker's rules"),
        ("sysctl -qw net.ipv4.ip_forward=0", "net.ipv4.ip_forward: 0 -> 1"),
    ],
    &[
        ("iptables -t nat -F", "table nat: no masquerading for footing_frontend"),
        (
            "ip link set $(ip -o link show type bridge | grep -o 'br-[0-9a-f]*' | head -1) down",
            ": down, or without its route -> up",
        ),
    ],
    &[(ILL_WITHOUT_CONTAINERD, "what else is to be done shows when the containers have been checked again")],
    &[("rm /run/docker.sock", "/run/docker.sock: gone -> dockerd restarts; running containers keep running")],
    &[("systemctl stop docker.socket docker", "docker.service: not running -> started")],
];

/// What mends itself, sooner or later: there is nothing to be seen for sure, and nothing may be left broken. The daemons
/// alone are killed: a container ends with its shim, which is among the processes of containerd's unit.
const PASSING: [&str; 2] =
    ["systemctl restart nftables", "systemctl kill --kill-whom=main -s KILL containerd docker"];

#[test]
fn a_third_of_what_breaks_below_docker_is_mended_and_no_container_stops() {
    let tenth = Tenth::of_this_commit();
    broken("t-footing-third", |cases| tenth.third_of(cases).collect());
}

#[test]
#[ignore = "six minutes on two processors; `make trials` runs it"]
fn what_breaks_below_docker_is_seen_and_mended_and_no_container_stops() {
    broken("t-footing", |cases| cases.collect());
}

/// Breaks and mends in those ways that are chosen of all.
fn broken(name: &str, choose: impl Fn(&mut dyn Iterator<Item = Case>) -> Vec<Case>) {
    let world = World::up(name, INVENTORY);
    world.run(&["install", "inventory.yaml", &world.lab(), "--yes"]).ends_with(0);
    let before = HOSTS.map(|host| containers(&world, host));
    let cases = BROKEN.map(Case::Seen).into_iter().chain(PASSING.map(Case::Passing));
    let others = [what_dockerd_is_started_with_counts, forgotten_checks_begin_again].map(Case::Other);
    for case in choose(&mut cases.chain(others)) {
        let what = match case {
            Case::Seen(group) => seen_and_mended(&world, group),
            Case::Passing(what) => mended(&world, what),
            Case::Other(other) => other(&world),
        };
        assert_eq!(HOSTS.map(|host| containers(&world, host)), before, "{what}");
    }
}

/// A way in which Docker loses what it stands on.
#[derive(Clone, Copy)]
enum Case {
    Seen(&'static [Broken]),
    Passing(&'static str),
    Other(fn(&World) -> String),
}

fn seen_and_mended(world: &World, group: &[Broken]) -> String {
    let lab = world.lab();
    let install = ["install", "inventory.yaml", &lab, "--yes"];
    let what = group.iter().map(|(what, _)| *what).collect::<Vec<_>>().join(" && ");
    each(|host| drop(world.on(host, &what)));
    let planned = world.run(&["plan", "inventory.yaml", &lab]).ends_with(0);
    let planned = planned.says("old planned").says("new planned");
    group.iter().fold(planned, |planned, (_, line)| planned.says(line));
    world.run(&["status", "inventory.yaml", &lab]).ends_with(6);
    world.run(&install).ends_with(0).says("old changed").says("new changed");
    each(|host| works(world, host, &what));
    world.run(&install).ends_with(0).says("old unchanged").says("new unchanged");
    what
}

fn mended(world: &World, what: &str) -> String {
    each(|host| drop(world.on(host, what)));
    world.run(&["install", "inventory.yaml", &world.lab(), "--yes"]).ends_with(0);
    each(|host| works(world, host, what));
    what.to_owned()
}

/// Docker 20.10 forgets them when it starts again beside containers that go on, and says nothing of it.
fn forgotten_checks_begin_again(world: &World) -> String {
    let lab = world.lab();
    let checked = || {
        let last = "{{range .State.Health.Log}}{{.End.Unix}} {{end}}";
        let all = world.on("old", &format!("docker ps -q | xargs docker inspect -f '{last}'"));
        all.split_whitespace().filter_map(|time| time.parse::<i64>().ok()).max().unwrap()
    };
    world.on("old", "systemctl restart docker");
    let before = checked();
    let patience = Instant::now() + Duration::from_secs(150);
    loop {
        assert!(Instant::now() < patience, "nobody missed the checks");
        let ran = world.run(&["plan", "inventory.yaml", &lab]).ends_with(0);
        if ran.said().contains("Docker stopped checking its health") {
            break;
        }
        assert_eq!(checked(), before, "Docker checks by itself");
        thread::sleep(Duration::from_secs(5));
    }
    world.run(&["install", "inventory.yaml", &lab, "--yes"]).ends_with(0).says("old changed");
    assert!(checked() > before, "still unchecked");
    "forgotten checks".to_owned()
}

/// Docker without masquerading misses none, and one that makes rules for IPv6 misses those that somebody flushed.
fn what_dockerd_is_started_with_counts(world: &World) -> String {
    let lab = world.lab();
    let install = ["install", "inventory.yaml", &lab, "--yes"];
    for (host, switches) in [("old", "--ip-masq=false"), ("new", "--experimental --ip6tables")] {
        let start = format!(
            "ExecStart=/usr/sbin/dockerd -H fd:// --containerd=/run/containerd/containerd.sock {switches}"
        );
        let folder = "/etc/systemd/system/docker.service.d";
        world.on(
            host,
            &format!(
                "mkdir -p {folder} && printf '[Service]\\nExecStart=\\n{start}\\n' >{folder}/switches.conf && systemctl daemon-reload
                 iptables -t nat -F && systemctl restart docker"
            ),
        );
    }
    // Docker has to find out again how its containers are.
    world.run(&install).ends_with(0);
    world.run(&["plan", "inventory.yaml", &lab]).ends_with(0).says("old unchanged").says("new unchanged");
    world.on("new", "nft flush table ip6 nat && nft flush table ip6 filter");
    let line = "table ip6 nat: no masquerading for footing_frontend";
    world.run(&["plan", "inventory.yaml", &lab]).ends_with(0).says("new planned").says(line);
    world.run(&install).ends_with(0).says("old unchanged").says("new changed");
    world.run(&install).ends_with(0).says("new unchanged");
    "other switches of dockerd".to_owned()
}

/// The containers and their starts.
fn containers(world: &World, host: &str) -> String {
    world.on(host, "docker ps -q | xargs docker inspect -f '{{.Id}} {{.State.StartedAt}}'")
}

/// The service is reached from outside, and what somebody publishes starts.
#[track_caller]
fn works(world: &World, host: &str, what: &str) {
    let stranger = HOSTS.into_iter().find(|other| *other != host).unwrap();
    for family in [Family::Four, Family::Six] {
        assert!(reaches(world, stranger, host, family, 8080), "{host} {family:?} after {what}");
    }
    let image = "$(docker inspect -f '{{.Config.Image}}' $(docker ps -q | head -1))";
    world.on(
        host,
        &format!("docker run -d --name by-hand -p 127.0.0.1:18080:3000 {image} && docker rm -f by-hand"),
    );
}

/// On both hosts at once.
fn each(what: impl Fn(&'static str) + Sync) {
    thread::scope(|both| {
        for host in HOSTS {
            let what = &what;
            both.spawn(move || what(host));
        }
    });
}
