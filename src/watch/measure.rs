//! From what a host counts to what is kept: figures of one moment, and rates between two samples.

use crate::{
    facts::sample::{ContainerUse, Flow, Sample, Ticks},
    model::size::Bytes,
};

/// One figure of a host.
#[derive(Debug, Clone, PartialEq)]
pub struct Measure {
    /// What is measured, with its unit at the end, as Prometheus names metrics: `filesystem_free_bytes`.
    pub metric: &'static str,
    /// Of which part of the host: a mount point, a disk, an interface, a container; empty: of the host as a whole.
    pub part: String,
    /// The figure. A ratio is between 0 and 1, but for that of a container's processor time: 1 is one processor.
    pub value: f64,
}

/// What a sample says, with the rates since the one before. After a boot, and for a part that was not there before, there are
/// no rates.
pub fn measures(before: Option<&Sample>, now: &Sample) -> Vec<Measure> {
    let mut found = Measures::default();
    found.moment(now);
    let since =
        before.map(|before| (before, now.uptime - before.uptime)).filter(|(_, seconds)| *seconds > 0.0);
    if let Some((before, seconds)) = since {
        found.rates(before, now, seconds);
    }
    found.0
}

#[derive(Default)]
struct Measures(Vec<Measure>);

impl Measures {
    fn add(&mut self, metric: &'static str, part: &str, value: f64) {
        self.0.push(Measure { metric, part: part.to_owned(), value });
    }

    fn bytes(&mut self, metric: &'static str, part: &str, bytes: Bytes) {
        self.add(metric, part, count(bytes.0));
    }

    /// A counter's growth in a second; one that shrank began anew.
    fn rate(&mut self, metric: &'static str, part: &str, (before, now): (u64, u64), seconds: f64) {
        if let Some(grown) = now.checked_sub(before) {
            self.add(metric, part, count(grown) / seconds);
        }
    }

    fn moment(&mut self, now: &Sample) {
        self.add("uptime_seconds", "", now.uptime);
        for (metric, load) in ["load1", "load5", "load15"].into_iter().zip(now.load) {
            self.add(metric, "", load);
        }
        self.bytes("memory_total_bytes", "", now.memory.total);
        self.bytes("memory_free_bytes", "", now.memory.free);
        self.bytes("memory_available_bytes", "", now.memory.available);
        self.bytes("swap_total_bytes", "", now.memory.swap);
        self.bytes("swap_free_bytes", "", now.memory.swap_free);
        for (mount, filesystem) in &now.filesystems {
            let mount = mount.to_string_lossy();
            self.bytes("filesystem_size_bytes", &mount, filesystem.size);
            self.bytes("filesystem_free_bytes", &mount, filesystem.free);
            self.add("filesystem_inodes", &mount, count(filesystem.inodes));
            self.add("filesystem_inodes_free", &mount, count(filesystem.inodes_free));
        }
        for (name, container) in now.containers.iter().flatten() {
            self.container(name, container);
        }
    }

    fn container(&mut self, name: &str, found: &ContainerUse) {
        let is = |wanted: bool| if wanted { 1.0 } else { 0.0 };
        self.add("container_running", name, is(found.state == "running"));
        if let Some(health) = &found.health {
            self.add("container_healthy", name, is(health == "healthy"));
        }
        if let Some(memory) = found.memory {
            self.bytes("container_memory_bytes", name, memory);
        }
    }

    fn rates(&mut self, before: &Sample, now: &Sample, seconds: f64) {
        self.processors(before.cpu, now.cpu, seconds);
        let (old, new) = (before.memory, now.memory);
        self.rate("swap_in_pages_per_second", "", (old.swapped_in, new.swapped_in), seconds);
        self.rate("swap_out_pages_per_second", "", (old.swapped_out, new.swapped_out), seconds);
        self.rate("oom_kills_per_second", "", (before.oom_kills, now.oom_kills), seconds);
        for (resource, new) in &now.pressure {
            let Some(old) = before.pressure.get(resource) else { continue };
            let microseconds = seconds * 1e6;
            self.rate("pressure_some_ratio", resource, (old.some, new.some), microseconds);
            self.rate("pressure_full_ratio", resource, (old.full, new.full), microseconds);
        }
        for (disk, new) in &now.disks {
            let Some(old) = before.disks.get(disk) else { continue };
            self.rate("disk_reads_per_second", disk, (old.reads, new.reads), seconds);
            self.rate("disk_writes_per_second", disk, (old.writes, new.writes), seconds);
            self.rate("disk_read_bytes_per_second", disk, (old.read.0, new.read.0), seconds);
            self.rate("disk_written_bytes_per_second", disk, (old.written.0, new.written.0), seconds);
            self.rate("disk_busy_ratio", disk, (old.busy, new.busy), seconds * 1e3);
        }
        for (interface, new) in &now.interfaces {
            let Some(old) = before.interfaces.get(interface) else { continue };
            self.flow(RECEIVED, interface, (old.received, new.received), seconds);
            self.flow(SENT, interface, (old.sent, new.sent), seconds);
        }
        for (name, new) in now.containers.iter().flatten() {
            let old = before.containers.as_ref().and_then(|all| all.get(name));
            let Some(spent) = old.and_then(|old| old.cpu).zip(new.cpu) else { continue };
            self.rate("container_cpu_ratio", name, spent, seconds * 1e6);
        }
    }

