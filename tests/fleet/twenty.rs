//! Twenty upgrades of four hosts under load, one after the other.

use super::{
    direct::Direct,
    rolling::{HOSTS, INVENTORY, Load, NEW, OLD, at},
    world::World,
};

const TIMES: usize = 20;

#[test]
#[ignore = "twenty upgrades take minutes; `make trials` runs it"]
fn twenty_upgrades_lose_no_request() {
    let world = World::up("t-twenty", INVENTORY);
    for version in [OLD, NEW] {
        Direct::new(&world, &format!("to-{version}"), version).run(&["plan"]).ends_with(0);
    }
    let to = |version: &str| {
        world.run(&["install", &format!("to-{version}.yaml"), "--yes"]).ends_with(0);
        at(&world, &HOSTS, version);
    };
    to(OLD);
    let load = Load::on(&world, &HOSTS);
    [NEW, OLD].into_iter().cycle().take(TIMES).for_each(to);
    let answered = load.none_lost();
    println!("{TIMES} upgrades of {} hosts: 0 of {answered} requests lost", HOSTS.len());
}
