//! Data that goes one way: a consent and a backup before it, and no way back over it.

use std::fs;

use super::{
    keeper::{NEW, NEXT_STORE, OLD, called_on, inventory, upgrade},
    trouble::{HOSTS, served},
    world::World,
};

/// The containers of a service: name, tag, and whether it runs.
fn containers(world: &World, host: &str, service: &str) -> String {
    let list = format!("docker ps -a --filter label=pryvctl.service={service}");
    let said = world.on(host, &format!("{list} --format '{{{{.Names}}}} {{{{.Image}}}} {{{{.State}}}}'"));
    let mut lines: Vec<_> = said
        .lines()
        .map(|line| {
            let words: Vec<&str> = line.split(' ').collect();
            let tag = words[1].rsplit(':').next().unwrap();
            format!("{} {tag} {}", words[0].trim_start_matches("trial_"), words[2])
        })
        .collect();
    lines.sort();
    lines.join(", ")
}

/// How often a store was started on the data: the stand-in counts.
fn starts(world: &World, host: &str) -> u32 {
    world.on(host, "cat /var/pryv/store/starts-core.json").trim().parse().unwrap()
}

/// The role with the next major version of the store.
fn next_store(world: &World) {
    let role = fs::read_to_string(world.path("roles/keeper/compose.yaml")).unwrap();
    let next = format!("STORE_VERSION: \"{NEXT_STORE}\"");
    world.write("roles/keeper/compose.yaml", &role.replace(&format!("STORE_VERSION: \"{OLD}\""), &next));
}

pub fn install_goes_one_way_only_if_told_and_after_a_backup(world: &World) {
    next_store(world);
    HOSTS.iter().for_each(|host| drop(called_on(world, host)));
    let install = |arguments: &[&str]| {
        let all = [&["install", "--yes", "--host", "one"], arguments].concat();
        inventory(world, OLD).run(&all)
    };
    let untouched = || {
        assert_eq!(containers(world, "one", "store"), format!("store_a {OLD} running"));
        world.on("one", "[ ! -e /var/pryv/.versions/store ] || grep -q ':1' /var/pryv/.versions/store");
    };
    install(&[])
        .ends_with(4)
        .says("one not-ready")
        .says("say --accept-irreversible: an older version cannot read the data again");
    assert_eq!(called_on(world, "one"), [""; 0]);
    untouched();
    world.on("one", "touch /root/backup-fails");
    let failed = install(&["--accept-irreversible"]).ends_with(5);
    failed.says("one failed").says("backup: the hook `backup: ").says("no room for the backup");
    assert_eq!(called_on(world, "one"), ["backup"]);
    untouched();
    world.on("one", "rm /root/backup-fails");
    install(&["--accept-irreversible"]).ends_with(0).says("one changed");
    assert_eq!(called_on(world, "one"), ["backup"]);
    assert_eq!(
        containers(world, "one", "store"),
        format!("store_a {OLD} exited, store_b {NEXT_STORE} running")
    );
    install(&[]).ends_with(0).says("one unchanged");
}

/// The store fails itself: the old one would be started again by the steps' own way back.
pub fn a_version_that_opened_the_data_and_is_ill_stays(world: &World) {
    world.on("two", &format!("echo {NEXT_STORE} >/var/pryv/store/ill"));
    let before = starts(world, "two");
    let one_way = ["--accept-irreversible", "--host", "two"];
    let failed = upgrade(world, OLD, &[], &one_way).ends_with(5);
    failed
        .says("two failed")
        .says("trial_store_b is not healthy")
        .says("may have changed the data of store")
        .says("run `docker stop trial_store_b`, restore the backup from before the change, and run `pryvctl rollback --data-restored`");
    assert_eq!(called_on(world, "two"), ["backup", "before", "after"]);
    let stays = format!("store_a {OLD} exited, store_b {NEXT_STORE} running");
    assert_eq!(containers(world, "two", "store"), stays);
    assert_eq!(starts(world, "two"), before + 1, "only the new one was started");
    world.on("two", "rm /var/pryv/store/ill");
    upgrade(world, OLD, &[], &["--host", "two"]).ends_with(0).says("two changed");
    assert_eq!(containers(world, "two", "store"), stays);
}

/// Something else fails, after the store did well; and others failed, after a host did well.
pub fn nobody_goes_back_to_an_older_version_on_newer_data(world: &World) {
    let (before, counted) = (served(world, "three"), starts(world, "three"));
    let back = |arguments: &[&str]| {
        inventory(world, NEW).run(&[&["rollback", "--yes", "--host", "three"], arguments].concat())
    };
    let rolled = ["--accept-irreversible", "--host", "two,three", "--on-failure", "rollback-all"];
    let failed = upgrade(world, NEW, &["three"], &rolled).ends_with(5);
    failed
        .says("three failed")
        .says("rolling back failed, too: a newer version has opened data that the older one cannot read");
    let stays = format!("store_a {OLD} exited, store_b {NEXT_STORE} running");
    assert_eq!(containers(world, "three", "store"), stays);
    assert_eq!(served(world, "three"), before, "what served serves");

    back(&[]).ends_with(4).says("run `docker stop trial_store_b`, restore the backup");
    back(&["--data-restored"]).ends_with(4).says("run `docker stop trial_store_b`, restore the backup");
    assert_eq!(containers(world, "three", "store"), stays);
    assert_eq!(starts(world, "three"), counted + 1, "only the new one was started");
    world.on("three", "docker stop trial_store_b");
    back(&["--data-restored"]).ends_with(0).says("three changed");
    assert_eq!(containers(world, "three", "store"), format!("store_a {OLD} running"));
    assert_eq!(served(world, "three").version, OLD);
    back(&[]).ends_with(0).says("three unchanged");
}

/// It is the first batch, and did well; the second fails, and everybody is to go back.
pub fn a_host_that_did_well_over_it_stays_when_others_fail(world: &World) {
    let (counted, two) = (starts(world, "three"), served(world, "two"));
    let rolled = ["--accept-irreversible", "--host", "three,two", "--on-failure", "rollback-all"];
    let failed = upgrade(world, NEW, &["two"], &rolled).ends_with(5);
    failed
        .says("two went-back")
        .says("three failed")
        .says("a newer version has opened data that the older one cannot read, so nothing more was changed")
        .says("run `docker stop trial_store_b`, restore the backup from before the change, and run `pryvctl rollback --data-restored`");
    let stays = format!("store_a {OLD} exited, store_b {NEXT_STORE} running");
    assert_eq!(containers(world, "three", "store"), stays);
    assert_eq!(starts(world, "three"), counted + 1, "only the new one was started");
    assert_eq!(served(world, "three").version, NEW, "it is not half of one and half of the other");
    assert_eq!(served(world, "two"), two);
    inventory(world, NEW).run(&["status", "--host", "three"]).ends_with(0);
}
