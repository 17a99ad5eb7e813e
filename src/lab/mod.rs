//! Throw-away hosts on the local Docker engine, for demo, rehearsal and tests.
//!
//! A lab is made from an inventory: for every host a container with systemd, sshd, sudo and its own Docker engine, on a
//! network of its own, and beside them a registry with TLS and a password. Everything of a lab carries the label
//! `pryvctl.lab=NAME`; its keys, certificates and passwords are in one folder (`$XDG_STATE_HOME/pryvctl/lab/NAME`).
//! [`overlay`] puts the lab in the place of the inventory's hosts.
//!
//! The local engine is driven by its `docker` command line ([`engine`]); host images are made by mmdebstrap from the
//! archives that this machine's apt uses.

mod apt;
mod boot;
mod down;
pub mod engine;
mod error;
mod folder;
mod image;
mod keys;
mod network;
mod overlay;
mod registry;
mod relay;
pub mod standin;
mod status;
mod turn;
mod up;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use self::{
    down::{Images, down},
    error::LabError,
    folder::Folder,
    network::{Addresses, Network},
    overlay::{Secrets, overlay},
    registry::RegistryPush,
    status::{HostStatus, list, open, status},
    up::up,
};
use crate::model::name::{HostName, PlatformName};

/// On every container, volume and network of a lab: the lab's name.
const LABEL: &str = "pryvctl.lab";
/// On the container of a host: the host's name.
const HOST_LABEL: &str = "pryvctl.lab.host";
/// On every container: the tag of the image it was made from.
const IMAGE_LABEL: &str = "pryvctl.lab.image";
/// What a lab knows about itself, in its folder.
const STATE: &str = "lab.json";
/// The file with the host keys.
const KNOWN_HOSTS: &str = "known_hosts";
/// The file with the password that `sudo` asks the user `admin` for.
const SUDO_PASSWORD: &str = "secrets/sudo";

/// A lab that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lab {
    /// Its name.
    pub name: String,
    /// Its files.
    pub folder: Folder,
    /// Its network.
    pub network: Network,
    /// Its hosts.
    pub hosts: BTreeMap<HostName, Addresses>,
}

/// The content of `lab.json`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct State {
    network: Network,
    hosts: BTreeMap<HostName, Addresses>,
}

impl Lab {
    /// Reads what the last `up` wrote, if there was one.
    fn read(name: &str, folder: &Folder) -> Result<Option<Self>, LabError> {
        let Some(text) = folder.read(STATE)? else { return Ok(None) };
        let state: State = serde_json::from_str(&text)
            .map_err(|source| LabError::Json { path: folder.path(STATE), source })?;
        Ok(Some(Self {
            name: name.to_owned(),
            folder: folder.clone(),
            network: state.network,
            hosts: state.hosts,
        }))
    }

    fn write(&self) -> Result<(), LabError> {
        let state = State { network: self.network, hosts: self.hosts.clone() };
        let text = serde_json::to_string_pretty(&state)
            .map_err(|source| LabError::Json { path: self.folder.path(STATE), source })?;
        self.folder.write(STATE, &format!("{text}\n"))
    }

    /// The name of the lab's network, and the beginning of the names of its containers and volumes.
    fn prefix(name: &str) -> String {
        format!("pryvctl-lab-{name}")
    }
}

/// A lab's name follows the rules of a platform's, because both become the beginning of container names.
fn check(name: &str) -> Result<(), LabError> {
    name.parse::<PlatformName>().map(drop).map_err(LabError::Name)
}
