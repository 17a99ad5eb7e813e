//! What was seen on a host, for programs: what scripts ask for, and not all that we look at. What a probe is called does not
//! show here.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use crate::facts::{
    Fact, Facts, disk::Disk, docker::Docker, memory::Memory, port::Listener, state::ContainerState,
};

/// What was seen. What is not there is left out; what could not be read stands in `unreadable`.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct FactsDocument {
    /// The distribution.
    #[serde(skip_serializing_if = "Option::is_none")]
    os: Option<OsDocument>,
    /// The release of the kernel.
    #[serde(skip_serializing_if = "Option::is_none")]
    kernel: Option<String>,
    /// The architecture, as in `x86_64`.
    #[serde(skip_serializing_if = "Option::is_none")]
    architecture: Option<String>,
    /// The kind of virtual machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    virtualisation: Option<String>,
    /// Processors.
    #[serde(skip_serializing_if = "Option::is_none")]
    cpus: Option<u32>,
    /// Memory.
    #[serde(skip_serializing_if = "Option::is_none")]
    memory: Option<MemoryDocument>,
    /// The filesystem of the data folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    data_disk: Option<DiskDocument>,
    /// The filesystem of Docker's images and containers.
    #[serde(skip_serializing_if = "Option::is_none")]
    docker_disk: Option<DiskDocument>,
    /// Whether the distribution asks for a restart.
    #[serde(skip_serializing_if = "Option::is_none")]
    restart_pending: Option<bool>,
    /// Who listens where.
    #[serde(skip_serializing_if = "Option::is_none")]
    listeners: Option<Vec<ListenerDocument>>,
    /// The Docker Engine.
    #[serde(skip_serializing_if = "Option::is_none")]
    docker: Option<DockerDocument>,
    /// The containers of the platform.
    #[serde(skip_serializing_if = "Option::is_none")]
    containers: Option<Vec<ContainerDocument>>,
    /// Keys of this object that could not be read, and why.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    unreadable: BTreeMap<String, String>,
}

/// A distribution.
#[derive(Debug, Clone, Serialize, JsonSchema)]
struct OsDocument {
    /// As in `debian`.
    id: String,
    /// As in `12`; empty where it has none.
    version: String,
    /// As it calls itself.
    title: String,
}

/// Memory, in bytes.
#[derive(Debug, Clone, Serialize, JsonSchema)]
struct MemoryDocument {
    /// All of it.
    total: u64,
    /// What programs could have now.
    available: u64,
    /// Swap.
    swap: u64,
}

/// A filesystem. Sizes are in bytes.
#[derive(Debug, Clone, Serialize, JsonSchema)]
struct DiskDocument {
    /// The folder that was asked for.
    path: String,
    /// Where the filesystem is mounted.
    mount: String,
    /// Its kind, as in `ext4`.
    filesystem: String,
    /// Its size.
    size: u64,
    /// What is free.
    free: u64,
}

/// A socket that waits for clients.
#[derive(Debug, Clone, Serialize, JsonSchema)]
struct ListenerDocument {
    /// tcp or udp.
    protocol: String,
    /// The address.
    address: String,
    /// The port.
    port: u16,
    /// The program, if the host tells.
    program: Option<String>,
}

/// A Docker Engine.
#[derive(Debug, Clone, Serialize, JsonSchema)]
struct DockerDocument {
    /// Whether it answers.
    state: DockerWord,
    /// Its version.
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    /// The storage driver.
    #[serde(skip_serializing_if = "Option::is_none")]
    storage_driver: Option<String>,
    /// Whether containers outlive a restart of the daemon.
    #[serde(skip_serializing_if = "Option::is_none")]
    live_restore: Option<bool>,
}

/// Whether an engine answers.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum DockerWord {
    /// It does.
    Running,
    /// It is installed without the `docker` command.
    NoCommand,
    /// It is installed and does not answer.
    Silent,
}

