//! The hosts of a Swarm reach each other, and nobody else reaches what they talk through.

use std::{collections::BTreeSet, time::Duration};

use super::{
    guard::until,
    outside::{FAMILIES, Family, reaches},
    world::World,
};

const LAB: &str = "
platform: swarm
domain: swarm.example.org
admin_networks: [192.0.2.0/24]
zones: { eu: {} }
roles: roles
hosts:
  a: { address: 192.0.2.11, zone: eu, roles: [web], lab: { image: debian13 } }
  b: { address: 192.0.2.12, zone: eu, roles: [web], lab: { image: debian12 } }
  stranger: { address: 192.0.2.13, zone: eu, roles: [web], lab: { image: debian12 } }
";
/// Without the stranger.
const PLATFORM: &str = "
platform: swarm
domain: swarm.example.org
admin_networks: [192.0.2.0/24]
zones: { eu: {} }
roles: roles
hardening: $NO_PACKAGES
x-templates:
  - &member
    zone: eu
    roles: [web]
    hardening: { skip: [{ control: docker.live-restore, reason: a Swarm host cannot have it }] }
hosts:
  a: { <<: *member, address: 192.0.2.11, address6: '2001:db8::11' }
  b: { <<: *member, address: 192.0.2.12, address6: '2001:db8::12' }
";
const MEMBERS: [&str; 2] = ["a", "b"];
/// Open to everyone: the role's.
const PUBLIC: [&str; 1] = ["6/8080"];
const SWARM: [&str; 6] = ["17/4789", "17/7946", "50", "6/2377", "6/7946", "6/8080"];
const LONG: Duration = Duration::from_secs(60);

const IMAGE: &str = "set -e
libraries=$(ldd /usr/bin/perl /bin/sh | grep -o '/[^ ]*' | grep -v : | sort -u | sed s,^/,,)
tar -chC / bin/sh usr/bin/perl usr/lib/x86_64-linux-gnu/perl-base $libraries root/serve.pl | docker import - trial:1";

#[test]
fn only_the_platforms_hosts_reach_what_a_swarm_needs() {
    let world = World::up("t-swarm", LAB);
    world.write("platform.yaml", PLATFORM);
    world.feed("a", "cat >/root/hear.pl", include_str!("../data/swarm/hear.pl"));
    for host in ["b", "stranger"] {
        world.feed(host, "cat >/root/call.pl", include_str!("../data/swarm/call.pl"));
    }
    world.on("a", "systemd-run -q -p StandardOutput=append:/root/heard perl /root/hear.pl");
    until(LONG, || world.on("a", "cat /root/heard 2>/dev/null || true").contains("ready"));
    let lab = world.lab();
    let harden = || world.run(&["harden", "platform.yaml", &lab, "--yes"]).ends_with(0);

    harden();
    let alone = MEMBERS.map(|host| table(&world, host));
    heard(&world, "b", &PUBLIC);

    world.on("a", &format!("docker swarm init --advertise-addr {}", world.addresses("a").0));
    let plan = world.run(&["plan", "platform.yaml", &lab]);
    plan.says("+ chain swarm").says(&format!(
        "2377/tcp from {}/32, {}/128 (swarm)",
        world.addresses("b").0,
        world.addresses("b").1
    ));
    harden().says("a changed").says("b unchanged");
    let token = world.on("a", "docker swarm join-token -q worker");
    world.on("b", &format!("docker swarm join --token {} {}:2377", token.trim(), world.addresses("a").0));
    harden().says("a unchanged").says("b changed");
    harden().says("a unchanged").says("b unchanged");
    heard(&world, "b", &SWARM);
    heard(&world, "stranger", &PUBLIC);
    tasks_reach_each_other(&world, || drop(harden().says("a changed").says("b unchanged")));

    for host in ["b", "a"] {
        world.on(host, "docker rm -f task; docker swarm leave --force");
    }
    harden().says("a changed").says("b changed");
    assert_eq!(MEMBERS.map(|host| table(&world, host)), alone);
    heard(&world, "b", &PUBLIC);
    harden().says("a unchanged").says("b unchanged");
}

/// The table as it was written; what it remembers of logins passes.
fn table(world: &World, host: &str) -> String {
    world.on(host, "nft -s list table inet pryvctl | sed '/set ssh_rate/,/^\\t}/d'")
}

/// Asserts what of the calls of a host comes through to `a`.
#[track_caller]
fn heard(world: &World, from: &str, wanted: &[&str]) {
    for family in FAMILIES {
        let (own, to) = (family.address(world, from), family.address(world, "a"));
        world.on("a", "truncate -s 0 /root/heard");
        world.on(from, &format!("perl /root/call.pl {to}"));
        let lines = || -> BTreeSet<String> {
            let said = world.on("a", "cat /root/heard");
            said.lines().filter_map(|line| Some(line.strip_prefix(&format!("{own} "))?.to_owned())).collect()
        };
        // The last call: what was sent before it has arrived or never will.
        until(LONG, || lines().contains(PUBLIC[0]));
        let lines = lines().into_iter().filter(|line| SWARM.contains(&line.as_str()));
        assert_eq!(lines.collect::<Vec<_>>(), wanted, "{from} {family:?}");
    }
}

/// Over an overlay network, and out of it; what a service publishes stays closed.
fn tasks_reach_each_other(world: &World, harden: impl Fn()) {
    world.on("a", "docker network create -d overlay --attachable across");
    for host in MEMBERS {
        world.feed(host, "cat >/root/serve.pl", include_str!("../data/swarm/serve.pl"));
        world.on(host, IMAGE);
        world.on(host, "docker run -d --name task --network across trial:1 perl /root/serve.pl");
    }
    let from_task = |host: &str, address: &str, port: u16| {
        let ask = format!(
            "use IO::Socket::INET; exit !IO::Socket::INET->new(PeerAddr => \"{address}\", PeerPort => {port}, Timeout => 2)"
        );
        world.on(host, &format!("docker exec task perl -e '{ask}' && echo yes || echo no")) == "yes\n"
    };
    let address = |host: &str| {
        let format = "{{.NetworkSettings.Networks.across.IPAddress}}";
        world.on(host, &format!("docker inspect -f '{format}' task")).trim().to_owned()
    };
    let (on_a, on_b) = (address("a"), address("b"));
    until(LONG, || from_task("b", &on_a, 5432));
    until(LONG, || from_task("a", &on_b, 5432));
    until(LONG, || from_task("b", &world.in_network(2), 5000));
    // Straight through docker_gwbridge: not every kernel has what the routing mesh needs.
    let publish = "docker service create -q --detach --name published --mode global \
        --publish published=9090,target=5432,mode=host trial:1 perl /root/serve.pl";
    world.on("a", publish);
    let answers = |from: &str| reaches(world, from, "a", Family::Four, 9090);

    world.on("a", "nft flush chain inet pryvctl swarm; nft insert rule inet pryvctl forward accept");
    assert!(!from_task("b", &on_a, 5432), "something else lets it in");
    until(LONG, || answers("b") && answers("stranger"));
    harden();
    until(LONG, || from_task("b", &on_a, 5432));
    assert!(!answers("b") && !answers("stranger"));
}
