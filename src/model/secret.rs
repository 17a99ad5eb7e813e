//! Secrets: where they come from, and text that never shows itself.

use std::{fmt, path::PathBuf};

use schemars::JsonSchema;
use serde::Deserialize;

/// Where a secret is read from when a command starts. Values are never written in the inventory.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub enum SecretSource {
    /// The name of an environment variable of the controller.
    Env(String),
    /// A file on the controller; relative paths start at the inventory's folder. One trailing newline is cut.
    File(PathBuf),
    /// The secret itself. Works, with a warning: whoever reads the inventory reads the secret.
    Value(Secret),
}

/// A text that must not be seen: its `Debug` and `Display` show dots.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Default, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Takes a text into hiding.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself. Whoever calls this sends it to stdin of a host or an authentication header, nowhere else.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("••••")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("••••")
    }
}
