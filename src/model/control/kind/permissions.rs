//! The most rights that files and folders may give.

use serde::Deserialize;

use crate::model::mode::Mode;

/// The most rights that files and folders may give.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rights {
    /// Absolute paths; `*` and `?` match within a name.
    pub paths: Vec<String>,
    /// Permission bits; fewer are as good.
    pub mode: Mode,
    /// Only what does not belong to root.
    #[serde(default)]
    pub of_users: bool,
}
