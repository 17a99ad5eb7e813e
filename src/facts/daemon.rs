//! Docker's configuration file.

use super::{Fact, Probe};
use crate::model::command::Output;

/// `/etc/docker/daemon.json`.
pub struct DaemonJson;

impl Probe for DaemonJson {
    type Value = serde_json::Value;

    fn question(&self) -> String {
        "[ -e /etc/docker/daemon.json ] || exit 44\ncat /etc/docker/daemon.json".to_owned()
    }

    fn read(&self, output: &Output) -> Fact<serde_json::Value> {
        Fact::read(output, |text| {
            // dockerd takes an empty file for an empty object.
            let text = if text.trim().is_empty() { "{}" } else { text };
            let value: serde_json::Value =
                serde_json::from_str(text).map_err(|error| format!("daemon.json is not JSON: {error}"))?;
            if value.is_object() { Ok(value) } else { Err("daemon.json is not a JSON object".to_owned()) }
        })
    }
}
