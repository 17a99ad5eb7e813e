//! A host whose root is not our friend: whatever it says, the administrator's terminal shows it and does not obey it.

use super::world::{Ran, World};
use crate::terminal::{HOSTILE, harmless, shows};

const INVENTORY: &str = "
platform: hostile
domain: hostile.test
admin_networks: [192.0.2.0/24]
hardening: $NO_PACKAGES
roles: roles
zones: { z: {} }
hosts:
  one: { address: 192.0.2.1, zone: z, roles: [web] }
";

#[track_caller]
fn clean(what: &str, ran: &Ran) {
    harmless(what, ran.stdout.as_bytes());
    harmless(what, ran.stderr.as_bytes());
    shows(what, ran.said().as_bytes());
}

#[test]
fn what_a_host_says_is_shown_and_not_obeyed() {
    let world = World::up("hostile", INVENTORY);
    let lab = world.lab();
    let run = |command: &[&str]| world.run(&[command, &["inventory.yaml", &lab]].concat());
    // Files whose lines stand in the plan, and a name in every table.
    world.feed("one", "cat >/etc/ssh/sshd_config.d/00-pryvctl.conf", &format!("# {HOSTILE}\nPort 22\n"));
    world.feed(
        "one",
        "cat >/etc/os-release",
        &format!("ID=debian\nVERSION_ID=12\nPRETTY_NAME='Debian {HOSTILE}'\n"),
    );
    clean("plan", &run(&["plan"]).ends_with(0));
    clean("nobody says yes", &run(&["harden"]).ends_with(0));
    for form in ["text", "json", "yaml"] {
        clean(form, &run(&["preflight", "--output", form]));
    }
    for form in ["--report=table", "--report=html", "--report=sarif"] {
        let ran = run(&["harden", form]);
        harmless(form, ran.stdout.as_bytes());
        harmless(form, ran.stderr.as_bytes());
    }
    // At a terminal, where we move lines ourselves.
    let moved =
        world.run_at_terminal(&["harden", "inventory.yaml", &lab], &[("TERM", "xterm")], "n\n").said();
    let hostile = ["\u{1b}]52", "\u{1b}]0;t", "\u{9b}", "\u{202e}", "\u{2028}"]
        .into_iter()
        .find(|word| moved.contains(word));
    assert_eq!(hostile, None, "{moved:?}");
    assert!(moved.contains("evil\\x1b["), "{moved:?}");
    // A program of the host that fails with words of its own. What it says is several lines; none begins one of ours.
    world.feed(
        "one",
        "mv /usr/sbin/nft /usr/sbin/nft.kept; cat >/usr/sbin/nft; chmod 755 /usr/sbin/nft",
        &format!(
            "#!/bin/sh\ncase \"$*\" in *-f*) printf '%s\\n%s\\n' '{HOSTILE}' 'two: changed' >&2; exit 1;; esac\n\
             exec /usr/sbin/nft.kept \"$@\"\n"
        ),
    );
    let failed = run(&["harden", "--yes"]).ends_with(5);
    clean("a script that failed", &failed);
    assert!(!failed.said().lines().any(|line| line.starts_with("two: changed")), "{}", failed.said());
    world.on("one", "mv /usr/sbin/nft.kept /usr/sbin/nft");
    // Whoever holds the lock says who he is.
    world.feed("one", "mkdir -p /run/pryvctl; cat >/run/pryvctl/held", &format!("{HOSTILE}\n{HOSTILE}\n"));
    world.on(
        "one",
        "setsid sh -c 'exec 9>>/run/pryvctl/lock; flock 9; cat /run/pryvctl/held >/run/pryvctl/lock; \
         while sleep 1; do touch /run/pryvctl/lock; done' >/dev/null 2>&1 </dev/null & \
         until ! flock -n /run/pryvctl/lock true; do :; done",
    );
    clean("the owner of the lock", &run(&["harden", "--yes"]).ends_with(7));
    let journal = world.run(&["audit"]).ends_with(0);
    harmless("the journal", journal.stdout.as_bytes());
}
