//! Upgrades of four hosts under load: forward, back, with a host that fails, with two controllers, paused and stopped.

use super::{
    direct::Direct,
    rolling::{HOSTS, INVENTORY, Load, NEW, OLD, at},
    tenth::Tenth,
    trouble::forget_images,
    world::{Ran, World},
};

const UPGRADE: [&str; 3] = ["upgrade", "--rolling", "--yes"];

type Case = fn(&World);

/// Each leaves the hosts as it found them.
const WAYS_OUT: [Case; 5] = [
    a_bad_image_on_the_third_host,
    a_bad_image_takes_all_back,
    nothing_is_begun_without_every_image,
    a_second_controller,
    paused_and_stopped_by_hand,
];

#[test]
fn an_upgrade_and_a_third_of_the_ways_out_of_it() {
    let tenth = Tenth::of_this_commit();
    upgrades("t-upgrade-third", |ways| tenth.third_of(ways).collect());
}

#[test]
#[ignore = "seven minutes on two processors; `make trials` runs it"]
fn an_upgrade_and_every_way_out_of_it() {
    upgrades("t-upgrade", |ways| ways.collect());
}

/// Forward and back, and out of it in those ways that are chosen of all.
fn upgrades(name: &str, choose: impl Fn(&mut dyn Iterator<Item = Case>) -> Vec<Case>) {
    let world = World::up(name, INVENTORY);
    Direct::new(&world, "first", OLD).install().ends_with(0);
    let ways_out = choose(&mut WAYS_OUT.into_iter());
    for case in [&[forward_and_back as Case], &ways_out[..], &[the_journal]].concat() {
        case(&world);
        at(&world, &HOSTS, OLD);
    }
}

fn upgrade(world: &World, version: &str) -> Ran {
    Direct::new(world, "good", version).run(&UPGRADE)
}

fn rollback(world: &World) {
    Direct::new(world, "good", NEW).run(&["rollback", "--yes"]).ends_with(0);
}

fn forward_and_back(world: &World) {
    let load = Load::on(world, &HOSTS);
    let dry = Direct::new(world, "good", NEW).run(&["upgrade", "--rolling", "--dry-run"]).ends_with(0);
    dry.says("1 web four").says("4 web two").says("four planned");
    at(world, &HOSTS, OLD);
    upgrade(world, NEW).ends_with(0).says("batch 4/4, web: two").says("two changed");
    at(world, &HOSTS, NEW);
    upgrade(world, NEW).ends_with(0).says("four unchanged").says("two unchanged");
    Direct::new(world, "good", NEW).run(&["install", "--yes"]).ends_with(0).says("one unchanged");

    let back = Direct::new(world, "good", NEW).run(&["rollback", "--yes"]).ends_with(0).says("two changed");
    at(world, &HOSTS, OLD);
    Direct::new(world, "good", NEW).run(&["rollback", "--yes"]).ends_with(0).says("two unchanged");
    println!("upgrade and rollback: 0 of {} requests lost\n{}", load.none_lost(), back.stdout);
}

/// An upgrade whose third host gets an image that never becomes healthy.
fn bad(world: &World, arguments: &[&str]) -> Ran {
    let inventory = Direct::new(world, "bad", NEW).version("three", "1.9.3-unhealthy");
    let ran = inventory.run(&[&UPGRADE[..], arguments].concat()).ends_with(5);
    ran.says("three went-back").says("two left-alone")
}

fn a_bad_image_on_the_third_host(world: &World) {
    let load = Load::on(world, &HOSTS);
    bad(world, &[])
        .says("is not healthy: the health check failed")
        .says("the previous containers serve again")
        .says("the run ended early: 1 of 4 hosts of web failed");
    at(world, &["four", "one"], NEW);
    at(world, &["three", "two"], OLD);
    rollback(world);
    println!("a bad image: 0 of {} requests lost", load.none_lost());
}

fn a_bad_image_takes_all_back(world: &World) {
    let load = Load::on(world, &HOSTS);
    bad(world, &["--on-failure", "rollback-all"]).says("four taken-back").says("one taken-back");
    println!("a bad image that takes all back: 0 of {} requests lost", load.none_lost());
}

fn nothing_is_begun_without_every_image(world: &World) {
    let inventory = Direct::new(world, "missing", NEW).version("two", "9.9.9");
    inventory.run(&UPGRADE).ends_with(5).says("two failed").says("four left-alone");
}

/// The registry is held, so that the first controller holds its locks until it is killed.
fn a_second_controller(world: &World) {
    HOSTS.iter().for_each(|host| forget_images(world, host));
    let inventory = Direct::new(world, "good", NEW);
    inventory.run(&["plan"]);
    world.docker("pause", "registry");
    let mut first = world.start(&[&UPGRADE[..], &["good.yaml"]].concat());
    HOSTS.iter().for_each(|_| first.until("1/1 image."));
    let owner = format!("(pid {}) since 20", first.pid());
    let second = upgrade(world, NEW);
    first.kill();
    world.docker("unpause", "registry");
    second.ends_with(7).says("four locked").says(&owner);
    upgrade(world, NEW).ends_with(0);
    rollback(world);
}

fn paused_and_stopped_by_hand(world: &World) {
    let inventory = Direct::new(world, "good", NEW);
    inventory.run(&["pause", "--host", "one"]).ends_with(0);
    let mut run = world.start(&[&UPGRADE[..], &["good.yaml"]].concat());
    run.until("paused by");
    at(world, &["three", "two"], OLD);
    inventory.run(&["resume"]).ends_with(0);
    run.until("batch 2/4");
    run.interrupt();
    run.until("stopping after the hosts in progress");
    run.finish()
        .ends_with(5)
        .says("one changed")
        .says("three left-alone")
        .says("the run ended early: stopped by Ctrl-C or a signal");
    at(world, &["four", "one"], NEW);
    at(world, &["three", "two"], OLD);
    upgrade(world, NEW).ends_with(0).says("one unchanged").says("two changed");
    rollback(world);
}

fn the_journal(world: &World) {
    let journal = world.path("journal.jsonl");
    world.run(&["audit"]).ends_with(0).says("the hash chain is intact").says("service.web.cut-over");
    let text = std::fs::read_to_string(&journal).unwrap();
    std::fs::write(&journal, text.replacen("\"host\":\"one\"", "\"host\":\"two\"", 1)).unwrap();
    world.run(&["audit"]).ends_with(6).says("was changed: its hash does not match its content");
    std::fs::remove_file(&journal).unwrap();
    upgrade(world, NEW).ends_with(0).says("two changed");
    rollback(world);
}
