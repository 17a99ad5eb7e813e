//! Whether the machine is large enough.

use super::judge::judge;
use crate::{
    facts::{Facts, disk::Disk},
    model::{desired::Desired, size::Bytes},
    plan::finding::Finding,
};

/// A machine sold with 4 GB shows less, because the kernel and the filesystem keep some for themselves. Per cent.
const RESERVE: u128 = 7;

/// Free space without which no image can be pulled.
const LEAST_FREE: Bytes = Bytes(1_000_000_000);
/// Free share below which an administrator should know. Per cent.
const FREE_NOTED: u128 = 10;

pub(super) fn cpus(desired: &Desired, facts: &Facts) -> Finding {
    let needed = desired.needs.cpus;
    judge("cpus", &needed.to_string(), &facts.cpus, "run `nproc` on the host", |found| {
        let finding = Finding::ok("cpus", found, needed.to_string());
        if *found < needed { finding.failure(format!("give the host {needed} processors")) } else { finding }
    })
}

pub(super) fn memory(desired: &Desired, facts: &Facts) -> Finding {
    let needed = desired.needs.memory;
    judge("memory", &needed.to_string(), &facts.memory, "run `cat /proc/meminfo` on the host", |memory| {
        let finding = Finding::ok("memory", memory.total, needed.to_string());
        if large_enough(memory.total, needed) {
            finding
        } else {
            finding.failure(format!("give the host {needed} of memory"))
        }
    })
}

/// Docker's data root and the data folder; on one filesystem they need room for both.
pub(super) fn disks(desired: &Desired, facts: &Facts) -> [Finding; 2] {
    let needs = desired.needs;
    let mount = |disk: &Disk| disk.mount.clone();
    let shared = facts.docker_disk.known().map(mount) == facts.data_disk.known().map(mount);
    let both = Bytes(needs.disk.0.saturating_add(needs.data_disk.0));
    let (services, data) = if shared { (both, both) } else { (needs.disk, needs.data_disk) };
    let remedy = "run `df` on the host";
    [
        judge("disk", &services.to_string(), &facts.docker_disk, remedy, |found| {
            disk("disk", found, services)
        }),
        judge("data-disk", &data.to_string(), &facts.data_disk, remedy, |found| {
            disk("data-disk", found, data)
        }),
    ]
}

fn disk(check: &'static str, disk: &Disk, needed: Bytes) -> Finding {
    let (path, mount) = (disk.path.display(), disk.mount.display());
    let found = format!("{} on {mount} for {path}, {} free", disk.size, disk.free);
    let asked = if needed == Bytes(0) { "by need".to_owned() } else { needed.to_string() };
    let finding = Finding::ok(check, found, asked);
    let share = |part: u64, whole: u64, per_cent: u128| u128::from(part) * 100 < u128::from(whole) * per_cent;
    if !large_enough(disk.size, needed) {
        finding.failure(format!("give {path} a filesystem of {needed}"))
    } else if disk.free < LEAST_FREE {
        finding.failure(format!("free {LEAST_FREE} on {mount}; `du -xh -d 2 {mount}` shows what fills it"))
    } else if share(disk.free.0, disk.size.0, FREE_NOTED) {
        finding.warning(format!("{mount} is more than 90 % full; `du -xh -d 2 {mount}` shows with what"))
    } else if share(disk.inodes_free, disk.inodes, FREE_NOTED) {
        finding.warning(format!(
            "{mount} runs out of inodes; `du --inodes -x -d 2 {mount}` shows where they are"
        ))
    } else {
        finding
    }
}

fn large_enough(found: Bytes, needed: Bytes) -> bool {
    u128::from(found.0) * 100 >= u128::from(needed.0) * (100 - RESERVE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seven_per_cent_below_is_the_last_that_passes() {
        let four = Bytes(4_000_000_000);
        assert!(large_enough(Bytes(3_720_000_000), four));
        assert!(!large_enough(Bytes(3_719_999_999), four));
        assert!(large_enough(Bytes(0), Bytes(0)));
        assert!(large_enough(Bytes(u64::MAX), Bytes(u64::MAX)));
    }
}