    /// Shares of all processors' time, which is what was counted and not what a clock says.
    fn processors(&mut self, before: Ticks, now: Ticks, seconds: f64) {
        let parts = |of: Ticks| [of.user, of.system, of.iowait, of.steal, of.idle];
        let grown: Vec<u64> = parts(now)
            .into_iter()
            .zip(parts(before))
            .map(|(now, before)| now.saturating_sub(before))
            .collect();
        let all: u64 = grown.iter().sum();
        if all == 0 {
            return;
        }
        let names = ["cpu_user_ratio", "cpu_system_ratio", "cpu_iowait_ratio", "cpu_steal_ratio"];
        for (metric, share) in names.into_iter().zip(grown) {
            self.add(metric, "", count(share) / count(all));
        }
        // Each processor counts a hundred ticks a second, whatever it does.
        self.add("cpus", "", (count(all) / seconds / 100.0).round().max(1.0));
    }

    fn flow(&mut self, names: [&'static str; 4], interface: &str, (old, new): (Flow, Flow), seconds: f64) {
        let counters = |of: Flow| [of.bytes, of.packets, of.errors, of.drops];
        for ((metric, old), new) in names.into_iter().zip(counters(old)).zip(counters(new)) {
            self.rate(metric, interface, (old, new), seconds);
        }
    }
}

const RECEIVED: [&str; 4] = [
    "network_received_bytes_per_second",
    "network_received_packets_per_second",
    "network_received_errors_per_second",
    "network_received_drops_per_second",
];

const SENT: [&str; 4] = [
    "network_sent_bytes_per_second",
    "network_sent_packets_per_second",
    "network_sent_errors_per_second",
    "network_sent_drops_per_second",
];

/// Counters beyond 2^53 lose their last digits, which no figure shows.
#[expect(clippy::cast_precision_loss, reason = "said above")]
fn count(number: u64) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::sample::{DiskUse, read};

    const QUIET: &str = include_str!("../facts/sample/tests/quiet.txt");

    fn value(found: &[Measure], metric: &str, part: &str) -> Option<f64> {
        found.iter().find(|one| one.metric == metric && one.part == part).map(|one| one.value)
    }

    #[test]
    fn rates_are_of_the_time_that_the_host_counted() {
        let before = read(QUIET).unwrap();
        let mut now = before.clone();
        now.uptime += 60.0;
        now.cpu.user += 3000;
        now.cpu.idle += 9000;
        let disk = DiskUse { writes: before.disks["vda"].writes + 120, ..before.disks["vda"] };
        now.disks.insert("vda".to_owned(), disk);
        let found = measures(Some(&before), &now);
        assert_eq!(value(&found, "cpu_user_ratio", ""), Some(0.25));
        assert_eq!(value(&found, "cpus", ""), Some(2.0));
        assert_eq!(value(&found, "disk_writes_per_second", "vda"), Some(2.0));
        assert_eq!(value(&found, "disk_reads_per_second", "vda"), Some(0.0));
    }

    #[test]
    fn a_boot_and_a_counter_that_began_anew_make_no_rate() {
        let before = read(QUIET).unwrap();
        let mut now = before.clone();
        now.uptime = 5.0;
        assert_eq!(value(&measures(Some(&before), &now), "cpu_user_ratio", ""), None);
        now.uptime = before.uptime + 60.0;
        now.interfaces.get_mut("eth0").unwrap().received.bytes = 0;
        let found = measures(Some(&before), &now);
        assert_eq!(value(&found, "network_received_bytes_per_second", "eth0"), None);
        assert_eq!(value(&found, "network_sent_bytes_per_second", "eth0"), Some(0.0));
        assert_eq!(value(&found, "memory_total_bytes", ""), Some(24_684_092.0 * 1024.0));
    }
}