/// A container of the platform.
#[derive(Debug, Clone, Serialize, JsonSchema)]
struct ContainerDocument {
    /// Its name.
    name: String,
    /// The role.
    role: String,
    /// The service.
    service: String,
    /// The slot, a or b.
    #[serde(skip_serializing_if = "Option::is_none")]
    slot: Option<String>,
    /// The image it was made from.
    image: String,
    /// Docker's word for its state, as in `running` or `exited`.
    state: String,
    /// Docker's word for its health; nothing without a health check.
    #[serde(skip_serializing_if = "Option::is_none")]
    health: Option<String>,
    /// When it started, RFC 3339.
    started: String,
}

/// Takes what is known of facts, and keeps why others are not.
#[derive(Default)]
struct Reader(BTreeMap<String, String>);

impl Reader {
    fn take<T, U>(&mut self, key: &str, fact: &Fact<T>, of: impl FnOnce(&T) -> U) -> Option<U> {
        match fact {
            Fact::Known(value) => Some(of(value)),
            Fact::Absent => None,
            Fact::Unreadable(why) => {
                self.0.insert(key.to_owned(), why.clone());
                None
            }
        }
    }
}

impl FactsDocument {
    pub(super) fn of(facts: &Facts) -> Self {
        let mut read = Reader::default();
        Self {
            os: read.take("os", &facts.os, |os| OsDocument {
                id: os.id.clone(),
                version: os.version.clone(),
                title: os.title.clone(),
            }),
            kernel: read.take("kernel", &facts.kernel, |kernel| kernel.release.clone()),
            architecture: read.take("architecture", &facts.kernel, |kernel| kernel.machine.clone()),
            virtualisation: read.take("virtualisation", &facts.virtualisation, Clone::clone),
            cpus: read.take("cpus", &facts.cpus, |cpus| *cpus),
            memory: read.take("memory", &facts.memory, MemoryDocument::of),
            data_disk: read.take("data_disk", &facts.data_disk, DiskDocument::of),
            docker_disk: read.take("docker_disk", &facts.docker_disk, DiskDocument::of),
            restart_pending: read.take("restart_pending", &facts.boot, |boot| boot.restart_pending),
            listeners: read
                .take("listeners", &facts.listeners, |all| all.iter().map(ListenerDocument::of).collect()),
            docker: read.take("docker", &facts.docker, DockerDocument::of),
            containers: read.take("containers", &facts.containers, |found| {
                found.states.iter().map(ContainerDocument::of).collect()
            }),
            unreadable: read.0,
        }
    }
}

impl MemoryDocument {
    fn of(memory: &Memory) -> Self {
        Self { total: memory.total.0, available: memory.available.0, swap: memory.swap.0 }
    }
}

impl DiskDocument {
    fn of(disk: &Disk) -> Self {
        Self {
            path: disk.path.display().to_string(),
            mount: disk.mount.display().to_string(),
            filesystem: disk.kind.clone(),
            size: disk.size.0,
            free: disk.free.0,
        }
    }
}

impl ListenerDocument {
    fn of(listener: &Listener) -> Self {
        Self {
            protocol: listener.protocol.as_str().to_owned(),
            address: listener.address.to_string(),
            port: listener.port,
            program: listener.program.clone(),
        }
    }
}

impl DockerDocument {
    fn of(docker: &Docker) -> Self {
        let silent =
            Self { state: DockerWord::Silent, version: None, storage_driver: None, live_restore: None };
        match docker {
            Docker::Running { engine, driver, live_restore } => Self {
                state: DockerWord::Running,
                version: Some(engine.version.clone()),
                storage_driver: Some(driver.clone()),
                live_restore: Some(*live_restore),
            },
            Docker::NoCommand { engine, containers: _ } => {
                Self { state: DockerWord::NoCommand, version: Some(engine.version.clone()), ..silent }
            }
            Docker::Silent(_) => silent,
        }
    }
}

impl ContainerDocument {
    fn of(container: &ContainerState) -> Self {
        Self {
            name: container.name.clone(),
            role: container.role.clone(),
            service: container.service.clone(),
            slot: container.slot.map(|slot| slot.as_str().to_owned()),
            image: container.image.clone(),
            state: container.status.clone(),
            health: container.health.clone(),
            started: container.started.clone(),
        }
    }
}
