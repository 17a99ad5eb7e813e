//! The parts of `x-pryvctl`.

use std::collections::BTreeMap;

use ipnet::IpNet;
use serde::Deserialize;
use serde_json::Value;

use super::{health::Health, hook::Hooks};
use crate::model::{
    compose::{Word, port_and_protocol},
    desired::{OnChange, Protocol},
    mode::{Id, Mode},
    name::{HostName, InvalidName, RoleName, ServiceName, ZoneName},
    size::Bytes,
};

/// The part of `x-pryvctl` that stands still: read before any variable is known.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Head {
    /// One line for people.
    pub title: Option<String>,
    /// Minimal sizes.
    pub needs: Needs,
    /// Roles whose services start before this one's.
    pub after: Vec<RoleName>,
    /// Defaults of variables.
    pub variables: BTreeMap<String, Word>,
    /// Secrets the inventory must have.
    pub secrets: Vec<String>,
    /// What is otherwise refused.
    pub allow: Vec<Allowance>,
    /// Its place in a rollout.
    pub upgrade: Upgrade,
}

/// A role's place in a rollout.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Upgrade {
    /// Roles whose hosts are upgraded before this one's.
    pub after: Vec<RoleName>,
    /// Whether hosts of two zones may be upgraded at once.
    pub zones: Zones,
    /// Services whose data an older major version cannot read again: their way is one way.
    pub irreversible: Vec<ServiceName>,
    /// What is called around a host's turn.
    pub hooks: Hooks,
}

/// Whether hosts of two zones may be away at once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Zones {
    /// Never.
    #[default]
    Apart,
    /// Yes.
    Together,
}

/// The keys of [`Head`]; the others of `x-pryvctl` belong to [`Body`].
pub(super) const HEAD: [&str; 7] = ["title", "needs", "after", "variables", "secrets", "allow", "upgrade"];

/// Minimal sizes of a role; what is left out is by need and not checked.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
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

/// Something a role must ask for by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Allowance {
    /// Mounting Docker's socket, which makes a container root on the host.
    DockerSocket,
}

/// The part of `x-pryvctl` in which variables are replaced.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Body {
    /// Ports that answer from outside.
    pub open: Vec<Open>,
    /// Whether its containers may ask what the cloud tells its machines, credentials included.
    pub metadata: bool,
    /// Folders to be on the host.
    pub folders: Vec<Folder>,
    /// Files to be on the host.
    pub files: Vec<File>,
    /// Checks after the cut-over.
    pub health: Vec<Health>,
}

/// A port that answers from outside: `443/tcp`, or with the sources that may reach it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Value")]
pub struct Open {
    /// The port on the host.
    pub port: u16,
    /// tcp or udp.
    pub protocol: Protocol,
    /// Who may; `None`: everyone.
    pub from: Option<Vec<Source>>,
}

/// Who may reach a port.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum Source {
    /// `role:NAME`: the hosts of that role.
    Role(RoleName),
    /// `host:NAME`: one host.
    Host(HostName),
    /// `zone:NAME`: the hosts of a zone.
    Zone(ZoneName),
    /// `admin`: the inventory's admin networks.
    Admin,
    /// An address or a network.
    Net(IpNet),
}

/// A folder of the host.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Folder {
    /// Its absolute path.
    pub path: String,
    /// Permission bits.
    #[serde(default = "Mode::folder")]
    pub mode: Mode,
    /// Owner.
    #[serde(default, alias = "owner")]
    pub uid: Id,
    /// Group.
    #[serde(default, alias = "group")]
    pub gid: Id,
}

/// A file of the host.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// A template of the role's folder; or `copy`.
    pub template: Option<String>,
    /// A file of the role's folder, taken as it is; or `template`.
    pub copy: Option<String>,
    /// Its absolute path.
    pub path: String,
    /// Permission bits.
    #[serde(default = "Mode::file")]
    pub mode: Mode,
    /// Owner.
    #[serde(default, alias = "owner")]
    pub uid: Id,
    /// Group.
    #[serde(default, alias = "group")]
    pub gid: Id,
    /// The service that reads it.
    pub service: Option<ServiceName>,
    /// What that service wants when it changes.
    pub on_change: Option<OnChange>,
}

impl TryFrom<String> for Source {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        let name = |error: InvalidName| error.to_string();
        let address = || text.parse::<std::net::IpAddr>().map(IpNet::from);
        match text.split_once(':') {
            Some(("role", rest)) => rest.parse().map(Self::Role).map_err(name),
            Some(("host", rest)) => rest.parse().map(Self::Host).map_err(name),
            Some(("zone", rest)) => rest.parse().map(Self::Zone).map_err(name),
            None if text == "admin" => Ok(Self::Admin),
            Some(_) | None => text.parse().or_else(|_| address()).map(Self::Net).map_err(|_| {
                format!("`{text}` is not a source: write role:NAME, host:NAME, zone:NAME, admin or a network")
            }),
        }
    }
}

impl TryFrom<Value> for Open {
    type Error = String;
    fn try_from(value: Value) -> Result<Self, String> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Long {
            port: String,
            from: Option<Vec<Source>>,
        }
        let long = if value.is_object() {
            Long::deserialize(value).map_err(|error| error.to_string())?
        } else {
            Long { port: Word::try_from(value)?.0, from: None }
        };
        if long.from.as_ref().is_some_and(Vec::is_empty) {
            return Err(format!(
                "`from` of {} is empty: list the networks that may connect; without `from` everybody may",
                long.port
            ));
        }
        let (port, protocol) = port_and_protocol(&long.port)?;
        Ok(Self { port, protocol, from: long.from })
    }
}
