//! What a host counts.

use std::{collections::BTreeMap, path::PathBuf};

use crate::model::size::Bytes;

/// What a host counted at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// Seconds since the boot.
    pub uptime: f64,
    /// The mean number of processes that ran or waited, over 1, 5 and 15 minutes.
    pub load: [f64; 3],
    /// What the processors did, all of them together.
    pub cpu: Ticks,
    /// Main memory and swap.
    pub memory: MemoryUse,
    /// Processes that the kernel ended because memory was short, since the boot.
    pub oom_kills: u64,
    /// For how long processes waited, by what they waited for (`cpu`, `memory`, `io`); empty: the kernel does not count it.
    pub pressure: BTreeMap<String, Pressure>,
    /// Disks that were used since the boot, by their names.
    pub disks: BTreeMap<String, DiskUse>,
    /// Network interfaces but the loopback, by their names.
    pub interfaces: BTreeMap<String, Traffic>,
    /// Filesystems on disks, by their mount points.
    pub filesystems: BTreeMap<PathBuf, Filesystem>,
    /// The platform's containers by their names; `None`: Docker does not run, or did not answer.
    pub containers: Option<BTreeMap<String, ContainerUse>>,
}

/// Time of processors since the boot, in ticks of the kernel: a hundredth of a second on every Debian.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ticks {
    /// In programs.
    pub user: u64,
    /// In the kernel, with interrupts.
    pub system: u64,
    /// Idle.
    pub idle: u64,
    /// Idle while a process waited for a disk.
    pub iowait: u64,
    /// Taken by the machine below this virtual one.
    pub steal: u64,
}

/// Main memory and swap.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MemoryUse {
    /// What the kernel manages.
    pub total: Bytes,
    /// What holds nothing at all.
    pub free: Bytes,
    /// What programs can still get without swapping.
    pub available: Bytes,
    /// Swap.
    pub swap: Bytes,
    /// Swap that holds nothing.
    pub swap_free: Bytes,
    /// Pages that came back from swap since the boot.
    pub swapped_in: u64,
    /// Pages that went to swap since the boot.
    pub swapped_out: u64,
}

/// For how long processes waited since the boot, in microseconds (PSI).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pressure {
    /// At least one.
    pub some: u64,
    /// All at once.
    pub full: u64,
}

/// What a disk did since the boot.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DiskUse {
    /// Reads that ended.
    pub reads: u64,
    /// What was read.
    pub read: Bytes,
    /// Writes that ended.
    pub writes: u64,
    /// What was written.
    pub written: Bytes,
    /// Milliseconds with a request under way.
    pub busy: u64,
}

/// What went through an interface since it is there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Traffic {
    /// What came in.
    pub received: Flow,
    /// What went out.
    pub sent: Flow,
}

/// One direction of an interface.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Flow {
    /// Bytes.
    pub bytes: u64,
    /// Packets.
    pub packets: u64,
    /// Packets with an error.
    pub errors: u64,
    /// Packets that were dropped.
    pub drops: u64,
}

/// A filesystem.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filesystem {
    /// Its kind, as in `ext4`.
    pub kind: String,
    /// Its size.
    pub size: Bytes,
    /// Space that users other than root can still write to.
    pub free: Bytes,
    /// Inodes; 0: the filesystem does not count them.
    pub inodes: u64,
    /// Free inodes.
    pub inodes_free: u64,
}

/// A container.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ContainerUse {
    /// As Docker calls it: `running`, `exited`, `restarting` ...
    pub state: String,
    /// `healthy`, `unhealthy`, `starting`; `None`: it has no check, or does not run.
    pub health: Option<String>,
    /// Microseconds of processors since it was started; `None`: it does not run.
    pub cpu: Option<u64>,
    /// Its memory with what is cached of its files; `None`: it does not run.
    pub memory: Option<Bytes>,
    /// How often Docker itself started it again; `None`: it has been up for a minute or more, or does not run.
    pub restarts: Option<u64>,
}
