//! Keys of `daemon.json`. They are set by [`engine`](crate::plan::engine), with everything else that Docker is told.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use serde_json::Value;

use super::{edit::Edit, kind::Planned, part::Part};
use crate::{
    facts::state::HostState,
    model::{desired::Desired, place},
    plan::{engine, step::Step},
};

/// What a control says of it.
pub struct Wanted<'a>(pub &'a BTreeMap<String, Value>);

impl Planned for Wanted<'_> {
    fn parts(&self, desired: &Desired, state: &HostState) -> Result<Vec<Part>, String> {
        parts(self.0, desired, state)
    }

    fn made(&self, _state: &HostState) -> Option<(PathBuf, Edit)> {
        Some((place::DAEMON_JSON.into(), Edit::Members(self.0.clone())))
    }

    fn shared() -> &'static [&'static str] {
        &[place::DAEMON_JSON]
    }

    /// dockerd has to come up with it.
    fn restored(path: &Path, text: Option<&str>, state: &HostState) -> Option<Step> {
        (path == Path::new(place::DAEMON_JSON)).then(|| engine::restore(text, state))
    }
}

/// How the keys are.
fn parts(keys: &BTreeMap<String, Value>, desired: &Desired, state: &HostState) -> Result<Vec<Part>, String> {
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
