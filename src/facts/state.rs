//! A host as it is, with everything the planner needs known. Made of [`Facts`](super::Facts) as the list in
//! [`survey`](super::survey) says and by nothing else, so that "could not be read" never reaches the planner.

use std::path::Path;

pub use super::{
    container::ContainerState,
    docker::{Asleep, EngineState},
    file::FileState,
    folder::FolderState,
    network::NetworkState,
    os::Os,
    survey::{DockerState, Hardened, HostState, Net, Ours, Ssh, System},
    unit::UnitState,
};
use crate::model::desired::MountSource;

impl HostState {
    /// What is at a path that is desired, compared, or on the list of what we wrote; `None`: nothing, or it was not asked for.
    pub fn file(&self, path: &Path) -> Option<&FileState> {
        match self.system.files.get(path) {
            Some(found) => found.as_ref(),
            None => self.ours.written.files.get(path)?.found.known(),
        }
    }

    /// Where a source really is: its path may lead over a link.
    pub fn real(&self, source: &MountSource) -> MountSource {
        match source {
            MountSource::Bind(path) => {
                MountSource::Bind(self.system.places.get(path).unwrap_or(path).clone())
            }
            MountSource::Volume(_) => source.clone(),
        }
    }

    /// Whether it shares the kernel of the machine below it.
    pub fn is_container(&self) -> bool {
        let kind = self.system.virtualisation.as_deref().unwrap_or_default();
        CONTAINERS.contains(&kind)
    }

    /// What dockerd was told, by its key in `daemon.json`: a switch on its command line, or that file.
    pub fn daemon_option(&self, key: &str) -> Option<serde_json::Value> {
        let switch = self.docker.footing.as_ref().and_then(|footing| footing.switch(key));
        switch.or_else(|| self.docker.daemon_json.as_ref()?.get(key).cloned())
    }

    /// Whether it is part of a Docker Swarm.
    pub fn is_in_swarm(&self) -> bool {
        self.docker.engine.as_ref().is_some_and(|engine| engine.swarm)
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
