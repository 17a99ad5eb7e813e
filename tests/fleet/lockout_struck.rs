//! Something happens to pryvctl, or to the host, while it works.

use std::{
    thread,
    time::{Duration, Instant},
};

use super::{
    guard::{BOOT, WINDOW, gateways, harden, inventory, late, logs_in, until},
    lockout::{Cause, Place, Trial},
    world::{Ran, Started},
};

/// Makes it happen, and gives what was seen.
pub type Blow = fn(Place) -> String;

/// All of them.
pub fn trials() -> Vec<Trial> {
    let trials: [(&str, Blow); 21] = [
        ("the admin networks are wrong", |place| healed(place, NOBODY)),
        ("the admin networks name IPv6 only", |place| healed(place, &only_six(place))),
        ("the inventory names a wrong port", wrong_port),
        ("the controller is killed while it looks", |place| killed(place, &LOOKS)),
        ("the controller is killed while the host checks", |place| killed(place, &CHECKS)),
        ("the controller is killed while the host saves", |place| killed(place, &SAVES)),
        ("the controller is killed while the host arms", |place| killed(place, &ARMS)),
        ("the controller is killed before the timer runs", |place| killed(place, &TIMER)),
        ("the controller is killed while the rules are loaded", |place| killed(place, &CHANGES)),
        ("the controller is killed while it logs in again", killed_cut_off),
        ("the controller is killed before its confirmation counts", killed_unconfirmed),
        ("the controller is killed after its confirmation counts", killed_confirmed),
        ("the host restarts once the timer runs", |place| restarted(place, &CHANGES)),
        ("the host restarts with rules that cut us off", restarted_cut_off),
        ("the host restarts in the middle of taking back", restarted_undoing),
        ("the link is cut in the middle of the change", link_cut),
        ("the disk is full before the host arms", disk_full),
        ("/var is read-only", read_only),
        ("two controllers at once", two_controllers),
        ("the clock jumps", clock),
        ("somebody asks for a second factor, from the next reload on", second_factor),
    ];
    trials.map(|(name, blow)| Trial { name, cause: Cause::Struck(blow) }).into()
}

/// None of ours.
const NOBODY: &str = "198.51.100.0/24";

fn only_six(Place { world, .. }: Place) -> String {
    format!("'{}/128'", world.gateways().1)
}

/// A program of the host that waits at one of its calls until it is let go.
pub struct Stage {
    program: &'static str,
    /// Its arguments, as a shell pattern.
    call: &'static str,
    /// Where pryvctl's own run has its rules from.
    admins: Admins,
}

enum Admins {
    Wrong,
    Right,
}

pub const fn stage(program: &'static str, call: &'static str) -> Stage {
    Stage { program, call, admins: Admins::Wrong }
}

const LOOKS: Stage = stage("/usr/sbin/nft", "list tables");
const CHECKS: Stage = stage("/usr/sbin/nft", "-c -j -f -");
const SAVES: Stage = stage("/usr/sbin/nft", "-c -f /var/lib/pryvctl/guard/*");
const ARMS: Stage = stage("/usr/bin/systemctl", "enable -q pryvctl-guard.service");
const TIMER: Stage = stage("/usr/bin/systemctl", "start pryvctl-guard.timer");
const CHANGES: Stage = stage("/usr/sbin/nft", "-j -f -");
pub const CONFIRMS: Stage = Stage { admins: Admins::Right, ..stage("/usr/bin/mv", "*/armed */confirmed") };
const CONFIRMED: Stage =
    Stage { admins: Admins::Right, ..stage("/usr/bin/systemctl", "stop pryvctl-guard.timer") };
const UNDOES: Stage = stage("/usr/sbin/nft", "-f /var/lib/pryvctl/guard/firewall.nft");

/// The inventory of one host.
pub fn file(Place { world, host }: Place, admins: &str) -> String {
    let file = format!("{host}.yaml");
    inventory(world, &file, admins, &[(host, world.addresses(host).0)]);
    file
}

