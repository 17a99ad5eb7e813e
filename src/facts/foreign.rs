//! Which containers are not ours.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::{Fact, Probe, docker::GUARD, strange};
use crate::model::{command::Output, name::PlatformName};

/// `docker ps -a`: the names of all containers without the platform's label.
pub struct ForeignContainers(pub PlatformName);

const QUESTION: &str = r#"timeout 30 docker ps -a --no-trunc --format '{"names":{{json .Names}},"platform":{{json (.Label "pryvctl.platform")}}}'"#;

#[derive(Deserialize)]
struct Line {
    names: String,
    platform: String,
}

impl Probe for ForeignContainers {
    type Value = BTreeSet<String>;

    fn question(&self) -> String {
        format!("{GUARD}{QUESTION}")
    }

    fn read(&self, output: &Output) -> Fact<Self::Value> {
        Fact::read(output, |text| {
            let mut foreign = BTreeSet::new();
            for line in text.lines() {
                let line: Line = serde_json::from_str(line).map_err(|_| strange("docker ps", line))?;
                if line.platform != self.0.as_str() {
                    // Names by which linked containers know it have a slash.
                    foreign
                        .extend(line.names.split(',').filter(|name| !name.contains('/')).map(str::to_owned));
                }
            }
            Ok(foreign)
        })
    }
}
