//! Which container networks there are.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Fact, Probe, docker::GUARD, state::NetworkState, strange};
use crate::model::{command::Output, name::PlatformName};

/// `docker network inspect`, of all networks.
pub struct Networks(pub PlatformName);

const QUESTION: &str = r#"ids=$(timeout 30 docker network ls -q --no-trunc) || exit 1
[ -z "$ids" ] || timeout 30 docker network inspect --format '{"name":{{json .Name}},"labels":{{json .Labels}},"ipam":{{json .IPAM.Config}},"options":{{json .Options}}}' $ids"#;

#[derive(Deserialize)]
struct Line {
    name: String,
    labels: Option<BTreeMap<String, String>>,
    ipam: Option<Vec<Pool>>,
    options: Option<BTreeMap<String, String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Pool {
    subnet: Option<String>,
}

impl Probe for Networks {
    type Value = BTreeMap<String, NetworkState>;

    fn question(&self) -> String {
        format!("{GUARD}{QUESTION}")
    }

    fn read(&self, output: &Output) -> Fact<Self::Value> {
        Fact::read(output, |text| text.lines().map(|line| self.network(line)).collect())
    }
}

impl Networks {
    fn network(&self, line: &str) -> Result<(String, NetworkState), String> {
        let line: Line = serde_json::from_str(line).map_err(|_| strange("docker network inspect", line))?;
        let subnets = line.ipam.unwrap_or_default().into_iter().filter_map(|pool| pool.subnet).collect();
        let label = line.labels.unwrap_or_default().remove("pryvctl.platform");
        let bridge = line.options.unwrap_or_default().remove("com.docker.network.bridge.name");
        let ours = label.is_some_and(|label| label == self.0.as_str());
        Ok((line.name, NetworkState { subnets, ours, bridge }))
    }
}
