//! Keys of `daemon.json`. They are set by [`engine`](crate::plan::engine), with everything else that Docker is told.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{kind::Planned, part::Part};
use crate::{facts::state::HostState, model::desired::Desired, model::place};

/// What a control says of it.
pub struct Wanted<'a>(pub &'a BTreeMap<String, Value>);

impl Planned for Wanted<'_> {
    fn parts(&self, desired: &Desired, state: &HostState) -> Result<Vec<Part>, String> {
        parts(self.0, desired, state)
    }
}

/// How the keys are.
pub fn parts(
    keys: &BTreeMap<String, Value>,
    desired: &Desired,
    state: &HostState,
) -> Result<Vec<Part>, String> {
    if state.docker.engine.is_none() && desired.services.is_empty() {
        return Err("there is no Docker".to_owned());
    }
    let found = |key: &str| {
        let value = state.docker.daemon_json.as_ref().and_then(|file| file.get(key));
        value.map_or_else(|| "unset".to_owned(), Value::to_string)
    };
    let part = |(key, value): (&String, &Value)| {
        Part::new(format!("{}: {key}", place::DAEMON_JSON), found(key), value.to_string())
    };
    Ok(keys.iter().map(part).collect())
}
