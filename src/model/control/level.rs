//! How hard a host is made.

use serde::{Deserialize, Serialize};

/// How hard a host is made. Level 2 includes level 1.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(try_from = "u8", into = "u8")]
pub enum Level {
    /// What can be set on any host that runs containers.
    #[default]
    One,
    /// More packages and stricter values, for hosts that do nothing else.
    Two,
}

impl TryFrom<u8> for Level {
    type Error = String;
    fn try_from(level: u8) -> Result<Self, String> {
        match level {
            1 => Ok(Self::One),
            2 => Ok(Self::Two),
            other => Err(format!("there is no level {other}: write 1 or 2")),
        }
    }
}

impl From<Level> for u8 {
    fn from(level: Level) -> Self {
        match level {
            Level::One => 1,
            Level::Two => 2,
        }
    }
}
