//! A service: what runs, where it answers, when it counts as healthy, how a new one takes over.

use std::{net::Ipv4Addr, time::Duration};

use serde::{Deserialize, Serialize};

use super::{ContainerSpec, Protocol, Slot};
use crate::model::{
    name::{PlatformName, RoleName, ServiceName},
    role::Hook,
};

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
    /// The same label as the first pryvctl wrote it; `None`: it could not have made such a container.
    pub hash_v1: Option<String>,
    /// Ports of the host that lead to this service.
    pub endpoints: Vec<Endpoint>,
    /// Where other containers of the host reach it; `None`: it is in `internal` networks only, and they reach it by
    /// Docker's names.
    pub inside: Option<Inside>,
    /// How a new container takes over.
    pub order: UpdateOrder,
    /// How an upgrade goes through the hosts that run this service.
    pub rollout: Rollout,
    /// How a rollback does.
    pub rollback: Rollout,
    /// How long a new container may take to become healthy.
    pub healthy_within: Duration,
    /// Checks made after the cut-over.
    pub health: Vec<HealthCheck>,
    /// Who can read its data.
    pub data: Data,
}

/// Who can read the data of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Data {
    /// Any version reads what any other has written, or there is none.
    AnyVersion,
    /// An older major version cannot read what a newer one has opened.
    OneWay {
        /// What is called before a newer one comes.
        backup: Vec<Hook>,
    },
}

impl Service {
    /// Whether a container with this label was made from exactly this service, by whatever version of pryvctl.
    pub fn made(&self, label: &str) -> bool {
        label == self.hash || self.hash_v1.as_deref() == Some(label)
    }

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
    /// Hosts at a time.
    pub parallelism: Parallelism,
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
            parallelism: Parallelism::Hosts(1),
            delay: Duration::ZERO,
            monitor: Duration::from_secs(5),
            on_failure: OnFailure::Pause,
            max_failure_ratio: 0.0,
        }
    }
}

/// Compose's `parallelism`: how many hosts at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parallelism {
    /// All of them; Compose's 0.
    All,
    /// So many.
    Hosts(u32),
    /// A share of them, 1 to 100, rounded down but never to nobody.
    Percent(u8),
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

/// A service's own address, which the kernel sends to the container that serves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inside {
    /// The address; nobody has it.
    pub address: Ipv4Addr,
    /// The network on which the container is reached.
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
    /// A name that the host must answer for on udp/53, with at least one address.
    Dns(String),
    /// A script, as root on the host, that must end with 0.
    Run(String),
}

impl std::fmt::Display for HealthProbe {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Http(url) => f.write_str(url),
            Self::Tcp(port) => write!(f, "port {port}/tcp"),
            Self::Dns(name) => write!(f, "{name} on port 53/udp"),
            Self::Run(script) => write!(f, "`{}`", script.lines().next().unwrap_or_default()),
        }
    }
}
