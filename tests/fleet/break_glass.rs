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
    let (wrong, no_root) = (admin("stranger"), admin(world.lab_file("id_ed25519").to_str().unwrap()));
    let password = format!(", sudo_password: {{ file: {} }} }}", world.lab_file("secrets/sudo").display());
    let right = no_root.replace(" }", &password);

    let named =
        "a: failure break-glass: found password login is enabled, and no `break_glass` access is configured";
    for command in [&["harden", "--yes"][..], &["harden", "--dry-run"], &["plan"]] {
        run(NO_SECOND_WAY, "", command).ends_with(4).says(named).says("pass --no-break-glass");
    }
    run(NO_SECOND_WAY, "", &["plan"]).says("sshd.block");
    run(NO_SECOND_WAY, "", &["preflight"]).ends_with(4).says("failure: a break-glass: add");
    run(NO_SECOND_WAY, "", &["harden", "--dry-run", "--no-break-glass"]).ends_with(0).says("sshd.block");
    run("wrong-way.yaml", &wrong, &["harden", "--yes"])
        .ends_with(4)
        .says("a: failure break-glass: found password login is enabled, and the `break_glass` login failed: login as `admin` refused");
    // Who comes in and cannot become root opens nothing.
    run("no-root.yaml", &no_root, &["harden", "--yes"])
        .ends_with(4)
        .says("the `break_glass` login failed: sudo asks `admin` for a password, and none is given")
        .says("`sudo_password` if sudo asks for one");
    run("right-way.yaml", &right, &["harden", "--dry-run"]).ends_with(0).says("sshd.block");
}
