//! A role: a folder with a `compose.yaml` and, beside it, the templates it renders.
//!
//! The file is a Compose file (see [`compose`](super::compose) for the supported keys) with one key more,
//! `x-pryvctl`, for what Compose does not know. A docker-compose.yml becomes a role by adding that key.
//!
//! ```yaml
//! services:
//!   register:
//!     image: ${REGISTRY}/pryvio/register:${PRYV_VERSION}
//!     networks: [frontend, backend]
//!     volumes: ["/var/pryv/register/conf:/app/conf:ro", "/var/pryv/register/log:/app/log"]
//!     depends_on: [redis]
//!   nginx:
//!     image: ${REGISTRY}/pryvio/nginx:1.9.0
//!     ports: ["443:443"]
//!     networks: [frontend]
//!   redis:
//!     image: ${REGISTRY}/pryvio/redis:1.9.0
//!     ports: ["6379:6379"]
//!     networks: [backend]
//!     volumes: ["redis:/data"]
//! networks: { frontend: {}, backend: { internal: true } }
//! volumes: { redis: {} }
//!
//! x-pryvctl:
//!   title: The register                # one line for people
//!   needs: { memory: 2GB, cpus: 1, disk: 20GB, data_disk: 15GB }   # feeds preflight; leave out what is by need
//!   after: [core]                      # roles whose services start before this one's, on a host and in a rollout
//!   variables: { PRYV_VERSION: "1.9.2" }     # defaults; every value is a text, so numbers are quoted
//!   secrets: [redis_password]          # names the inventory must have under `secrets`
//!   allow: [docker-socket]             # what is otherwise refused: mounting /var/run/docker.sock
//!   open:                              # feeds the firewall; every published port must be named here
//!     - 443/tcp
//!     - { port: 6379/tcp, from: ["role:register-follower", "host:reg2", "zone:ch", admin, 10.0.0.0/8] }
//!   folders:                           # made before the containers start; content is never touched
//!     - { path: /var/pryv/register/log, mode: "0750", uid: 9999, gid: 9999 }
//!   files:                             # rendered with minijinja, or copied as they are
//!     - { template: register.yml.j2, path: /var/pryv/register/conf/register.yml, mode: "0640", uid: 9999,
//!         gid: 9999, service: register, on_change: restart }
//!     - { copy: mime.types, path: /var/pryv/nginx/conf/mime.types, service: nginx, on_change: reload }
//!   health:                            # asked from the host after the cut-over
//!     - { service: nginx, http: "https://{{ host.address }}/status", within: 90s }
//!     - { service: redis, tcp: 6379, within: 30s }
//! ```
//!
//! **Values.** YAML is parsed first; then `${NAME}`, `${NAME:-default}`, `${NAME:?message}` and `$$` are replaced in
//! every text of the file (not in `variables`, `needs`, `after`, `secrets`, `title`, which stand still), so that a value can
//! never change the structure. Names, later ones win: the role's `variables`; the host's own `REGISTRY` (its address),
//! `PLATFORM`, `DOMAIN`, `ZONE`, `HOST`, `ADDRESS`, `PRIVATE_ADDRESS`, `DATA` (the data folder); the inventory's
//! `versions` (`pryv` gives `PRYV_VERSION`); the `variables` of the platform, of the zone, of the host.
//!
//! **Defaults.** `mode` is `"0640"` for a file and `"0750"` for a folder; `uid` (or `owner`) and `gid` (or `group`) are 0;
//! `on_change` is `restart`; `within` is `60s`. `service` may be left out where a role has only one; a file without one is
//! read by nobody who has to be told. Folders above a file or folder are made as root's, 0755. A folder or file must be
//! listed before a container may bind-mount it (system paths as `/dev/log` need no entry). An atomic write replaces the
//! file, and a container that mounts a single file would keep the old one: mount its folder, or use `restart`.
//!
//! **Templates** (`{{ }}`, minijinja, an undefined value is an error) see [`template`](super::template). A template is
//! looked for in the role's folder, then at that path in the roles folder (`shared/nginx.conf.j2`), which is also where
//! `{% include %}` looks.
//!
//! **Secrets** are seen by templates only, as `secrets.NAME`; a file that used one is never shown. They are refused in
//! `environment`, in images and in health URLs: `docker inspect`, logs and plans show those.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::{
    compose::{self, Fault, Period, Word},
    desired::{OnChange, Protocol},
    interpolate::{Gap, Scope, interpolate},
    name::{RoleName, ServiceName},
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
}

/// The keys of [`Head`]; the others of `x-pryvctl` belong to [`Body`].
pub(super) const HEAD: [&str; 6] = ["title", "needs", "after", "variables", "secrets", "allow"];

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
    Host(super::name::HostName),
    /// `zone:NAME`: the hosts of a zone.
    Zone(super::name::ZoneName),
    /// `admin`: the inventory's admin networks.
    Admin,
    /// An address or a network.
    Net(ipnet::IpNet),
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

/// A check of a service from its host.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Health {
    /// The service; may be left out where the role has only one.
    pub service: Option<ServiceName>,
    /// An URL that must answer with 2xx or 3xx; a template. Or `tcp`.
    pub http: Option<String>,
    /// A port of the host that must accept. Or `http`.
    pub tcp: Option<Word>,
    /// How long it may take.
    #[serde(default = "Period::minute")]
    pub within: Period,
}

/// Permission bits, written as a quoted octal text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Value")]
pub struct Mode(pub u32);

/// A numeric user or group.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Word")]
pub struct Id(pub u32);

impl Mode {
    fn file() -> Self {
        Self(0o640)
    }

