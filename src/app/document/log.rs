//! A line of a log, for programs.

use schemars::JsonSchema;
use serde::Serialize;

/// One line of `logs`.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct LogDocument {
    /// The host.
    pub host: String,
    /// The service; with its slot where the logs of all containers are shown.
    pub service: String,
    /// When, RFC 3339.
    pub time: String,
    /// What the service said.
    pub text: String,
}
