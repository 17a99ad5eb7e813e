//! Which plots there are, and what each is made of.

use super::unit::Unit::{self, Bytes, BytesPerSecond, Count, PerSecond, Ratio};

/// What a line is made of.
#[derive(Debug, Clone, Copy)]
pub(super) enum Of {
    /// A metric as it is.
    Metric(&'static str),
    /// What is left of the first without the second.
    Without(&'static str, &'static str),
    /// The share of the first that the second is not.
    Used(&'static str, &'static str),
}

pub(super) struct Line {
    pub label: &'static str,
    pub of: Of,
}

pub(super) struct Plot {
    pub id: &'static str,
    pub section: &'static str,
    pub title: &'static str,
    pub unit: Unit,
    pub lines: &'static [Line],
}

const fn line(label: &'static str, metric: &'static str) -> Line {
    Line { label, of: Of::Metric(metric) }
}

const fn plot(
    id: &'static str,
    section: &'static str,
    title: &'static str,
    unit: Unit,
    lines: &'static [Line],
) -> Plot {
    Plot { id, section, title, unit, lines }
}

pub(super) const PLOTS: [Plot; 18] = [
    plot(
        "cpu",
        "Processors",
        "Processor time",
        Ratio,
        &[
            line("programs", "cpu_user_ratio"),
            line("kernel", "cpu_system_ratio"),
            line("waiting for disks", "cpu_iowait_ratio"),
            line("stolen", "cpu_steal_ratio"),
        ],
    ),
    plot(
        "load",
        "Processors",
        "Load",
        Count,
        &[line("1 min", "load1"), line("5 min", "load5"), line("15 min", "load15")],
    ),
    plot(
        "pressure",
        "Processors",
        "Pressure: time with somebody waiting",
        Ratio,
        &[line("", "pressure_some_ratio")],
    ),
    plot(
        "memory",
        "Memory",
        "Memory",
        Bytes,
        &[
            Line { label: "used", of: Of::Without("memory_total_bytes", "memory_available_bytes") },
            line("free", "memory_free_bytes"),
            line("all", "memory_total_bytes"),
        ],
    ),
    plot(
        "swap",
        "Memory",
        "Swap",
        Bytes,
        &[Line { label: "used", of: Of::Without("swap_total_bytes", "swap_free_bytes") }],
    ),
    plot(
        "swapping",
        "Memory",
        "Swapping, pages",
        PerSecond,
        &[line("in", "swap_in_pages_per_second"), line("out", "swap_out_pages_per_second")],
    ),
    plot(
        "filesystems",
        "Disks",
        "Filesystems: how full",
        Ratio,
        &[Line { label: "", of: Of::Used("filesystem_size_bytes", "filesystem_free_bytes") }],
    ),
    plot(
        "inodes",
        "Disks",
        "Inodes: how full",
        Ratio,
        &[Line { label: "", of: Of::Used("filesystem_inodes", "filesystem_inodes_free") }],
    ),
    plot("busy", "Disks", "Disks: how busy", Ratio, &[line("", "disk_busy_ratio")]),
    plot(
        "disk-bytes",
        "Disks",
        "Disks: data",
        BytesPerSecond,
        &[line("read", "disk_read_bytes_per_second"), line("written", "disk_written_bytes_per_second")],
    ),
    plot(
        "disk-requests",
        "Disks",
        "Disks: requests",
        PerSecond,
        &[line("read", "disk_reads_per_second"), line("written", "disk_writes_per_second")],
    ),
    plot(
        "network-bytes",
        "Network",
        "Data",
        BytesPerSecond,
        &[
            line("received", "network_received_bytes_per_second"),
            line("sent", "network_sent_bytes_per_second"),
        ],
    ),
    plot(
        "network-packets",
        "Network",
        "Packets",
        PerSecond,
        &[
            line("received", "network_received_packets_per_second"),
            line("sent", "network_sent_packets_per_second"),
        ],
    ),
    plot(
        "network-errors",
        "Network",
        "Errors",
        PerSecond,
        &[
            line("received", "network_received_errors_per_second"),
            line("sent", "network_sent_errors_per_second"),
        ],
    ),
    plot(
        "network-drops",
        "Network",
        "Dropped packets",
        PerSecond,
        &[
            line("received", "network_received_drops_per_second"),
            line("sent", "network_sent_drops_per_second"),
        ],
    ),
    plot("container-cpu", "Containers", "Processors in use", Count, &[line("", "container_cpu_ratio")]),
    plot("container-memory", "Containers", "Memory", Bytes, &[line("", "container_memory_bytes")]),
    plot("container-running", "Containers", "Running", Count, &[line("", "container_running")]),
];

/// Every metric that a plot is made of.
pub fn metrics() -> Vec<&'static str> {
    let lines = PLOTS.iter().flat_map(|plot| plot.lines);
    let mut all: Vec<_> = lines
        .flat_map(|line| match line.of {
            Of::Metric(one) => vec![one],
            Of::Without(whole, part) | Of::Used(whole, part) => vec![whole, part],
        })
        .collect();
    all.sort_unstable();
    all.dedup();
    all
}
