//! Which volumes there are.

use std::collections::BTreeSet;

use super::{Fact, Probe, docker::asked};
use crate::model::command::Output;

/// All volumes. Their options stay on the host: those of a network share hold its password.
pub struct Volumes;

const QUESTION: &str = r#"list=$(api /volumes) || exit 1
printf %s "$list" | grep -oE '"Name":"[^"]*"' | cut -d'"' -f4"#;

impl Probe for Volumes {
    type Value = BTreeSet<String>;

    fn question(&self) -> String {
        asked(QUESTION)
    }

    fn read(&self, output: &Output) -> Fact<Self::Value> {
        Fact::read(output, |text| Ok(text.lines().map(str::to_owned).collect()))
    }
}
