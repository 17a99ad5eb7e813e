//! The distribution, the kernel, systemd and the clock.

use super::judge::{judge, version};
use crate::{
    facts::{Facts, cgroup::Cgroup, kernels::newer},
    plan::finding::Finding,
};

/// The controller's clock around the survey, in seconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ControllerClock {
    /// Just before the questions left.
    pub sent: f64,
    /// Just after the answer arrived.
    pub received: f64,
}

/// Oldest and newest release of each distribution that is supported.
const DISTRIBUTIONS: [(&str, &str, &str); 2] = [("debian", "11", "13"), ("ubuntu", "20.04", "24.04")];
const DISTRIBUTION: &str = "Debian 11 to 13 or Ubuntu 20.04 to 24.04";

pub(super) fn distribution(facts: &Facts) -> Finding {
    let remedy = "install the host with a supported distribution";
    judge("os", DISTRIBUTION, &facts.os, remedy, |os| {
        let finding = Finding::ok("os", &os.title, DISTRIBUTION);
        let Some((_, oldest, newest)) = DISTRIBUTIONS.iter().find(|(id, ..)| *id == os.id) else {
            return finding.failure(remedy);
        };
        match version(&os.version) {
            Some(found) if Some(found) < version(oldest) => finding.failure(remedy),
            Some(found) if Some(found) <= version(newest) => finding,
            Some(_) | None => finding.warning("this release is newer than any pryvctl was tried on"),
        }
    })
}

/// Ubuntu 20.04's, the oldest of the supported distributions.
const OLDEST_KERNEL: (u32, u32) = (5, 4);

pub(super) fn kernel(facts: &Facts) -> Finding {
    let remedy =
        "boot the distribution's own kernel (`apt-get install linux-image-amd64` or `linux-generic`)";
    judge("kernel", "Linux 5.4 or newer", &facts.kernel, remedy, |kernel| {
        let finding = Finding::ok("kernel", kernel, "Linux 5.4 or newer");
        if kernel.name == "Linux" && version(&kernel.release) >= Some(OLDEST_KERNEL) {
            finding
        } else {
            finding.failure(remedy)
        }
    })
}

pub(super) fn architecture(facts: &Facts) -> Finding {
    let (needed, remedy) = ("x86_64 or aarch64", "take a host with a 64 bit processor and system");
    judge("architecture", needed, &facts.kernel, remedy, |kernel| {
        let finding = Finding::ok("architecture", &kernel.machine, needed);
        match kernel.machine.as_str() {
            "x86_64" | "aarch64" => finding,
            _ => finding.failure(remedy),
        }
    })
}

pub(super) fn systemd(facts: &Facts) -> Finding {
    let remedy = "install the host with a distribution that boots systemd";
    judge("systemd", "running", &facts.init, remedy, |init| {
        let state = init.state.as_deref().unwrap_or("absent");
        if init.name != "systemd" {
            return Finding::ok("systemd", format!("process 1 is {}", init.name), "running").failure(remedy);
        }
        match state {
            "running" => Finding::ok("systemd", state, "running"),
            "degraded" => {
                let found = format!("degraded ({} failed)", init.failed.join(", "));
                let remedy =
                    "`systemctl --failed` shows the failed units; fix them, then `systemctl reset-failed`";
                Finding::ok("systemd", found, "running").warning(remedy)
            }
            "initializing" | "starting" => {
                Finding::ok("systemd", state, "running").warning("the host is still booting; look again")
            }
            _ => Finding::ok("systemd", state, "running")
                .failure("bring the host to normal operation with `systemctl default`"),
        }
    })
}

pub(super) fn cgroup(facts: &Facts) -> Finding {
    let needed = "mounted at /sys/fs/cgroup";
    judge("cgroup", needed, &facts.cgroup, "boot with systemd, which mounts the control groups", |cgroup| {
        let found = match cgroup {
            Cgroup::V2 => "version 2",
            Cgroup::V1 => "version 1",
        };
        Finding::ok("cgroup", found, needed)
    })
}

pub(super) fn restart(facts: &Facts) -> Finding {
    let needed = "no restart of the host pending";
    judge("restart", needed, &facts.boot, "run `cat /proc/sys/kernel/random/boot_id` on the host", |boot| {
        if boot.restart_pending {
            let remedy =
                "an upgrade asks for it (see /run/reboot-required.pkgs): `systemctl reboot` when it suits";
            Finding::ok("restart", "pending", needed).warning(remedy)
        } else {
            Finding::ok("restart", "none pending", needed)
        }
    })
}

/// What an upgrade of the kernel still waits for; nothing is held back by it.
pub(super) fn newer_kernel(facts: &Facts) -> Option<Finding> {
    let shares = facts.virtualisation.known().is_some_and(|kind| CONTAINERS.contains(&kind.as_str()));
    let running = facts.kernel.known().filter(|_| !shares)?;
    let newer = newer(facts.kernels.known()?, running)?;
    let found = format!("{running}, and {newer} is installed");
    let needed = "the newest installed kernel running";
    Some(Finding::ok("newer-kernel", found, needed).warning("`systemctl reboot` when it suits"))
}

/// Seconds of difference that certificates and logs still bear.
pub const SKEW_NOTED: f64 = 2.0;
/// Seconds of difference at which tokens and replication go wrong.
const SKEW_REFUSED: f64 = 30.0;
/// Kinds of virtualisation that share the clock of the machine they run on.
const CONTAINERS: [&str; 5] = ["docker", "lxc", "lxc-libvirt", "podman", "systemd-nspawn"];

pub(super) fn clock(facts: &Facts, controller: &ControllerClock) -> Finding {
    let needed = "within 2 s of the controller, kept by a time service";
    let set = "set the clock: `apt-get install systemd-timesyncd`, then `timedatectl set-ntp true`";
    judge("clock", needed, &facts.clock, "run `date +%s.%N` on the host", |clock| {
        let skew = skew(clock.epoch, controller);
        let kept = clock.kept_by.as_deref().unwrap_or("nothing");
        let finding = Finding::ok("clock", format!("{skew:.1} s off, kept by {kept}"), needed);
        let container = facts.virtualisation.known().is_some_and(|kind| CONTAINERS.contains(&kind.as_str()));
        match skew.abs() {
            off if off > SKEW_REFUSED => finding.failure(set),
            off if off > SKEW_NOTED => finding.warning(set),
            _ if clock.kept_by.is_none() && !container => finding.warning(set),
            _ => finding,
        }
    })
}

/// How far the host is ahead, in seconds. It answered somewhere between sending and receiving, so half the round
/// trip may be the way and counts for the host.
pub fn skew(host: f64, controller: &ControllerClock) -> f64 {
    let half = (controller.received - controller.sent).abs() / 2.0;
    let ahead = host - f64::midpoint(controller.sent, controller.received);
    let certain = (ahead.abs() - half).max(0.0);
    if ahead < 0.0 && certain > 0.0 { -certain } else { certain }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_of_the_answer_is_no_skew() {
        let quick = ControllerClock { sent: 100.0, received: 101.0 };
        assert!(skew(100.0, &quick).abs() < 1e-9 && skew(101.0, &quick).abs() < 1e-9);
        assert!((skew(103.0, &quick) - 2.0).abs() < 1e-9);
        assert!((skew(98.0, &quick) + 2.0).abs() < 1e-9);
        let slow = ControllerClock { sent: 100.0, received: 120.0 };
        assert!(skew(119.0, &slow).abs() < 1e-9);
    }
}
