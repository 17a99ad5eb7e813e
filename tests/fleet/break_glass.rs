//! Passwords are switched off only beside a second way in.

use std::fs;

use super::{
    guard::CONSOLE,
    world::{Ran, World, tool},
};

/// The inventory that names none.
pub const NO_SECOND_WAY: &str = "no-second-way.yaml";

/// On a host that passwords still open. Nothing is changed: what is not refused only shows its plan.
pub fn passwords_go_only_beside_a_second_way(world: &World, inventory: &str) {
    let text = fs::read_to_string(world.path(inventory)).unwrap();
    let run = |file: &str, way: &str, command: &[&str]| -> Ran {
        world.write(file, &text.replace(CONSOLE, way));
        world.run(&[command, &["--host", "a", file]].concat())
    };
    let stranger = world.path("stranger");
    tool("ssh-keygen", &["-q", "-t", "ed25519", "-N", "", "-f", stranger.to_str().unwrap()]);
    let admin = |key: &str| format!("break_glass: {{ user: admin, identities: [{key}] }}");
    let (wrong, right) = (admin("stranger"), admin(world.lab_file("id_ed25519").to_str().unwrap()));

    let named = "a: failure break-glass: found passwords open the host, and nobody named a second way in";
    for command in [&["harden", "--yes"][..], &["harden", "--dry-run"], &["plan"]] {
        run(NO_SECOND_WAY, "", command).ends_with(4).says(named).says("say --no-break-glass");
    }
    run(NO_SECOND_WAY, "", &["plan"]).says("sshd.block");
    run(NO_SECOND_WAY, "", &["preflight"]).ends_with(4).says("failure: a break-glass: name one");
    run(NO_SECOND_WAY, "", &["harden", "--dry-run", "--no-break-glass"]).ends_with(0).says("sshd.block");
    run("wrong-way.yaml", &wrong, &["harden", "--yes"])
        .ends_with(4)
        .says("a: failure break-glass: found passwords open the host, and the second login does not open it: login as `admin` refused");
    run("right-way.yaml", &right, &["harden", "--dry-run"]).ends_with(0).says("sshd.block");
}
