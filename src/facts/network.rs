//! Which container networks there are.

use std::{collections::BTreeMap, ops::Not};

use serde::Deserialize;

use super::{Fact, Probe, docker::asked, strange};
use crate::model::{command::Output, name::PlatformName};

/// A container network as found.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct NetworkState {
    /// Its subnets, as text.
    pub subnets: Vec<String>,
    /// Whether it carries our platform's label.
    pub ours: bool,
    /// The interface that is its bridge; `None`: a network of another kind.
    pub bridge: Option<String>,
    /// Whether nothing in it reaches the outside.
    pub internal: bool,
    /// Whether its containers stand in the host's own network beside the host (macvlan, ipvlan), where no rule of the host
    /// sees them.
    #[serde(skip_serializing_if = "Not::not")]
    pub beside_host: bool,
}

/// All networks.
pub struct Networks(pub PlatformName);

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Network {
    name: String,
    id: String,
    driver: String,
    internal: bool,
    labels: Option<BTreeMap<String, String>>,
    #[serde(rename = "IPAM")]
    ipam: Addresses,
    options: Option<BTreeMap<String, String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Addresses {
    config: Option<Vec<Pool>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Pool {
    subnet: Option<String>,
}

impl Probe for Networks {
    type Value = BTreeMap<String, NetworkState>;

    fn question(&self) -> String {
        asked("api /networks")
    }

    fn read(&self, output: &Output) -> Fact<Self::Value> {
        Fact::read(output, |text| {
            let networks: Vec<Network> =
                serde_json::from_str(text).map_err(|_| strange("the list of networks", text))?;
            Ok(networks.into_iter().map(|network| self.network(network)).collect())
        })
    }
}

impl Networks {
    fn network(&self, found: Network) -> (String, NetworkState) {
        let subnets = found.ipam.config.into_iter().flatten().filter_map(|pool| pool.subnet).collect();
        let label = found.labels.unwrap_or_default().remove("pryvctl.platform");
        let named = found.options.unwrap_or_default().remove("com.docker.network.bridge.name");
        let bridge = named.or_else(|| Some(format!("br-{}", found.id.get(..12)?)));
        let bridge = bridge.filter(|_| found.driver == "bridge");
        let ours = label.is_some_and(|label| label == self.0.as_str());
        let beside_host = !found.internal && ["macvlan", "ipvlan"].contains(&found.driver.as_str());
        (found.name, NetworkState { subnets, ours, bridge, internal: found.internal, beside_host })
    }
}
