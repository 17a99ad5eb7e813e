//! What one host must be: every reference resolved, every template rendered, nothing left to decide.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    path::PathBuf,
    time::Duration,
};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use serde::{Deserialize, Serialize};

use super::{
    name::{HostName, PlatformName, RoleName, ServiceName},
    secret::Secret,
    size::Bytes,
};

/// The whole of one host.
#[derive(Debug, Clone)]
pub struct Desired {
    /// The host's name in the inventory.
    pub host: HostName,
    /// The platform it belongs to.
    pub platform: PlatformName,
    /// The address the world reaches it under.
    pub address: IpAddr,
    /// The port of sshd.
    pub ssh_port: u16,
    /// The user pryvctl logs in as; must be able to log in afterwards.
    pub login_user: String,
    /// What the roles need of the machine, added up.
    pub needs: Needs,
    /// The Docker Engine.
    pub engine: Engine,
    /// Where images come from.
    pub registry: Option<RegistryAccess>,
    /// The folder under which the platform keeps its data; preflight measures its filesystem.
    pub data: PathBuf,
    /// Folders to be on the host, parents before children.
    pub folders: Vec<ManagedFolder>,
    /// Files to be on the host, in the order of their paths.
    pub files: Vec<ManagedFile>,
    /// The filter table.
    pub firewall: Firewall,
    /// sshd's directives, in the order they are written.
    pub sshd: Vec<(String, String)>,
    /// Container networks, sorted by name.
    pub networks: Vec<Network>,
    /// Named volumes, full names, sorted.
    pub volumes: Vec<String>,
    /// The services in the order in which they start.
    pub services: Vec<Service>,
}

/// Minimal sizes. `None` of a disk: by need, not checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Needs {
    /// Main memory.
    pub memory: Bytes,
    /// Processors.
    pub cpus: u32,
    /// The filesystem of Docker's data root.
    pub disk: Bytes,
    /// The filesystem of the data folder.
    pub data_disk: Bytes,
}

/// The Docker Engine as it must be.
#[derive(Debug, Clone)]
pub struct Engine {
    /// Oldest accepted version, as in `20.10`.
    pub oldest: (u32, u32),
    /// Keys of `/etc/docker/daemon.json` that must have these values; other keys stay as they are.
    pub daemon: BTreeMap<String, serde_json::Value>,
}

/// How images are pulled.
#[derive(Debug, Clone)]
pub struct RegistryAccess {
    /// Host and port.
    pub address: String,
    /// An entry for `/etc/hosts`, where the name cannot be looked up.
    pub ip: Option<IpAddr>,
    /// The CA certificate, PEM; written to `/etc/docker/certs.d/ADDRESS/ca.crt`.
    pub ca: Option<String>,
    /// User and password, sent with each pull.
    pub credentials: Option<(String, Secret)>,
}

/// A file pryvctl keeps on a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManagedFile {
    /// Its absolute path on the host.
    pub path: PathBuf,
    /// What is in it. Travels through stdin; a plan shows its difference only when `shown`.
    pub content: Secret,
    /// Whether a plan may show its lines: false as soon as a secret was rendered into it.
    pub shown: bool,
    /// Permission bits, as in 0o640.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// The service that reads it, and what it wants when the file changes.
    pub read_by: Option<(ServiceName, OnChange)>,
}

/// A folder pryvctl keeps on a host: data and logs that containers mount. Its content is never touched.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ManagedFolder {
    /// Its absolute path on the host.
    pub path: PathBuf,
    /// Permission bits, as in 0o750.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
}

/// What a service wants when one of its files changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum OnChange {
    /// A new container.
    Restart,
    /// A hang-up signal.
    Reload,
    /// Nothing: it reads the file itself.
    None,
}

/// Who may reach what on a host. Everything not named here is dropped.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Firewall {
    /// Networks that may reach sshd.
    pub admin_networks: Vec<IpNet>,
    /// Ports open to the world or to named sources, each with who asked for it.
    pub openings: Vec<Opening>,
}

