//! The families of metrics of a host, for stores that make rates themselves: counters as the host counts them, in base units.

use crate::{
    facts::sample::{ContainerUse, DiskUse, Filesystem, Flow, Pressure, Sample, Traffic},
    model::size::Bytes,
};

/// How Prometheus takes a family.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// It only grows, but for when it begins anew.
    Counter,
    /// A figure of the moment.
    Gauge,
}

impl Kind {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
        }
    }
}

/// One row: the labels that tell it from others of its host, and the figure.
pub type Row = (Vec<(&'static str, String)>, f64);

/// A family of metrics.
pub struct Family {
    /// Its name without what all have in front.
    pub name: &'static str,
    /// How it is taken.
    pub kind: Kind,
    /// What it is.
    pub help: &'static str,
    /// Its rows of a host.
    pub read: fn(&Sample) -> Vec<Row>,
}

impl Family {
    /// Its name in the store.
    pub fn whole_name(&self) -> String {
        format!("pryvctl_host_{}", self.name)
    }
}

const fn counter(name: &'static str, help: &'static str, read: fn(&Sample) -> Vec<Row>) -> Family {
    Family { name, kind: Kind::Counter, help, read }
}

const fn gauge(name: &'static str, help: &'static str, read: fn(&Sample) -> Vec<Row>) -> Family {
    Family { name, kind: Kind::Gauge, help, read }
}

/// All of them.
pub const FAMILIES: &[Family] = &[
    gauge("uptime_seconds", "Time since the boot.", |it| one(it.uptime)),
    gauge("load1", "Processes that ran or waited, the mean of 1 minute.", |it| one(it.load[0])),
    gauge("load5", "Processes that ran or waited, the mean of 5 minutes.", |it| one(it.load[1])),
    gauge("load15", "Processes that ran or waited, the mean of 15 minutes.", |it| one(it.load[2])),
    counter("cpu_seconds_total", "What the processors did, all of them together.", processors),
    counter("pressure_waiting_seconds_total", "Time with a process that waited for a resource.", |it| {
        pressure(it, |found| found.some)
    }),
    counter("pressure_stalled_seconds_total", "Time with all processes waiting for a resource.", |it| {
        pressure(it, |found| found.full)
    }),
    gauge("memory_size_bytes", "Memory that the kernel manages.", |it| bytes(it.memory.total)),
    gauge("memory_free_bytes", "Memory that holds nothing.", |it| bytes(it.memory.free)),
    gauge("memory_available_bytes", "Memory that programs can get without swapping.", |it| {
        bytes(it.memory.available)
    }),
    gauge("swap_size_bytes", "Swap.", |it| bytes(it.memory.swap)),
    gauge("swap_free_bytes", "Swap that holds nothing.", |it| bytes(it.memory.swap_free)),
    counter("swapped_in_pages_total", "Pages that came back from swap.", |it| {
        one(count(it.memory.swapped_in))
    }),
    counter("swapped_out_pages_total", "Pages that went to swap.", |it| one(count(it.memory.swapped_out))),
    counter("oom_kills_total", "Processes that the kernel ended because memory was short.", |it| {
        one(count(it.oom_kills))
    }),
    counter("disk_reads_completed_total", "Reads that ended.", |it| disks(it, |disk| count(disk.reads))),
    counter("disk_read_bytes_total", "What was read.", |it| disks(it, |disk| count(disk.read.0))),
    counter("disk_writes_completed_total", "Writes that ended.", |it| disks(it, |disk| count(disk.writes))),
    counter("disk_written_bytes_total", "What was written.", |it| disks(it, |disk| count(disk.written.0))),
    counter("disk_busy_seconds_total", "Time with a request under way.", |it| {
        disks(it, |disk| count(disk.busy) / 1e3)
    }),
    gauge("filesystem_size_bytes", "Size of the filesystem.", |it| {
        filesystems(it, |found| count(found.size.0))
    }),
    gauge("filesystem_free_bytes", "Space that users other than root can still write to.", |it| {
        filesystems(it, |found| count(found.free.0))
    }),
    gauge("filesystem_inodes", "Inodes of the filesystem.", |it| {
        filesystems(it, |found| count(found.inodes))
    }),
    gauge("filesystem_inodes_free", "Free inodes.", |it| filesystems(it, |found| count(found.inodes_free))),
    counter("network_received_bytes_total", "Bytes received.", |it| {
        flows(it, |it| it.received, |it| it.bytes)
    }),
    counter("network_sent_bytes_total", "Bytes sent.", |it| flows(it, |it| it.sent, |it| it.bytes)),
    counter("network_received_packets_total", "Packets received.", |it| {
        flows(it, |it| it.received, |it| it.packets)
    }),
    counter("network_sent_packets_total", "Packets sent.", |it| flows(it, |it| it.sent, |it| it.packets)),
    counter("network_received_errors_total", "Packets received with an error.", |it| {
        flows(it, |it| it.received, |it| it.errors)
    }),
    counter("network_sent_errors_total", "Packets that an error kept from being sent.", |it| {
        flows(it, |it| it.sent, |it| it.errors)
    }),
    counter("network_received_drops_total", "Packets received and dropped.", |it| {
        flows(it, |it| it.received, |it| it.drops)
    }),
    counter("network_sent_drops_total", "Packets dropped before they were sent.", |it| {
        flows(it, |it| it.sent, |it| it.drops)
    }),
    gauge("container_running", "Whether the container runs.", |it| {
        containers(it, |found| Some(truth(found.state == "running")))
    }),
    gauge("container_healthy", "Whether the health check of the container passes.", |it| {
        containers(it, |found| found.health.as_ref().map(|health| truth(health == "healthy")))
    }),
    counter("container_cpu_seconds_total", "Processor time of the container.", |it| {
        containers(it, |found| found.cpu.map(|spent| count(spent) / 1e6))
    }),
    gauge("container_memory_bytes", "Memory of the container, with what is cached of its files.", |it| {
        containers(it, |found| found.memory.map(|memory| count(memory.0)))
    }),
];

/// The kernel counts a hundredth of a second.
const TICKS: f64 = 100.0;

fn processors(sample: &Sample) -> Vec<Row> {
    let spent = sample.cpu;
    let modes = [
        ("user", spent.user),
        ("system", spent.system),
        ("iowait", spent.iowait),
        ("steal", spent.steal),
        ("idle", spent.idle),
    ];
    modes.into_iter().map(|(mode, ticks)| (vec![("mode", mode.to_owned())], count(ticks) / TICKS)).collect()
}

fn pressure(sample: &Sample, of: fn(&Pressure) -> u64) -> Vec<Row> {
    let row = |(resource, found): (&String, &Pressure)| {
        (vec![("resource", resource.clone())], count(of(found)) / 1e6)
    };
    sample.pressure.iter().map(row).collect()
}

fn disks(sample: &Sample, of: fn(&DiskUse) -> f64) -> Vec<Row> {
    sample.disks.iter().map(|(disk, found)| (vec![("device", disk.clone())], of(found))).collect()
}

fn filesystems(sample: &Sample, of: fn(&Filesystem) -> f64) -> Vec<Row> {
    let rows = sample.filesystems.iter();
    rows.map(|(mount, found)| (vec![("mountpoint", mount.to_string_lossy().into_owned())], of(found)))
        .collect()
}

fn flows(sample: &Sample, direction: fn(&Traffic) -> Flow, of: fn(Flow) -> u64) -> Vec<Row> {
    let rows = sample.interfaces.iter();
    rows.map(|(name, found)| (vec![("device", name.clone())], count(of(direction(found))))).collect()
}

fn containers(sample: &Sample, of: fn(&ContainerUse) -> Option<f64>) -> Vec<Row> {
    let rows = sample.containers.iter().flatten();
    rows.filter_map(|(name, found)| Some((vec![("container", name.clone())], of(found)?))).collect()
}

fn one(value: f64) -> Vec<Row> {
    vec![(Vec::new(), value)]
}

fn bytes(bytes: Bytes) -> Vec<Row> {
    one(count(bytes.0))
}

fn truth(is: bool) -> f64 {
    if is { 1.0 } else { 0.0 }
}

/// Counters beyond 2^53 lose their last digits, which no rate shows.
#[expect(clippy::cast_precision_loss, reason = "said above")]
fn count(number: u64) -> f64 {
    number as f64
}
