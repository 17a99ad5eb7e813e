//! Which containers of ours there are. Their environment is not asked for.

#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    ops::Not,
};

use serde::{Deserialize, Serialize};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{
    Fact, Probe,
    docker::asked,
    place::{LINES, REAL, elsewhere},
    strange,
};
use crate::model::{
    command::Output,
    desired::{MountSource, Protocol, RestartPolicy, Slot},
    name::PlatformName,
};

/// A container of ours as found.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct ContainerState {
    /// Its name.
    pub name: String,
    /// Label `pryvctl.role`.
    pub role: String,
    /// Label `pryvctl.service`.
    pub service: String,
    /// Label `pryvctl.slot`.
    pub slot: Option<Slot>,
    /// Label `pryvctl.spec`. Files that hold secrets are part of it, so it is shown to nobody.
    #[serde(skip)]
    pub hash: String,
    /// Label `pryvctl.restart`: the restart policy it had before it was stopped.
    pub restart: RestartPolicy,
    /// The image reference it was made from.
    pub image: String,
    /// The id of that image.
    pub image_id: String,
    /// Label `pryvctl.digest`: the digest under which the registry served that image.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// How many seconds it may take to stop, wherever the stop comes from; `None`: the first pryvctl made it, and did not
    /// write that down.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_timeout: Option<u64>,
    /// Docker's `State.Status`, as in `running` or `exited`.
    pub status: String,
    /// Docker's health: `healthy`, `unhealthy`, `starting`; `None`: no health check.
    pub health: Option<String>,
    /// Whether Docker no longer runs its health check, so that `health` says how it was and not how it is.
    #[serde(skip_serializing_if = "Not::not")]
    pub is_unchecked: bool,
    /// Whether it lost its restart policy, which is taken from it before it is stopped: if it is up, it may end at any
    /// moment, because a run that was killed has asked Docker for it, and after a restart of the host it does not start.
    #[serde(skip_serializing_if = "Not::not")]
    pub is_leaving: bool,
    /// Its addresses by network.
    pub addresses: BTreeMap<String, Vec<IpAddr>>,
    /// The folders of the host and the volumes that it may write in.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub writes: BTreeSet<MountSource>,
    /// When it started, RFC 3339.
    pub started: String,
}

impl ContainerState {
    /// Whether it is running and stays so, and Docker does not call it unhealthy or starting.
    pub fn serves(&self) -> bool {
        self.stays_up() && self.health.as_deref().is_none_or(|health| health == "healthy")
    }

    /// Whether it is running, and Docker has not yet found it healthy or ill.
    pub fn is_starting(&self) -> bool {
        self.stays_up() && self.health.as_deref() == Some("starting")
    }

    /// Whether it is running, and nobody has begun to stop it.
    pub fn stays_up(&self) -> bool {
        self.status == "running" && !self.is_leaving
    }

    /// Whether it is running, and Docker has found it ill.
    pub fn is_ill(&self) -> bool {
        self.status == "running" && self.health.as_deref() == Some("unhealthy")
    }
}

/// The label of a container that says which digest its image was pulled under.
pub const DIGEST: &str = "pryvctl.digest";

/// `docker container inspect`, of the containers that carry the platform's label. The command picks what leaves the host.
pub struct OwnContainers(pub PlatformName);

/// The platform's containers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Containers {
    /// Each one, sorted by name.
    pub states: Vec<ContainerState>,
    /// The ports of the host that Docker publishes for them.
    pub published: BTreeSet<(Protocol, u16)>,
    /// Paths that lead elsewhere, of those they write in, and where.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub places: BTreeMap<String, String>,
}

/// How a line begins that names what a container writes in.
const WRITES: &str = "writes ";

/// A line for each container, then for each path it writes in; then where these really are, in the same order.
const QUESTION: &str = include_str!("container/inspect.sh").trim_ascii_end();

/// The path of the Engine API that lists the containers of a platform: `filters={"label":["pryvctl.platform=NAME"]}`.
pub(super) fn of_platform(platform: &PlatformName) -> String {
    format!("/containers/json?all=1&filters=%7B%22label%22%3A%5B%22pryvctl.platform%3D{platform}%22%5D%7D")
}

#[derive(Deserialize)]
struct Line {
    name: String,
    labels: BTreeMap<String, String>,
    image: String,
    image_id: String,
    stop_timeout: Option<i64>,
    status: String,
    /// The restart policy it has now.
    #[serde(default)]
    policy: Option<String>,
    health: Option<String>,
    started: String,
    /// Seconds since 1970.
    #[serde(default)]
    now: i64,
    /// Interval and timeout of its health check in nanoseconds; 0: Docker's default.
    #[serde(default)]
    check: Option<(i64, i64)>,
    /// When the last checks ended.
    #[serde(default)]
    checked: Vec<String>,
    #[serde(default)]
    mounts: Option<Vec<Mounted>>,
    networks: Option<BTreeMap<String, Attached>>,
    ports: Option<BTreeMap<String, Option<Vec<Binding>>>>,
}

/// What Docker says of a mount.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Mounted {
    r#type: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    source: String,
    #[serde(rename = "RW")]
    writable: bool,
}

impl Mounted {
    /// What it may write in, if that outlives it.
    fn written(self) -> Option<MountSource> {
        match self.r#type.as_str() {
            "bind" => Some(MountSource::Bind(self.source)),
            "volume" => Some(MountSource::Volume(self.name)),
            _ => None,
        }
        .filter(|_| self.writable)
    }
}

