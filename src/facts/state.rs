//! A host as it is, with everything the planner needs known. Made from [`Facts`](super) by preflight and by
//! nothing else, so that "could not be read" never reaches the planner.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use super::{
    conntrack::Conntrack,
    control::{audit::Loaded, mount::Mounted, original::Originals, route::RouteOrigin, trace::Trace},
    footing::Footing,
    link::LinkState,
    release::Release,
    written::Written,
};
pub use super::{
    container::ContainerState, docker::EngineState, file::FileState, folder::FolderState,
    network::NetworkState, os::Os, unit::UnitState,
};
use crate::model::desired::MountSource;

/// One host, as found.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct HostState {
    /// The distribution.
    pub os: Os,
    /// The Docker Engine; `None`: there is no Docker.
    pub engine: Option<EngineState>,
    /// Why Docker does not answer, where it can be woken: nothing is known of what it has. `None`: it answers, or there is none.
    pub asleep: Option<Asleep>,
    /// What Docker stands on; `None`: there is no Docker.
    pub footing: Option<Footing>,
    /// `/etc/docker/daemon.json` as parsed; `None`: no such file.
    pub daemon_json: Option<serde_json::Value>,
    /// Every file that is desired, every one of [`place::compared`](crate::model::place::compared) and every note, by path;
    /// `None`: no such file.
    pub files: BTreeMap<PathBuf, Option<FileState>>,
    /// Every folder that is desired, by path; `None`: no such folder.
    pub folders: BTreeMap<PathBuf, Option<FolderState>>,
    /// Paths that lead elsewhere, of those that containers write in or are to write in, and where.
    pub places: BTreeMap<String, String>,
    /// The port of sshd by which our own login came in; `None`: sshd did not say.
    pub came_in: Option<u16>,
    /// `sshd -T`: effective directives by lower-case name; a directive that may repeat has several values.
    pub sshd: BTreeMap<String, Vec<String>>,
    /// Our own nft tables (`inet pryvctl*`) as `nft -j -s list table` shows them, by name.
    pub tables: BTreeMap<String, serde_json::Value>,
    /// Interfaces and routes.
    pub links: LinkState,
    /// The kernel's table of connections.
    pub conntrack: Conntrack,
    /// systemd units we care for, by name.
    pub units: BTreeMap<String, UnitState>,
    /// All container networks by name.
    pub networks: BTreeMap<String, NetworkState>,
    /// All volumes.
    pub volumes: BTreeSet<String>,
    /// All images: reference (`repo:tag` or `repo@digest`) to image id.
    pub images: BTreeMap<String, String>,
    /// Containers that carry our platform's label, and no others.
    pub containers: Vec<ContainerState>,
    /// Names of all other containers.
    pub foreign_containers: BTreeSet<String>,
    /// Which of [`place::COMMANDS`](crate::model::place::COMMANDS) the host has.
    pub commands: BTreeSet<String>,
    /// What served before the last change; `None`: nothing was changed yet.
    pub release: Option<Release>,
    /// What we wrote for this inventory and for older ones.
    pub written: Written,
    /// The text of `/etc/hosts`; `None`: no such file.
    pub hosts_file: Option<String>,
    /// The kind of virtual machine or container, as `systemd-detect-virt` names it; `None`: bare metal.
    pub virtualisation: Option<String>,
    /// Live kernel parameters that controls name; those the kernel does not have are left out.
    pub sysctl: BTreeMap<String, String>,
    /// Rights of what controls' patterns match, by pattern.
    pub rights: BTreeMap<String, BTreeMap<PathBuf, FolderState>>,
    /// Mount points that controls name; what is none is left out.
    pub mounts: BTreeMap<PathBuf, Mounted>,
    /// Packages that controls name and that are installed; `None`: no dpkg here.
    pub installed: Option<BTreeSet<String>>,
    /// Algorithms the host's OpenSSH knows.
    pub algorithms: BTreeSet<String>,
    /// Where the way over IPv6 comes from; `None`: there is none.
    pub route6: Option<RouteOrigin>,
    /// The loaded audit rules; `None`: the kernel's audit cannot be asked here.
    pub audit: Option<Loaded>,
    /// Texts that show in files of others that ours count.
    pub traces: BTreeSet<Trace>,
    /// How things were before controls changed them.
    pub originals: Originals,
}

impl HostState {
    /// What is at a path that is desired, compared, or on the list of what we wrote; `None`: nothing, or it was not asked for.
    pub fn file(&self, path: &Path) -> Option<&FileState> {
        match self.files.get(path) {
            Some(found) => found.as_ref(),
            None => self.written.files.get(path)?.found.known(),
        }
    }

    /// Where a source really is: its path may lead over a link.
    pub fn real(&self, source: &MountSource) -> MountSource {
        match source {
            MountSource::Bind(path) => MountSource::Bind(self.places.get(path).unwrap_or(path).clone()),
            MountSource::Volume(_) => source.clone(),
        }
    }

    /// Whether it shares the kernel of the machine below it.
    pub fn is_container(&self) -> bool {
        let kind = self.virtualisation.as_deref().unwrap_or_default();
        CONTAINERS.contains(&kind)
    }

    /// What dockerd was told, by its key in `daemon.json`: a switch on its command line, or that file.
    pub fn daemon_option(&self, key: &str) -> Option<serde_json::Value> {
        let switch = self.footing.as_ref().and_then(|footing| footing.switch(key));
        switch.or_else(|| self.daemon_json.as_ref()?.get(key).cloned())
    }

    /// Whether it is part of a Docker Swarm.
    pub fn is_in_swarm(&self) -> bool {
        self.engine.as_ref().is_some_and(|engine| engine.swarm)
    }
}

/// What `systemd-detect-virt -c` can say.
const CONTAINERS: [&str; 10] = [
    "container-other",
    "docker",
    "lxc",
    "lxc-libvirt",
    "openvz",
    "podman",
    "proot",
    "rkt",
    "systemd-nspawn",
    "wsl",
];

/// Why a Docker Engine does not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asleep {
    /// dockerd does not run.
    Stopped,
    /// dockerd runs, and its socket is gone.
    Deaf,
}
