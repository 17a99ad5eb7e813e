//! A change of a host's state, for programs.

use schemars::JsonSchema;
use serde::Serialize;

/// One line of `watch`, and one element of `history`.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct EventDocument {
    /// When, RFC 3339.
    pub time: String,
    /// The host.
    pub host: String,
    /// How it is from then on: `well`, `drifted`, `unfit`, `locked` or `away`.
    pub state: String,
    /// The same in words.
    pub words: String,
}
