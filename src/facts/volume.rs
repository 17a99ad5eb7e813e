//! Which volumes there are.

use std::collections::BTreeSet;

use super::{Fact, Probe, docker::GUARD};
use crate::model::command::Output;

/// `docker volume ls`.
pub struct Volumes;

impl Probe for Volumes {
    type Value = BTreeSet<String>;

    fn question(&self) -> String {
        format!("{GUARD}timeout 30 docker volume ls -q")
    }

    fn read(&self, output: &Output) -> Fact<Self::Value> {
        Fact::read(output, |text| Ok(text.lines().map(str::to_owned).collect()))
    }
}
