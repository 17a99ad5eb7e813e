//! The backup that is made before a move that cannot be taken back.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::model::{
    compose::Period,
    role::{Hook, HookAction, Side},
};

/// A backup: with it the data could be put back as it was.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Backup {
    /// The command. If it fails, nothing is changed.
    pub run: String,
    /// Where it is called: on the host, as root, or where pryvctl runs.
    #[serde(default)]
    pub on: Side,
    /// How long it may take, as in `90m`.
    #[serde(default = "hour")]
    #[schemars(with = "String")]
    pub within: Period,
}

fn hour() -> Period {
    Period(std::time::Duration::from_secs(3600))
}

impl From<&Backup> for Hook {
    fn from(Backup { run, on, within }: &Backup) -> Self {
        Self { action: HookAction::Run(run.clone()), on: *on, within: *within, lab: false }
    }
}