impl Stage {
    /// Puts the waiting program in the place of the real one.
    fn set(&self, Place { world, host }: Place) {
        let Self { program, call, .. } = self;
        let pattern = call.replace(' ', "\\ ");
        world.on(
            host,
            &format!(
                "mkdir -p /run/trial/wait; mv {program} {program}.real; cat > {program} <<'END'
#!/bin/sh
case \"$*\" in
{pattern}) if rmdir /run/trial/wait 2>/dev/null; then : > /run/trial/here; until [ -e /run/trial/go ]; do sleep 0.1; done; fi ;;
esac
exec {program}.real \"$@\"
END
chmod 755 {program}"
            ),
        );
    }

    /// Starts a run and gives it when the host waits.
    fn reached(&self, place: Place) -> Started {
        let admins = match self.admins {
            Admins::Wrong => NOBODY.to_owned(),
            Admins::Right => gateways(place.world),
        };
        self.reached_by(place, &file(place, &admins))
    }

    /// The same by an inventory.
    pub fn reached_by(&self, place: Place, file: &str) -> Started {
        self.set(place);
        let run = place.world.start(&harden(file));
        self.awaited(place);
        run
    }

    /// Waits until the host waits.
    pub fn awaited(&self, Place { world, host }: Place) {
        world.on(host, "timeout 60 sh -c 'until [ -e /run/trial/here ]; do sleep 0.1; done'");
    }

    /// The host goes on, and waits at the next such call.
    pub fn go_to_next(&self, place: Place) {
        self.go(place);
        place.world.on(place.host, "sleep 0.5; rm /run/trial/go /run/trial/here; mkdir /run/trial/wait");
    }

    /// The host goes on.
    pub fn go(&self, Place { world, host }: Place) {
        world.on(host, "mkdir -p /run/trial; : > /run/trial/go");
    }

    pub fn unset(&self, Place { world, host }: Place) {
        world.on(host, &format!("mv {0}.real {0}; rm -rf /run/trial", self.program));
    }
}

/// The run is refused by its own host, which takes the change back.
fn healed(place: Place, admins: &str) -> String {
    let mut run = place.world.start(&harden(&file(place, admins)));
    run.until("the host reverts the next change after 24 s unless it is confirmed");
    let armed = Instant::now();
    let ran = run.finish();
    let took = armed.elapsed();
    taken_back(ran);
    assert!(took <= WINDOW + late(), "{took:?}");
    format!("back after {:.1} s", took.as_secs_f32())
}

fn taken_back(ran: Ran) {
    ran.ends_with(5)
        .says("connection lost; the host reverts the change within 24 s")
        .says("the host reverted it, and the old access works again")
        .says("hint: check `admin_networks`");
}

fn wrong_port(place: Place) -> String {
    let file = file(place, &gateways(place.world));
    let text = std::fs::read_to_string(place.world.path(&file)).unwrap();
    place.world.write(&file, &text.replace("ssh: {", "ssh: { port: 2222,"));
    place.world.run(&harden(&file)).ends_with(8).says("nothing listens on port 2222");
    "refused before anything was touched".to_owned()
}

/// Nobody tidies up but the host.
fn killed(place: Place, stage: &Stage) -> String {
    stage.reached(place).kill();
    let since = Instant::now();
    assert!(logs_in(place.world, place.host), "no login");
    stage.go(place);
    comes_back(place, since, 2 * (WINDOW + late()), stage)
}

/// What confirms arrives when the host has already taken the change back.
fn killed_unconfirmed(place: Place) -> String {
    CONFIRMS.reached(place).kill();
    let since = Instant::now();
    place
        .world
        .on(place.host, "timeout 30 sh -c 'while [ -e /var/lib/pryvctl/guard/armed ]; do sleep 0.1; done'");
    assert!(since.elapsed() <= WINDOW + late(), "{:?}", since.elapsed());
    CONFIRMS.go(place);
    comes_back(place, since, 2 * (WINDOW + late()), &CONFIRMS)
}

/// Waits until nothing is armed any more and a login works.
pub fn comes_back(place: Place, since: Instant, longest: Duration, stage: &Stage) -> String {
    let quiet = "pgrep -f 'pryvctl-[g]uard|pryvctl/[g]uard|inet [p]ryvctl' >/dev/null || ls -A /var/lib/pryvctl 2>/dev/null | grep -qvx originals";
    until(longest, || {
        place.world.on(place.host, &format!("{{ {quiet}; }} && echo no || echo yes")) == "yes\n"
    });
    let took = since.elapsed();
    assert!(logs_in(place.world, place.host), "no login");
    stage.unset(place);
    format!("in order after {:.1} s", took.as_secs_f32())
}

fn killed_cut_off(place: Place) -> String {
    cut_off(place).kill();
    let since = Instant::now();
    assert!(!logs_in(place.world, place.host), "it was not cut off");
    until(WINDOW + late(), || logs_in(place.world, place.host));
    format!("back after {:.1} s", since.elapsed().as_secs_f32())
}

/// A run whose rules stand and let nobody in.
fn cut_off(place: Place) -> Started {
    let mut run = place.world.start(&harden(&file(place, NOBODY)));
    run.until("the host reverts the next change after 24 s unless it is confirmed");
    place.world.on(place.host, "until nft list table inet pryvctl >/dev/null 2>&1; do sleep 0.1; done");
    run
}

