//! Profiles: `hardening/level1.yaml` and `hardening/level2.yaml`, which say what a level takes in.

use serde::{Deserialize, Serialize};

use super::level::Level;

/// What a level is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// The level it describes.
    pub level: Level,
    /// What it is called.
    pub title: String,
    /// Whom it is for.
    pub about: String,
    /// Controls of these levels belong to it.
    pub levels: Vec<Level>,
}
