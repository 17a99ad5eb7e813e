//! `make bench`: the figures an administrator asks for before an upgrade of a platform that serves.

use std::{
    thread,
    time::{Duration, Instant},
};

use super::{
    by_hand,
    load::{Load, Tally, Target},
    swap::{NEXT, dns, https, judge},
    trouble::forget_images,
    world::World,
};

const PLATFORM: &str = include_str!("../../inventory/rolling.yaml");
const CORES: [&str; 3] = ["co1", "co2", "co3"];

/// How long the load lasts at least.
const LASTING: Duration = Duration::from_secs(60);

/// How long a service that may not run twice may be away.
const AWAY: Duration = Duration::from_secs(5);

/// What a host that stood still needs until it is at rest.
const SETTLING: Duration = Duration::from_secs(5);

/// How long a host may take until the version before serves again.
const BACK: Duration = Duration::from_secs(3);

/// Longer than by hand on the slowest host it may take, at most.
const RATIO: f64 = 1.3;

#[test]
#[ignore = "six hosts and several minutes; `make bench` runs it"]
fn bench() {
    let platform = format!("hardening: $NO_PACKAGES\n{PLATFORM}");
    let world = World::up("bench", &platform);
    let lab = world.lab();
    world.write("next.yaml", &format!("{NEXT}{platform}"));
    world.run(&["install", "inventory.yaml", &lab, "--yes"]).ends_with(0);
    under_load(&world);
    let slowest = way_back(&world);
    let ratio = side_by_side(&world);
    assert!(slowest < BACK, "{slowest:?}");
    assert!(ratio < RATIO, "{ratio}");
}

fn targets(world: &World) -> Vec<Target> {
    let cores = CORES
        .iter()
        .flat_map(|core| [https(world, core, "/status", 8), https(world, core, "/mfa/status", 4)].concat());
    [
        https(world, "reg1", "/status", 8),
        https(world, "reg2", "/status", 4),
        https(world, "web1", "/", 8),
        dns(world, "reg1", 4),
        dns(world, "reg2", 4),
    ]
    .concat()
    .into_iter()
    .chain(cores)
    .collect()
}

/// Every host goes to the next version while it is asked.
fn under_load(world: &World) {
    let targets = targets(world);
    let rate: u32 = targets.iter().map(|target| target.rate).sum();
    assert!(rate >= 200, "{rate} requests/s");
    println!("\n{rate} requests/s while every host goes to the next version:");
    let started = Instant::now();
    let load = Load::start(targets, &world.lab_file("ca.pem"));
    let ran = world.run(&["upgrade", "next.yaml", "--rolling", &world.lab(), "--yes"]);
    let took = started.elapsed();
    thread::sleep(LASTING.saturating_sub(took));
    let tallies = load.stop();
    println!("{}upgraded in {:.1} s\n", ran.stdout, took.as_secs_f64());
    ran.ends_with(0);
    told(&tallies);
    judge(tallies);
}

/// How long each core that was asked told its own users to come back.
fn told(tallies: &[Tally]) {
    for core in CORES.into_iter().filter(|core| tallies.iter().any(|tally| tally.name.starts_with(core))) {
        let of_it = tallies.iter().filter(|tally| tally.name.starts_with(core));
        let longest = of_it.map(|tally| tally.figures().told_for()).max().unwrap_or_default();
        println!("{core} answered 503 and Retry-After for {:.1} s", longest.as_secs_f64());
        assert!(longest < AWAY, "{core} was away for too long");
    }
}

/// Every host goes back to the version before while it is asked, at a quarter of the load on it: one by one, with the
/// other cores standing still, because here they share two processors, and a core wants two of its own. Gives how long
/// the slowest took.
fn way_back(world: &World) -> Duration {
    let mut slowest = Duration::ZERO;
    for host in world.hosts() {
        let others: Vec<_> = CORES.into_iter().filter(|core| *core != host).collect();
        others.iter().for_each(|core| world.docker("pause", core));
        // Its own health checks are overdue.
        thread::sleep(SETTLING);
        let mut targets = targets(world);
        targets.retain(|target| target.name.starts_with(&host));
        targets.iter_mut().for_each(|target| target.rate = target.rate.div_ceil(4));
        let load = Load::start(targets, &world.lab_file("ca.pem"));
        let back = ["rollback", "next.yaml", &world.lab(), "--yes", "--host", &host];
        let (ran, lines) = world.start(&back).lines();
        ran.ends_with(0);
        let of_it = || lines.iter().filter(|(_, line)| line.starts_with(&format!("{host}: ")));
        let (begun, _) = of_it().find(|(_, line)| line.contains(": 1/")).unwrap();
        let rest = of_it().skip_while(|(_, line)| !line.contains("cut-over")).nth(1);
        let took = rest.unwrap().0.duration_since(*begun);
        println!("{host} served the version before again after {:.1} s", took.as_secs_f64());
        for (at, line) in of_it() {
            println!("    {:5.1} s {line}", at.duration_since(*begun).as_secs_f64());
        }
        slowest = slowest.max(took);
        others.iter().for_each(|core| world.docker("unpause", core));
        let tallies = load.stop();
        told(&tallies);
        judge(tallies);
    }
    slowest
}

/// The cores once by pryvctl and once by hand, at the same time on all of them, as pryvctl does it: how many times as
/// long as the slowest by hand ours took.
fn side_by_side(world: &World) -> f64 {
    let lab = world.lab();
    let cores = ["--role", "core"];
    let back = [&["install", "inventory.yaml", &lab, "--yes"][..], &cores].concat();
    world.run(&back).ends_with(0);
    CORES.iter().for_each(|core| forget_images(world, core));
    let started = Instant::now();
    world.run(&[&["install", "next.yaml", &lab, "--yes"][..], &cores].concat()).ends_with(0);
    let ours = started.elapsed();

    world.run(&back).ends_with(0);
    CORES.iter().for_each(|core| forget_images(world, core));
    CORES.iter().for_each(|core| by_hand::log_in(world, core));
    let slowest = thread::scope(|scope| {
        let typing = CORES.map(|core| scope.spawn(move || by_hand::upgrade(world, core)));
        typing.into_iter().map(|typing| typing.join().unwrap()).max().unwrap()
    });
    let ratio = ours.as_secs_f64() / slowest.as_secs_f64();
    println!(
        "three cores to the next version: {:.1} s; the slowest of them by hand: {:.1} s; ratio {ratio:.2}",
        ours.as_secs_f64(),
        slowest.as_secs_f64()
    );
    ratio
}
