//! Every container of two hosts is replaced under load, and nobody who asks notices.

use std::net::SocketAddr;

use super::{
    load::{Load, Tally, Target, Way},
    outside::{FAMILIES, Family},
    world::World,
};

/// The second version of everything that the lab's registry has.
pub const NEXT: &str = "versions:
  pryv: 1.9.3
  nginx: 1.9.1
  redis: 1.9.1
  mail: 1.9.1
  admin_panel: 1.2.2
  auth3: 1.0.9
  mongodb: 1.9.1
  influxdb: 1.7.9
  mfa: 1.1.10
";

const CLUSTER: &str = include_str!("../../inventory/cluster.yaml");

#[test]
fn nobody_notices() {
    let two = format!("hardening: $NO_PACKAGES\n{}", CLUSTER.split("  web1:").next().unwrap());
    let world = World::up("t-swap", &two);
    let lab = world.lab();
    world.write("next.yaml", &format!("{NEXT}{two}"));
    world.run(&["install", "inventory.yaml", &lab, "--yes"]).ends_with(0);

    let load = Load::start(targets(&world), &world.lab_file("ca.pem"));
    world.run(&["install", "next.yaml", &lab, "--yes"]).ends_with(0);
    judge(load.stop());
    runs(&world, "1.9.3");
    world.run(&["install", "next.yaml", &lab, "--yes"]).ends_with(0).says("nothing to change");
}

/// What is asked of a host that serves HTTPS: on what it answers itself, over both families and in both ways.
pub fn https(world: &World, host: &str, path: &str, rate: u32) -> Vec<Target> {
    let name = format!("{host}.pryv.example.org");
    let mut targets = Vec::new();
    for family in FAMILIES {
        let at = SocketAddr::new(family.address(world, host).parse().unwrap(), 443);
        let ways = [
            ("new", Way::NewConnections(name.clone(), path.to_owned())),
            ("kept", Way::KeepAlive(name.clone(), path.to_owned())),
        ];
        for (how, way) in ways {
            targets.push(Target { name: format!("{host} {path} {how} {}", short(family)), at, way, rate });
        }
    }
    targets
}

/// What is asked of a name server.
pub fn dns(world: &World, host: &str, rate: u32) -> Vec<Target> {
    let name = format!("{host}.pryv.example.org");
    let mut targets = Vec::new();
    for family in FAMILIES {
        let at = SocketAddr::new(family.address(world, host).parse().unwrap(), 53);
        for (how, way) in [("dns", Way::Dns(name.clone())), ("dns one port", Way::DnsOnePort(name.clone()))] {
            targets.push(Target { name: format!("{host} {how} {}", short(family)), at, way, rate });
        }
    }
    targets
}

fn short(family: Family) -> &'static str {
    match family {
        Family::Four => "v4",
        Family::Six => "v6",
    }
}

fn targets(world: &World) -> Vec<Target> {
    [
        https(world, "reg1", "/status", 8),
        dns(world, "reg1", 8),
        https(world, "co1", "/mfa/status", 4),
        https(world, "co1", "/status", 4),
    ]
    .concat()
}

/// Nothing is lost. Only those who ask a core itself may be told to come back.
#[track_caller]
pub fn judge(tallies: Vec<Tally>) {
    let account: Vec<String> = tallies.iter().map(Tally::to_string).collect();
    let account = account.join("\n");
    for tally in &tallies {
        let figures = tally.figures();
        assert!(figures.sent > 20, "{} was not asked:\n{account}", tally.name);
        assert!(figures.lost.is_empty(), "{}:\n{account}", tally.name);
        let may_be_away = tally.name.contains(" /status ") && tally.name.starts_with("co");
        assert!(figures.told.is_empty() || may_be_away, "{}:\n{account}", tally.name);
    }
    println!("{account}");
}

/// What of the platform's own applications runs.
#[track_caller]
fn runs(world: &World, version: &str) {
    for (host, service) in [("reg1", "register"), ("co1", "core")] {
        let list = format!("docker ps --filter label=pryvctl.service={service} --format '{{{{.Image}}}}'");
        let image = world.on(host, &list);
        assert!(image.trim().ends_with(version), "{host}: {image}");
    }
}