/// One open port.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Opening {
    /// tcp or udp.
    pub protocol: Protocol,
    /// The port as clients dial it.
    pub port: u16,
    /// Who may; empty: everyone.
    pub from: Vec<IpNet>,
    /// Who asked for it, as in `role register`; becomes the rule's comment.
    pub origin: String,
}

/// A transport protocol.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
}

impl Protocol {
    /// As nft and Docker write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
        }
    }
}

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

/// One of the two places a service's container can stand in, so that a new one starts beside the old.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Slot {
    /// The first.
    A,
    /// The second.
    B,
}

impl Slot {
    /// The other one.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
        }
    }

    /// As it stands in container names and labels.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::A => "a",
            Self::B => "b",
        }
    }
}

/// A service: what runs, where it answers, when it counts as healthy.
#[derive(Debug, Clone)]
pub struct Service {
    /// Its name in the role's compose file.
    pub name: ServiceName,
    /// The role it comes from.
    pub role: RoleName,
    /// What Docker is told. The same for both slots, but for addresses.
    pub spec: ContainerSpec,
    /// Of `spec` and of the files whose change wants a new container; the label by which drift is seen.
    pub hash: String,
    /// Ports of the host that lead to this service.
    pub endpoints: Vec<Endpoint>,
    /// How a new container takes over.
    pub order: UpdateOrder,
    /// How an upgrade goes through the hosts that run this service.
    pub rollout: Rollout,
    /// How a rollback does.
    pub rollback: Rollout,
    /// How long a container may take to stop.
    pub grace: Duration,
    /// How long a new container may take to become healthy.
    pub healthy_within: Duration,
    /// Checks made after the cut-over.
    pub health: Vec<HealthCheck>,
}

impl Service {
    /// The name of its container in a slot, as in `acme_core_a`.
    pub fn container(&self, platform: &PlatformName, slot: Slot) -> String {
        format!("{platform}_{}_{}", self.name, slot.as_str())
    }
}

/// Compose's `deploy.update_config.order`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum UpdateOrder {
    /// The new container becomes healthy beside the old one, which then goes.
    StartFirst,
    /// Only one may run: everything is pulled and rendered, then the old one stops and the new one starts.
    StopFirst,
}

/// Compose's `deploy.update_config` or `deploy.rollback_config`, read across hosts: a host runs one container a service.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rollout {
    /// Hosts at a time; 0: all.
    pub parallelism: u32,
    /// The wait between two batches.
    pub delay: Duration,
    /// How long a new container is watched before it counts as good.
    pub monitor: Duration,
    /// What to do when more than `max_failure_ratio` of the hosts failed.
    pub on_failure: OnFailure,
    /// The tolerated share of failed hosts, 0 to 1.
    pub max_failure_ratio: f64,
}

impl Default for Rollout {
    /// The defaults of the Compose Deploy Specification.
    fn default() -> Self {
        Self {
            parallelism: 1,
            delay: Duration::ZERO,
            monitor: Duration::from_secs(5),
            on_failure: OnFailure::Pause,
            max_failure_ratio: 0.0,
        }
    }
}

/// Compose's `failure_action`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum OnFailure {
    /// Go no further; what was reached stays.
    #[default]
    Pause,
    /// Go on with the next host.
    Continue,
    /// Bring back what served before.
    Rollback,
}

/// A port of the host that the kernel sends to a container.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Endpoint {
    /// tcp or udp.
    pub protocol: Protocol,
    /// The port on the host.
    pub port: u16,
    /// The port in the container.
    pub target: u16,
    /// The network on which the container is reached: the first of the service's.
    pub network: String,
}

/// A check against a running service, from the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HealthCheck {
    /// What is asked.
    pub probe: HealthProbe,
    /// How long it may take until the answer is right.
    pub within: Duration,
}

/// What a health check asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HealthProbe {
    /// An URL that must answer with a 2xx or 3xx status; the certificate's name is not checked.
    Http(String),
    /// A TCP port of the host that must accept.
    Tcp(u16),
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
    /// Labels of the role's author; pryvctl adds its own.
    pub labels: BTreeMap<String, String>,
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
