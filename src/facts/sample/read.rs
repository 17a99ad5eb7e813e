//! The reader of a sample.

use std::{collections::BTreeMap, str::FromStr};

use serde::Deserialize;

use super::counters::{ContainerUse, DiskUse, Filesystem, Flow, MemoryUse, Pressure, Sample, Ticks, Traffic};
use crate::{facts::strange, model::size::Bytes};

/// The kernel counts a disk's bytes in units of 512, whatever the disk has.
const SECTOR: u64 = 512;

/// Reads what a host printed for one sample.
///
/// # Errors
/// What is not understood, or missing.
pub fn read(text: &str) -> Result<Sample, String> {
    let mut sample = Parts::default();
    for line in text.lines() {
        let (source, said) = line.split_once(':').ok_or_else(|| strange("a sample", line))?;
        sample.take(source, said).ok_or_else(|| strange(source, said))?;
    }
    sample.whole()
}

/// What was read so far.
#[derive(Default)]
struct Parts {
    uptime: Option<f64>,
    load: Option<[f64; 3]>,
    cpu: Option<Ticks>,
    memory: MemoryUse,
    oom_kills: u64,
    pressure: BTreeMap<String, Pressure>,
    disks: BTreeMap<String, DiskUse>,
    interfaces: BTreeMap<String, Traffic>,
    filesystems: BTreeMap<std::path::PathBuf, Filesystem>,
    docker: Option<Vec<Listed>>,
    cpu_of: BTreeMap<String, u64>,
    memory_of: BTreeMap<String, Bytes>,
    restarts_of: BTreeMap<String, u64>,
}

/// A container in Docker's list.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Listed {
    id: String,
    names: Vec<String>,
    state: String,
    /// As in `Up 5 minutes (healthy)`.
    status: String,
}

impl Parts {
    /// Takes one line; `None`: it is not understood.
    fn take(&mut self, source: &str, said: &str) -> Option<()> {
        let mut words = said.split_ascii_whitespace();
        match source {
            "/proc/uptime" => self.uptime = Some(next(&mut words)?),
            "/proc/loadavg" => self.load = Some([next(&mut words)?, next(&mut words)?, next(&mut words)?]),
            "/proc/stat" => self.cpu = Some(ticks(words)?),
            "/proc/meminfo" => self.take_memory(words.next()?, next(&mut words)?)?,
            "/proc/vmstat" => self.take_paging(words.next()?, next(&mut words)?)?,
            "/proc/diskstats" => self.take_disk(words)?,
            "/proc/net/dev" => self.take_interface(said)?,
            "df" => self.take_filesystem(words)?,
            "restarts" => {
                self.restarts_of.insert(words.next()?.to_owned(), next(&mut words)?);
            }
            "docker" => self.docker = Some(serde_json::from_str(said).ok()?),
            path => match path.strip_prefix("/proc/pressure/") {
                Some(resource) => self.take_pressure(resource, words)?,
                None => self.take_container(path, words)?,
            },
        }
        Some(())
    }

    fn take_memory(&mut self, name: &str, kibibytes: u64) -> Option<()> {
        let place = match name {
            "MemTotal:" => &mut self.memory.total,
            "MemFree:" => &mut self.memory.free,
            "MemAvailable:" => &mut self.memory.available,
            "SwapTotal:" => &mut self.memory.swap,
            "SwapFree:" => &mut self.memory.swap_free,
            _ => return None,
        };
        *place = Bytes(kibibytes.checked_mul(1024)?);
        Some(())
    }

    fn take_paging(&mut self, name: &str, count: u64) -> Option<()> {
        let place = match name {
            "pswpin" => &mut self.memory.swapped_in,
            "pswpout" => &mut self.memory.swapped_out,
            "oom_kill" => &mut self.oom_kills,
            _ => return None,
        };
        *place = count;
        Some(())
    }