#[derive(Deserialize)]
struct Attached {
    #[serde(rename = "IPAddress", default)]
    ip: String,
    #[serde(rename = "GlobalIPv6Address", default)]
    ip6: String,
    #[serde(rename = "IPAMConfig")]
    fixed: Option<Fixed>,
}

/// The addresses a container was made with; a stopped one has no others.
#[derive(Deserialize)]
struct Fixed {
    #[serde(rename = "IPv4Address", default)]
    ip: String,
    #[serde(rename = "IPv6Address", default)]
    ip6: String,
}

#[derive(Deserialize)]
struct Binding {
    #[serde(rename = "HostPort")]
    port: String,
}

impl Probe for OwnContainers {
    type Value = Containers;

    fn question(&self) -> String {
        let ours = of_platform(&self.0);
        asked(&format!(
            "list=$(api '{ours}') || exit 1\n\
             ids=$(printf %s \"$list\" | grep -oE '\"Id\":\"[0-9a-f]{{64}}\"' | cut -d'\"' -f4)\n{QUESTION} {REAL} {LINES}"
        ))
    }

    fn read(&self, output: &Output) -> Fact<Containers> {
        Fact::read(output, |text| {
            let (containers, paths): (Vec<_>, Vec<_>) = text.lines().partition(|line| line.starts_with('{'));
            let (writes, real): (Vec<_>, Vec<_>) =
                paths.into_iter().partition(|line| line.starts_with(WRITES));
            let writes: Vec<_> = writes.iter().map(|line| &line[WRITES.len()..]).collect();
            let places = elsewhere(&writes, &real)?;
            let mut found = Containers { places, ..Containers::default() };
            for line in containers {
                let line: Line =
                    serde_json::from_str(line).map_err(|_| strange("docker container inspect", line))?;
                found.published.extend(line.published());
                found.states.push(line.state()?);
            }
            found.states.sort_by(|a, b| a.name.cmp(&b.name));
            Ok(found)
        })
    }
}

/// Docker's own interval and timeout of a health check.
const DEFAULT_CHECK: i64 = 30_000_000_000;

/// How much later than expected a check may come on a busy host, in seconds.
const LATE: i64 = 60;

impl Line {
    /// Whether Docker has not run its health check for so long that it never will. Docker 20.10 does not know any more that
    /// it has to when it starts again beside containers that went on.
    fn is_unchecked(&self) -> bool {
        let Some((interval, timeout)) = self.check.filter(|_| self.status == "running") else { return false };
        let or_default = |time: i64| if time == 0 { DEFAULT_CHECK } else { time };
        let every = (or_default(interval) + or_default(timeout)) / 1_000_000_000;
        let seconds = |time: &String| Some(OffsetDateTime::parse(time, &Rfc3339).ok()?.unix_timestamp());
        let last = self.checked.iter().chain([&self.started]).filter_map(seconds).max();
        last.is_some_and(|last| self.now - last > 3 * every + LATE)
    }

    fn published(&self) -> impl Iterator<Item = (Protocol, u16)> {
        let ports = self.ports.iter().flatten();
        ports.flat_map(|(inner, bindings)| {
            let protocol = if inner.ends_with("/udp") { Protocol::Udp } else { Protocol::Tcp };
            let bindings = bindings.iter().flatten();
            bindings.filter_map(move |binding| Some((protocol, binding.port.parse().ok()?)))
        })
    }

    fn state(mut self) -> Result<ContainerState, String> {
        let is_unchecked = self.is_unchecked();
        let name = self.name.trim_start_matches('/').to_owned();
        let mut label = |key: &str| self.labels.remove(key).unwrap_or_default();
        let slot = match label("pryvctl.slot").as_str() {
            "a" => Some(Slot::A),
            "b" => Some(Slot::B),
            _ => None,
        };
        let (role, service) = (label("pryvctl.role"), label("pryvctl.service"));
        let hash = label("pryvctl.spec");
        let made_with = RestartPolicy::named(&label("pryvctl.restart"));
        let restart = made_with.unwrap_or_default();
        let comes_back = made_with.is_some_and(|made_with| made_with != RestartPolicy::No);
        let is_leaving = comes_back && self.policy.as_deref().is_some_and(|now| matches!(now, "" | "no"));
        let digest = Some(label(DIGEST)).filter(|digest| !digest.is_empty());
        let networks = self.networks.unwrap_or_default();
        let addresses = networks
            .into_iter()
            .map(|(network, attached)| Ok((network, attached.addresses()?)))
            .collect::<Result<_, String>>()?;
        let writes = self.mounts.into_iter().flatten().filter_map(Mounted::written).collect();
        let Self { image, image_id, stop_timeout, status, health, started, .. } = self;
        // Docker says "none" of a container whose image's check was switched off.
        let health = health.filter(|health| health != "none");
        Ok(ContainerState {
            name,
            role,
            service,
            slot,
            hash,
            restart,
            image,
            image_id,
            digest,
            stop_timeout: stop_timeout.and_then(|seconds| u64::try_from(seconds).ok()),
            status,
            is_unchecked: is_unchecked && health.is_some(),
            is_leaving,
            health,
            addresses,
            writes,
            started,
        })
    }
}

impl Attached {
    fn addresses(self) -> Result<Vec<IpAddr>, String> {
        let fixed = self.fixed.unwrap_or(Fixed { ip: String::new(), ip6: String::new() });
        let either = |now: String, fixed: String| if now.is_empty() { fixed } else { now };
        let texts = [either(self.ip, fixed.ip), either(self.ip6, fixed.ip6)];
        let given = texts.iter().filter(|text| !text.is_empty());
        given.map(|text| text.parse().map_err(|_| strange("an address of a container", text))).collect()
    }
}