    fn folder() -> Self {
        Self(0o750)
    }
}

impl TryFrom<Value> for Mode {
    type Error = String;
    fn try_from(value: Value) -> Result<Self, String> {
        let bits = value.as_str().and_then(|text| u32::from_str_radix(text, 8).ok());
        // Unquoted, YAML would read 0640 as six hundred and forty.
        bits.filter(|bits| *bits <= 0o7777)
            .map(Self)
            .ok_or_else(|| format!("{value} is not a mode: write octal digits in quotes, as in \"0640\""))
    }
}

impl TryFrom<Word> for Id {
    type Error = String;
    fn try_from(word: Word) -> Result<Self, String> {
        let id =
            word.0.parse().map_err(|_| format!("`{}` is not a number: give a numeric user or group", word.0));
        id.map(Self)
    }
}

impl TryFrom<String> for Source {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        let name = |error: super::name::InvalidName| error.to_string();
        let address = || text.parse::<std::net::IpAddr>().map(ipnet::IpNet::from);
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
                "`from` of {} is empty: name who may, or leave it out for everyone",
                long.port
            ));
        }
        let (port, protocol) = compose::port_and_protocol(&long.port)?;
        Ok(Self { port, protocol, from: long.from })
    }
}

/// A role with its texts read but its variables not yet replaced.
#[derive(Debug, Clone)]
pub struct Role {
    /// Its name: that of its folder.
    pub name: RoleName,
    /// Where it was read, as in `roles/core/compose.yaml`; for messages.
    pub origin: String,
    /// What stands still.
    pub head: Head,
    /// The Compose file without `x-pryvctl`.
    pub(super) compose: Value,
    /// The rest of `x-pryvctl`.
    pub(super) body: Value,
}

/// A role on a host, with its variables replaced.
#[derive(Debug, Clone)]
pub struct Bound {
    /// The Compose file.
    pub compose: compose::File,
    /// What is ours.
    pub body: Body,
}

impl Role {
    /// Reads a role's `compose.yaml`.
    ///
    /// # Errors
    /// Says what of the text is not YAML or not a role, with line and column where the YAML is broken.
    pub fn parse(name: RoleName, origin: String, text: &str) -> Result<Self, Vec<Fault>> {
        let options = serde_saphyr::options! { with_snippet: false, strict_booleans: true };
        let parsed: Value = serde_saphyr::from_str_with_options(text, options)
            .map_err(|error| vec![Fault { path: String::new(), message: error.to_string() }])?;
        let Value::Object(mut compose) = parsed else {
            return Err(vec![Fault::at("", "is empty: a role needs `services` and `x-pryvctl`")]);
        };
        let Some(extension) = compose.remove("x-pryvctl") else {
            return Err(vec![Fault::at("", "has no `x-pryvctl` key: with it a Compose file becomes a role")]);
        };
        // A place for anchors, as the Compose specification has it.
        compose.retain(|key, _| !key.starts_with("x-"));
        let (head, body) = split(extension);
        let head = compose::read("x-pryvctl", head).map_err(|fault| vec![fault])?;
        Ok(Self { name, origin, head, compose: Value::Object(compose), body })
    }

    /// Replaces the variables and reads what comes out.
    ///
    /// # Errors
    /// Texts that could not be filled in, or keys that do not fit.
    pub fn bind(&self, scope: &Scope) -> Result<Bound, Unbound> {
        let compose = interpolate("", self.compose.clone(), scope);
        let body = interpolate("x-pryvctl", self.body.clone(), scope);
        let (compose, body) = match (compose, body) {
            (Ok(compose), Ok(body)) => (compose, body),
            (compose, body) => {
                let gaps = [compose.err(), body.err()].into_iter().flatten().flatten();
                return Err(Unbound::Gaps(gaps.collect()));
            }
        };
        let body = compose::read("x-pryvctl", body).map_err(|fault| Unbound::Faults(vec![fault]));
        match (compose::File::read(compose).map_err(Unbound::Faults), body) {
            (Ok(compose), Ok(body)) => Ok(Bound { compose, body }),
            (Err(unbound), _) | (_, Err(unbound)) => Err(unbound),
        }
    }
}

/// Why a role cannot be used on a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unbound {
    /// Values are missing.
    Gaps(Vec<Gap>),
    /// Keys do not fit.
    Faults(Vec<Fault>),
}

fn split(extension: Value) -> (Value, Value) {
    match extension {
        Value::Object(map) => {
            let (head, body) = map.into_iter().partition(|(key, _)| HEAD.contains(&key.as_str()));
            (Value::Object(head), Value::Object(body))
        }
        Value::Null => (Value::Object(serde_json::Map::new()), Value::Object(serde_json::Map::new())),
        other @ (Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_)) => {
            (other, Value::Object(serde_json::Map::new()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &str = include_str!("../../tests/data/roles/sample/compose.yaml");

    #[test]
    fn the_sample_role_is_read() {
        let role = Role::parse("sample".parse().unwrap(), "sample/compose.yaml".to_owned(), SAMPLE).unwrap();
        assert_eq!(role.head.needs.cpus, 1);
        let values = [("REGISTRY", "r.test"), ("DOMAIN", "d.test"), ("WEB_VERSION", "1.0.0")];
        let scope = values.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
        let bound = role.bind(&scope).unwrap();
        let images: Vec<_> = bound.compose.services.values().map(|service| service.image.as_str()).collect();
        assert_eq!(images, ["r.test/sample/store:7", "r.test/sample/web:1.0.0"]);
        assert_eq!(bound.body.files[1].on_change, Some(OnChange::Reload));
    }
}
