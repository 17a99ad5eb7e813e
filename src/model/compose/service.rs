//! A service of a Compose file.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::{Argv, Cpus, Deploy, Limit, List, Pairs, Period, Port, Volume, Whole, Word};
use crate::model::{desired::RestartPolicy, name::ServiceName};

/// A service; see the Compose specification for the meaning of each key.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the keys are those of the Compose specification")]
pub struct Service {
    pub image: String,
    pub command: Option<Argv>,
    pub entrypoint: Option<Argv>,
    #[serde(default)]
    pub environment: Pairs,
    #[serde(default)]
    pub ports: Vec<Port>,
    #[serde(default)]
    pub volumes: Vec<Volume>,
    #[serde(default)]
    pub networks: Joins,
    #[serde(default)]
    pub depends_on: Dependencies,
    pub healthcheck: Option<Healthcheck>,
    /// Default: `unless-stopped`, so that a reboot brings the container back.
    #[serde(default)]
    pub restart: RestartPolicy,
    pub user: Option<Word>,
    pub working_dir: Option<String>,
    pub hostname: Option<String>,
    #[serde(default)]
    pub init: bool,
    #[serde(default)]
    pub read_only: bool,
    #[serde(default)]
    pub cap_add: Vec<String>,
    #[serde(default)]
    pub cap_drop: Vec<String>,
    #[serde(default)]
    pub security_opt: Vec<String>,
    #[serde(default)]
    pub sysctls: Pairs,
    #[serde(default)]
    pub ulimits: BTreeMap<String, Ulimit>,
    #[serde(default)]
    pub tmpfs: List,
    pub pids_limit: Option<Whole>,
    pub mem_limit: Option<Limit>,
    pub cpus: Option<Cpus>,
    pub stop_signal: Option<String>,
    pub stop_grace_period: Option<Period>,
    #[serde(default)]
    pub labels: Pairs,
    #[serde(default)]
    pub extra_hosts: ExtraHosts,
    #[serde(default)]
    pub deploy: Deploy,
}

/// The networks a service joins, in order: as a list, or as a map with aliases, which is read in order of names.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Value")]
pub struct Joins(pub Vec<(String, Vec<String>)>);

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Join {
    aliases: Vec<String>,
}

impl TryFrom<Value> for Joins {
    type Error = String;
    fn try_from(value: Value) -> Result<Self, String> {
        if let Value::Object(map) = value {
            let join = |(name, value): (String, Value)| {
                let join =
                    Option::<Join>::deserialize(value).map_err(|error| format!("`{name}`: {error}"))?;
                Ok((name, join.unwrap_or_default().aliases))
            };
            return map.into_iter().map(join).collect::<Result<_, _>>().map(Self);
        }
        let names = Vec::<String>::deserialize(value).map_err(|error| error.to_string())?;
        Ok(Self(names.into_iter().map(|name| (name, Vec::new())).collect()))
    }
}

/// The services that must stand before this one: a list, or a map with conditions.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Value")]
pub struct Dependencies(pub BTreeMap<ServiceName, Condition>);

/// What a dependency must have reached. We always wait until it is healthy, which fulfils both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// It was started.
    ServiceStarted,
    /// It is healthy.
    ServiceHealthy,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Dependency {
    condition: Condition,
}

impl TryFrom<Value> for Dependencies {
    type Error = String;
    fn try_from(value: Value) -> Result<Self, String> {
        if value.is_object() {
            let map =
                BTreeMap::<ServiceName, Dependency>::deserialize(value).map_err(|error| error.to_string())?;
            return Ok(Self(
                map.into_iter().map(|(name, dependency)| (name, dependency.condition)).collect(),
            ));
        }
        let names = Vec::<ServiceName>::deserialize(value).map_err(|error| error.to_string())?;
        Ok(Self(names.into_iter().map(|name| (name, Condition::ServiceStarted)).collect()))
    }
}

/// A health check.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(missing_docs, reason = "the keys are those of the Compose specification")]
pub struct Healthcheck {
    pub test: Option<Test>,
    pub interval: Option<Period>,
    pub timeout: Option<Period>,
    pub retries: Option<Whole>,
    pub start_period: Option<Period>,
    pub disable: bool,
}

/// What a health check runs: `["CMD", ...]`, `["CMD-SHELL", ...]`, or `["NONE"]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Value")]
pub struct Test(pub Vec<String>);

impl TryFrom<Value> for Test {
    type Error = String;
    fn try_from(value: Value) -> Result<Self, String> {
        let test = match value {
            Value::String(shell) => vec!["CMD-SHELL".to_owned(), shell],
            other
            @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
                List::try_from(other)?.0
            }
        };
        match test.first().map(String::as_str) {
            Some("CMD") if test.len() > 1 => Ok(Self(test)),
            Some("CMD-SHELL") if test.len() == 2 => Ok(Self(test)),
            Some("NONE") if test.len() == 1 => Ok(Self(test)),
            _ => {
                Err("must be a text, [\"CMD\", program, ...], [\"CMD-SHELL\", text] or [\"NONE\"]".to_owned())
            }
        }
    }
}

/// A limit: one number for both, or soft and hard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Value")]
pub struct Ulimit {
    /// What a process starts with.
    pub soft: i64,
    /// How far it may raise it.
    pub hard: i64,
}

impl TryFrom<Value> for Ulimit {
    type Error = String;
    fn try_from(value: Value) -> Result<Self, String> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Long {
            soft: Whole,
            hard: Whole,
        }
        let (soft, hard) = if value.is_object() {
            let long = Long::deserialize(value).map_err(|error| error.to_string())?;
            (long.soft.0, long.hard.0)
        } else {
            let both = Whole::try_from(Word::try_from(value)?)?;
            (both.0, both.0)
        };
        Ok(Self { soft, hard })
    }
}

/// Names for `/etc/hosts`: a map, or a list of `name:address` or `name=address`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Value")]
pub struct ExtraHosts(pub BTreeMap<String, String>);

impl TryFrom<Value> for ExtraHosts {
    type Error = String;
    fn try_from(value: Value) -> Result<Self, String> {
        let Value::Array(items) = value else { return Pairs::try_from(value).map(|pairs| Self(pairs.0)) };
        let entry = |item: Value| {
            let text = Word::try_from(item)?.0;
            let split = text.split_once('=').or_else(|| text.split_once(':'));
            let (name, address) =
                split.ok_or_else(|| format!("`{text}` has no address: write name:address"))?;
            Ok((name.to_owned(), address.to_owned()))
        };
        items.into_iter().map(entry).collect::<Result<_, String>>().map(Self)
    }
}