/// The change stands, and the next run goes on from there.
fn killed_confirmed(place: Place) -> String {
    CONFIRMED.reached(place).kill();
    CONFIRMED.go(place);
    thread::sleep(WINDOW);
    assert!(place.world.on(place.host, "nft list tables").contains("inet pryvctl"), "it was taken back");
    CONFIRMED.unset(place);
    let file = file(place, &gateways(place.world));
    place.world.run(&harden(&file)).ends_with(0);
    place.world.run(&harden(&file)).ends_with(0).says("unchanged");
    place.world.run(&["uninstall", &file, "--yes"]).ends_with(0);
    place.world.on(place.host, "rm -rf /etc/pryvctl /var/lib/pryvctl");
    "stands, and the next run went on".to_owned()
}

fn restarted(place: Place, stage: &Stage) -> String {
    let run = stage.reached(place);
    let since = Instant::now();
    place.world.docker("restart", place.host);
    drop(run);
    until(BOOT, || logs_in(place.world, place.host));
    comes_back(place, since, BOOT, stage)
}

fn restarted_cut_off(place: Place) -> String {
    let run = cut_off(place);
    place.world.docker("restart", place.host);
    drop(run);
    until(BOOT, || logs_in(place.world, place.host));
    "back with the host".to_owned()
}

fn restarted_undoing(place: Place) -> String {
    let run = UNDOES.reached(place);
    let since = Instant::now();
    place.world.on(place.host, "test -e /var/lib/pryvctl/guard/undoing");
    place.world.docker("restart", place.host);
    drop(run);
    until(BOOT, || logs_in(place.world, place.host));
    comes_back(place, since, BOOT, &UNDOES)
}

/// Everything is dropped from the middle of the change until the host has taken it back.
fn link_cut(place: Place) -> String {
    let run = CHANGES.reached(place);
    let cut = "table inet cut { chain c { type filter hook input priority -300; policy drop; }; }";
    place.world.on(place.host, &format!("nft '{cut}'"));
    CHANGES.go(place);
    place.world.on(
        place.host,
        "timeout 30 sh -c 'while [ -e /var/lib/pryvctl/guard ]; do sleep 0.1; done'; nft delete table inet cut",
    );
    let back = Instant::now();
    run.finish().ends_with(5).says("the host reverted it, and the old access works again");
    comes_back(place, back, BOOT, &CHANGES)
}

fn disk_full(place: Place) -> String {
    let Place { world, host } = place;
    world.on(
        host,
        "mkdir -p /var/lib/pryvctl && mount -t tmpfs -o size=4k tmpfs /var/lib/pryvctl; mkdir /var/lib/pryvctl/guard
         yes > /var/lib/pryvctl/full 2>/dev/null || true",
    );
    let ran = world.run(&harden(&file(place, &gateways(world)))).ends_with(5);
    ran.says("originals.record: ").says("No space left on device").says("free space");
    world.on(host, "umount /var/lib/pryvctl");
    "not begun".to_owned()
}

fn read_only(place: Place) -> String {
    let Place { world, host } = place;
    world.on(host, "mount --bind /var/lib /var/lib; mount -o remount,bind,ro /var/lib");
    let ran = world.run(&harden(&file(place, &gateways(world)))).ends_with(5);
    ran.says("Read-only file system");
    world.on(host, "umount /var/lib");
    "not begun".to_owned()
}

fn two_controllers(place: Place) -> String {
    let first = CHECKS.reached(place);
    place.world.run(&harden(&file(place, NOBODY))).ends_with(7).says("locked");
    CHECKS.go(place);
    taken_back(first.finish());
    CHECKS.unset(place);
    "the second was refused, the first taken back".to_owned()
}

/// Our own block comes first, and takes it back.
fn second_factor(place: Place) -> String {
    let site = "/etc/ssh/sshd_config.d/50-site.conf";
    place.world.on(place.host, &format!("echo 'AuthenticationMethods publickey,password' > {site}"));
    let file = file(place, &gateways(place.world));
    place.world.run(&harden(&file)).ends_with(0);
    assert!(logs_in(place.world, place.host), "no login");
    place.world.on(place.host, &format!("rm {site}"));
    place.world.run(&["uninstall", &file, "--yes"]).ends_with(0);
    "overruled".to_owned()
}

/// The clock of the lab is the machine's, so it is not set here; what the timer counts by is seen.
fn clock(place: Place) -> String {
    let run = CHANGES.reached(place);
    let timer =
        place.world.on(place.host, "systemctl show -p TimersMonotonic -p TimersCalendar pryvctl-guard.timer");
    CHANGES.go(place);
    taken_back(run.finish());
    CHANGES.unset(place);
    assert!(timer.contains("OnActiveUSec=10s") && !timer.contains("OnCalendar"), "{timer}");
    "the timer counts by a clock that nobody can set".to_owned()
}
