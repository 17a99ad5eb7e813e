//! What one host must be: every reference resolved, every template rendered, nothing left to decide.

mod container;
mod firewall;
mod service;
mod slot;

use std::{collections::BTreeMap, net::IpAddr, path::PathBuf};

use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};

use super::{
    control::Hardening,
    name::{HostName, PlatformName, ServiceName},
    secret::Secret,
    size::Bytes,
};

pub use container::{Attachment, ContainerSpec, Healthcheck, Mount, MountSource, Network, RestartPolicy};
pub use firewall::{Firewall, Opening, Protocol};
pub use service::{
    Data, Endpoint, HealthCheck, HealthProbe, Inside, OnFailure, Parallelism, Rollout, Service, UpdateOrder,
};
pub use slot::Slot;

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
    /// The port from which sshd is moved there.
    pub initial_ssh_port: Option<u16>,
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
    /// How hard it is to be.
    pub hardening: Hardening,
    /// Container networks, sorted by name.
    pub networks: Vec<Network>,
    /// The addresses by which containers call services of this host; nobody has them, the kernel redirects them.
    pub inside: Ipv4Net,
    /// Named volumes, full names, sorted.
    pub volumes: Vec<String>,
    /// The services in the order in which they start.
    pub services: Vec<Service>,
}

impl Desired {
    /// Whether sshd is to be moved away from this port.
    pub fn leaves(&self, port: u16) -> bool {
        self.initial_ssh_port == Some(port) && self.ssh_port != port
    }
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
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnChange {
    /// A new container.
    Restart,
    /// A hang-up signal.
    Reload,
    /// Another signal, by its name.
    Signal(String),
    /// A script, inside the container.
    Run(String),
    /// Nothing: it reads the file itself.
    None,
}
