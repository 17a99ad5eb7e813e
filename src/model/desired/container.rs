//! What Docker is told: containers, their mounts, and the networks they stand in.

use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, Ipv6Addr},
    path::Path,
    time::Duration,
};

use ipnet::{Ipv4Net, Ipv6Net};
use serde::{Deserialize, Serialize};

use super::Slot;
use crate::model::size::Bytes;

/// Docker's own default of `stop_grace_period`.
const GRACE: Duration = Duration::from_secs(10);

/// Folders in which the system has sockets and settings that many containers share, and nobody has data.
const OF_THE_SYSTEM: [&str; 6] = ["/dev", "/etc", "/proc", "/run", "/sys", "/var/run"];

/// A container network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Network {
    /// Its full name, as in `PLATFORM_frontend`.
    pub name: String,
    /// Its addresses.
    pub subnet: Ipv4Net,
    /// Its IPv6 addresses (unique local).
    pub subnet6: Ipv6Net,
    /// No way out of the host.
    pub internal: bool,
}

/// What Docker is told about a container. Canonical (sorted, explicit), so that its hash means something.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct ContainerSpec {
    /// The image with registry and tag or digest.
    pub image: String,
    /// Compose's `command`.
    pub command: Option<Vec<String>>,
    /// Compose's `entrypoint`.
    pub entrypoint: Option<Vec<String>>,
    /// Environment. No secrets: `docker inspect` shows it.
    pub environment: BTreeMap<String, String>,
    /// Compose's `user`.
    pub user: Option<String>,
    /// Compose's `working_dir`.
    pub working_dir: Option<String>,
    /// Compose's `hostname`.
    pub hostname: Option<String>,
    /// Bind mounts and volumes.
    pub mounts: Vec<Mount>,
    /// In-memory folders with their options.
    pub tmpfs: BTreeMap<String, String>,
    /// Networks in order; the first carries the default route and the endpoints.
    pub networks: Vec<Attachment>,
    /// Names for `/etc/hosts`.
    pub extra_hosts: BTreeMap<String, String>,
    /// The health check Docker runs.
    pub healthcheck: Option<Healthcheck>,
    /// Compose's `restart`.
    pub restart: RestartPolicy,
    /// Memory limit.
    pub memory: Option<Bytes>,
    /// CPU limit in thousandths of a processor.
    pub milli_cpus: Option<u64>,
    /// Process limit.
    pub pids: Option<i64>,
    /// Read-only root filesystem.
    pub read_only: bool,
    /// Run docker-init as PID 1.
    pub init: bool,
    /// Capabilities added, sorted.
    pub cap_add: Vec<String>,
    /// Capabilities dropped, sorted.
    pub cap_drop: Vec<String>,
    /// Compose's `security_opt`.
    pub security_opt: Vec<String>,
    /// Kernel settings of the container's namespaces.
    pub sysctls: BTreeMap<String, String>,
    /// soft and hard limits by name.
    pub ulimits: BTreeMap<String, (i64, i64)>,
    /// Compose's `stop_signal`.
    pub stop_signal: Option<String>,
    /// Compose's `stop_grace_period`: how long it may take to stop, whoever stops it.
    pub stop_timeout: Option<Duration>,
    /// Labels of the role's author; pryvctl adds its own.
    pub labels: BTreeMap<String, String>,
}

impl ContainerSpec {
    /// How long it may take to stop before it is killed.
    pub fn grace(&self) -> Duration {
        self.stop_timeout.unwrap_or(GRACE)
    }

    /// What it may write in.
    pub fn writes(&self) -> impl Iterator<Item = &MountSource> + Clone {
        self.mounts.iter().filter(|mount| !mount.read_only).map(|mount| &mount.source)
    }
}

/// A mount.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Mount {
    /// A path of the host, or a volume's full name.
    pub source: MountSource,
    /// The path in the container.
    pub target: String,
    /// Read-only.
    pub read_only: bool,
}

/// What is mounted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum MountSource {
    /// A file or folder of the host.
    Bind(String),
    /// A named volume.
    Volume(String),
}

impl MountSource {
    /// Whether what is in it is a service's own, and not the system's.
    pub fn is_data(&self) -> bool {
        match self {
            Self::Bind(path) => !OF_THE_SYSTEM.iter().any(|folder| Path::new(path).starts_with(folder)),
            Self::Volume(_) => true,
        }
    }

    /// Whether who writes in one writes in the other.
    pub fn overlaps(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Bind(one), Self::Bind(other)) => {
                let (one, other) = (Path::new(one), Path::new(other));
                one.starts_with(other) || other.starts_with(one)
            }
            (Self::Volume(one), Self::Volume(other)) => one == other,
            (Self::Bind(_), Self::Volume(_)) | (Self::Volume(_), Self::Bind(_)) => false,
        }
    }
}

/// A container's place in a network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Attachment {
    /// The network's full name.
    pub network: String,
    /// Names by which others find it.
    pub aliases: Vec<String>,
    /// Fixed IPv4 addresses of slot a and slot b.
    pub addresses: [Ipv4Addr; 2],
    /// Fixed IPv6 addresses of slot a and slot b.
    pub addresses6: [Ipv6Addr; 2],
}

impl Attachment {
    /// The addresses in a slot.
    pub fn at(&self, slot: Slot) -> (Ipv4Addr, Ipv6Addr) {
        let index = match slot {
            Slot::A => 0,
            Slot::B => 1,
        };
        (self.addresses[index], self.addresses6[index])
    }
}

/// Docker's health check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Healthcheck {
    /// `["CMD", ...]` or `["CMD-SHELL", ...]`.
    pub test: Vec<String>,
    /// Time between checks.
    pub interval: Duration,
    /// Time one check may take.
    pub timeout: Duration,
    /// Failures until unhealthy.
    pub retries: i64,
    /// Time after the start in which failures do not count.
    pub start_period: Duration,
}

/// Compose's `restart`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RestartPolicy {
    /// Always, also after a reboot, unless stopped by hand.
    #[default]
    UnlessStopped,
    /// Always.
    Always,
    /// When it ended with an error.
    OnFailure,
    /// Never.
    No,
}

impl RestartPolicy {
    /// As Docker writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UnlessStopped => "unless-stopped",
            Self::Always => "always",
            Self::OnFailure => "on-failure",
            Self::No => "no",
        }
    }

    /// The policy that Docker writes so.
    pub fn named(word: &str) -> Option<Self> {
        [Self::UnlessStopped, Self::Always, Self::OnFailure, Self::No]
            .into_iter()
            .find(|policy| policy.as_str() == word)
    }
}
