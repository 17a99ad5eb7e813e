//! A certificate and its key, as they are written.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::model::secret::SecretSource;

/// A certificate and its key.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// The certificate chain, PEM.
    pub certificate: SecretSource,
    /// The private key, PEM.
    pub key: SecretSource,
}
