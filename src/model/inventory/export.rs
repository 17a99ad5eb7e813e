//! Where samples go besides the history of this machine.

use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::Deserialize;

/// Another system that gets every sample.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Export {
    /// A StatsD server, over UDP.
    Statsd(Statsd),
    /// A store that takes Prometheus' remote write, as Prometheus itself, Mimir, Thanos or VictoriaMetrics.
    RemoteWrite(RemoteWrite),
}

/// A StatsD server. Nobody says whether a datagram arrived.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Statsd {
    /// Its host and port, as in `127.0.0.1:8125`.
    pub address: String,
    /// Whether host, zone and part are tags in the form of Datadog. By default they are parts of the name.
    #[serde(default)]
    pub tags: bool,
}

/// A store that takes Prometheus' remote write, version 1.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RemoteWrite {
    /// Where to. `http` only to this machine itself.
    pub url: String,
    /// The user name at the store.
    pub username: Option<String>,
    /// The name of one of the inventory's `secrets`: the password at the store; without `username` a bearer token.
    pub password: Option<String>,
    /// A PEM file with the CA of the store. Default: those of this machine.
    pub ca: Option<PathBuf>,
}

impl Export {
    /// Its key in the inventory.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Statsd(_) => "statsd",
            Self::RemoteWrite(_) => "remote_write",
        }
    }

    /// The secret it needs, and its key.
    pub fn secret(&self) -> Option<(&'static str, &str)> {
        match self {
            Self::Statsd(_) => None,
            Self::RemoteWrite(store) => store.password.as_deref().map(|name| ("password", name)),
        }
    }

    /// The file with the CA of the receiver.
    pub fn ca(&self) -> Option<&Path> {
        match self {
            Self::Statsd(_) => None,
            Self::RemoteWrite(store) => store.ca.as_deref(),
        }
    }
}
