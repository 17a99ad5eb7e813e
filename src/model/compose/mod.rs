//! The supported part of the Compose specification, as types. A key that is not here is an error that names it.

mod deploy;
mod fault;
mod port;
mod reason;
mod scalar;
mod service;
mod volume;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use super::name::ServiceName;

pub use deploy::{Deploy, Limits, Ratio, Resources, RollConfig};
pub use fault::Fault;
pub use port::{Port, PortNumber, port_and_protocol};
pub use scalar::{Argv, Cpus, Limit, List, Pairs, Period, Whole, Word, parse_period};
pub use service::{Condition, Dependencies, ExtraHosts, Healthcheck, Joins, Service, Test, Ulimit};
pub use volume::{Volume, VolumeKind};

/// A Compose file after its variables were replaced.
#[derive(Debug, Clone, Default)]
pub struct File {
    /// The services by name.
    pub services: BTreeMap<ServiceName, Service>,
    /// The networks by their short names; always holds what the services use but `default`.
    pub networks: BTreeMap<String, Network>,
    /// The named volumes by their short names.
    pub volumes: BTreeSet<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Shape {
    services: BTreeMap<ServiceName, Value>,
    #[serde(default)]
    networks: BTreeMap<String, Option<Network>>,
    #[serde(default)]
    volumes: BTreeMap<String, Option<NamedVolume>>,
    #[serde(default, rename = "name")]
    _name: serde::de::IgnoredAny,
    #[serde(default, rename = "version")]
    _version: serde::de::IgnoredAny,
}

/// A container network.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Network {
    /// No way out of the host.
    pub internal: bool,
    /// The only driver there is.
    pub driver: Bridge,
    /// Its whole name. Roles that give networks the same one share that network.
    pub name: Option<NetworkName>,
    /// Another role of the host has it.
    pub external: bool,
}

/// The name of a network, as Docker takes it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct NetworkName(pub String);

impl TryFrom<String> for NetworkName {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let fits = |one: char| one.is_ascii_alphanumeric() || matches!(one, '_' | '.' | '-');
        let starts = text.starts_with(|one: char| one.is_ascii_alphanumeric());
        if starts && text.chars().all(fits) {
            Ok(Self(text))
        } else {
            Err(format!("`{text}` is not a name for a network"))
        }
    }
}

/// The driver of a network.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Bridge {
    /// A bridge on one host.
    #[default]
    Bridge,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NamedVolume {
    #[serde(default, rename = "driver")]
    _driver: Local,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Local {
    #[default]
    Local,
}

/// Reads a value into a type and says at which key it does not fit.
pub(super) fn read<T: DeserializeOwned>(path: &str, value: Value) -> Result<T, Fault> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let inner = match error.path().to_string() {
            dot if dot == "." => String::new(),
            inner if path.is_empty() || inner.starts_with('[') => inner,
            inner => format!(".{inner}"),
        };
        Fault { path: format!("{path}{inner}"), message: reason::plain(&error.inner().to_string()) }
    })
}

impl File {
    /// Reads a Compose file whose variables were replaced.
    ///
    /// # Errors
    /// Every service that does not fit, with the key.
    pub fn read(value: Value) -> Result<Self, Vec<Fault>> {
        let faults = reason::top_level(&value);
        if !faults.is_empty() {
            return Err(faults);
        }
        let shape: Shape = read("", value).map_err(|fault| vec![fault])?;
        let (mut services, mut faults) = (BTreeMap::new(), Vec::new());
        for (name, value) in shape.services {
            let path = format!("services.{name}");
            let refused = reason::service(&path, &value);
            if !refused.is_empty() {
                faults.extend(refused);
                continue;
            }
            match read(&path, value) {
                Ok(service) => drop(services.insert(name, service)),
                Err(fault) => faults.push(fault),
            }
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        let networks = shape.networks.into_iter().map(|(name, network)| (name, network.unwrap_or_default()));
        let volumes = shape.volumes.into_keys();
        Ok(Self { services, networks: networks.collect(), volumes: volumes.collect() })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const LONG: &str = include_str!("../../../tests/data/compose/long.yaml");
    const SHORT: &str = include_str!("../../../tests/data/compose/short.yaml");

    fn file(text: &str) -> File {
        let options = serde_saphyr::options! { with_snippet: false, strict_booleans: true };
        File::read(serde_saphyr::from_str_with_options(text, options).unwrap()).unwrap()
    }

    #[test]
    fn the_long_and_the_short_form_say_the_same() {
        let (long, short) = (file(LONG), file(SHORT));
        assert_eq!(format!("{long:#?}"), format!("{short:#?}"));
    }

    #[test]
    fn every_supported_key_is_read() {
        let file = file(LONG);
        let [app] = &file.services.values().collect::<Vec<_>>()[..] else { panic!("one service") };
        assert_eq!(
            app.ports[1],
            Port { published: 53, target: 5353, protocol: crate::model::desired::Protocol::Udp }
        );
        assert_eq!(app.volumes[0].kind, VolumeKind::Bind);
        assert!(app.volumes[0].read_only && !app.volumes[1].read_only);
        assert_eq!(app.networks.0[0], ("back".to_owned(), vec!["db".to_owned()]));
        assert_eq!(app.ulimits["nofile"], Ulimit { soft: 1024, hard: 1024 });
        assert_eq!(app.extra_hosts.0["six"], "2001:db8::1");
        let rollout = app.deploy.update_config.rollout();
        assert_eq!(
            (rollout.parallelism, rollout.delay),
            (crate::model::desired::Parallelism::Hosts(2), Duration::from_secs(10))
        );
        assert!(file.networks["back"].internal && file.volumes.contains("data"));
    }
}
