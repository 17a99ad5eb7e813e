//! Two controllers at once, and controllers that are killed.

use super::{
    direct::Direct,
    trouble::{HOSTS, calm, forget_images, served},
    world::World,
};

/// The registry is held, so that the first controller holds its locks until it is killed.
pub fn second_controller(world: &World) {
    let before = calm(world);
    HOSTS.iter().for_each(|host| forget_images(world, host));
    let inventory = Direct::new(world, "locked", &before.next);
    world.docker("pause", "registry");
    let mut first = world.start(&inventory.arguments());
    HOSTS.iter().for_each(|_| first.until("1/"));
    let owner = format!("(pid {})", first.pid());
    let second = inventory.install();
    let looked = inventory.run(&["plan"]);
    first.kill();
    world.docker("unpause", "registry");
    second
        .ends_with(7)
        .says("one locked")
        .says(&format!("{owner} since 20"))
        .says("hint: wait until that run has ended; its lock ends with it, even if it is killed");
    looked.ends_with(0).says("one planned");
    HOSTS.iter().for_each(|host| before.still_serves(world, host));
    before.converge(world);
}

/// Wherever a controller is killed, something serves, and the next run arrives and leaves nothing behind.
pub fn killed_on_the_way(world: &World) {
    for moment in ["image.", "service.web.start", "service.web.cut-over"] {
        let before = calm(world);
        forget_images(world, "two");
        let mut run = world.start(&Direct::new(world, "killed", &before.next).arguments());
        run.until(if moment == "image." { "two: 1/" } else { moment });
        run.kill();
        HOSTS.iter().for_each(|host| drop(served(world, host)));
        before.converge(world);
        HOSTS.iter().for_each(|host| {
            let count = "docker ps --quiet --filter label=pryvctl.platform=trial | wc -l";
            assert_eq!(world.on(host, count).trim(), "1", "{moment}: containers on {host}");
        });
    }
}