    fn take_pressure<'a>(&mut self, resource: &str, mut words: impl Iterator<Item = &'a str>) -> Option<()> {
        let who = words.next()?;
        let total = words.find_map(|word| word.strip_prefix("total="))?.parse().ok()?;
        let pressure = self.pressure.entry(resource.to_owned()).or_default();
        match who {
            "some" => pressure.some = total,
            "full" => pressure.full = total,
            _ => return None,
        }
        Some(())
    }

    /// `Documentation/admin-guide/iostats.rst` of the kernel: reads, merged, sectors, ms; writes alike; under way, busy ms.
    fn take_disk<'a>(&mut self, words: impl Iterator<Item = &'a str>) -> Option<()> {
        let mut words = words.skip(2);
        let name = words.next()?.to_owned();
        let counts = words.map(str::parse).collect::<Result<Vec<u64>, _>>().ok()?;
        let [reads, _, read, _, writes, _, written, _, _, busy, ..] = counts[..] else { return None };
        if reads + writes > 0 {
            let bytes = |sectors: u64| sectors.checked_mul(SECTOR).map(Bytes);
            self.disks
                .insert(name, DiskUse { reads, read: bytes(read)?, writes, written: bytes(written)?, busy });
        }
        Some(())
    }

    fn take_interface(&mut self, said: &str) -> Option<()> {
        let (name, counts) = said.split_once(':')?;
        let counts: Vec<u64> =
            counts.split_ascii_whitespace().map(str::parse).collect::<Result<_, _>>().ok()?;
        let [
            bytes,
            packets,
            errors,
            drops,
            _,
            _,
            _,
            _,
            sent_bytes,
            sent_packets,
            sent_errors,
            sent_drops,
            ..,
        ] = counts[..]
        else {
            return None;
        };
        let received = Flow { bytes, packets, errors, drops };
        let sent = Flow { bytes: sent_bytes, packets: sent_packets, errors: sent_errors, drops: sent_drops };
        let name = name.trim();
        if name != "lo" {
            self.interfaces.insert(name.to_owned(), Traffic { received, sent });
        }
        Some(())
    }

    /// The mount point comes last, because it may hold a space.
    fn take_filesystem<'a>(&mut self, mut words: impl Iterator<Item = &'a str>) -> Option<()> {
        let kind = words.next()?.to_owned();
        // The line of headings.
        if kind == "Type" {
            return Some(());
        }
        let (size, free) = (Bytes(next(&mut words)?), Bytes(next(&mut words)?));
        // `-`: the filesystem does not count them.
        let (inodes, inodes_free) =
            (next(&mut words).unwrap_or_default(), next(&mut words).unwrap_or_default());
        let mount = words.collect::<Vec<_>>().join(" ");
        self.filesystems.insert(mount.into(), Filesystem { kind, size, free, inodes, inodes_free });
        Some(())
    }

    /// A file of a container's control group.
    fn take_container<'a>(&mut self, path: &str, mut words: impl Iterator<Item = &'a str>) -> Option<()> {
        let (group, file) = path.rsplit_once('/')?;
        let group = group.rsplit_once('/')?.1;
        let id = group.strip_prefix("docker-").and_then(|id| id.strip_suffix(".scope")).unwrap_or(group);
        match file {
            "cpu.stat" => self.cpu_of.insert(id.to_owned(), next(&mut words.by_ref().skip(1))?).map(drop),
            "cpuacct.usage" => {
                let nanoseconds: u64 = next(&mut words)?;
                self.cpu_of.insert(id.to_owned(), nanoseconds / 1000).map(drop)
            }
            "memory.current" | "memory.usage_in_bytes" => {
                self.memory_of.insert(id.to_owned(), Bytes(next(&mut words)?)).map(drop)
            }
            _ => return None,
        };
        Some(())
    }

    fn whole(self) -> Result<Sample, String> {
        let Self { cpu_of, memory_of, restarts_of, docker, .. } = &self;
        let container = |listed: &Listed| {
            let name = listed.names.first().map_or(listed.id.as_str(), |name| name.trim_start_matches('/'));
            let found = ContainerUse {
                state: listed.state.clone(),
                health: health(&listed.status),
                cpu: cpu_of.get(&listed.id).copied(),
                memory: memory_of.get(&listed.id).copied(),
                restarts: restarts_of.get(&listed.id).copied(),
            };
            (name.to_owned(), found)
        };
        let containers = docker.as_ref().map(|all| all.iter().map(container).collect());
        let missing = |what: &str| format!("the host did not say its {what}");
        if self.memory.total == Bytes(0) {
            return Err(missing("memory"));
        }
        Ok(Sample {
            uptime: self.uptime.ok_or_else(|| missing("uptime"))?,
            load: self.load.ok_or_else(|| missing("load"))?,
            cpu: self.cpu.ok_or_else(|| missing("processor time"))?,
            memory: self.memory,
            oom_kills: self.oom_kills,
            pressure: self.pressure,
            disks: self.disks,
            interfaces: self.interfaces,
            filesystems: self.filesystems,
            containers,
        })
    }
}

/// `cpu  user nice system idle iowait irq softirq steal ...`
fn ticks<'a>(words: impl Iterator<Item = &'a str>) -> Option<Ticks> {
    let counts = words.skip(1).map(str::parse).collect::<Result<Vec<u64>, _>>().ok()?;
    let [user, nice, system, idle, iowait, irq, softirq, steal, ..] = counts[..] else { return None };
    Some(Ticks { user: user + nice, system: system + irq + softirq, idle, iowait, steal })
}

/// `Up 5 minutes (healthy)`, `Up 2 seconds (health: starting)`.
fn health(status: &str) -> Option<String> {
    let said = status.strip_suffix(')')?.rsplit_once('(')?.1;
    let word = said.strip_prefix("health: ").unwrap_or(said);
    ["healthy", "unhealthy", "starting"].contains(&word).then(|| word.to_owned())
}

fn next<'a, T: FromStr>(words: &mut impl Iterator<Item = &'a str>) -> Option<T> {
    words.next()?.parse().ok()
}
