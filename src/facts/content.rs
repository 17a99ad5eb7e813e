//! The hash of a content, by which files are compared.

use std::fmt;

use serde::Deserialize;
use sha2::{Digest as _, Sha256};

/// SHA-256 of a content, lower-case hex. Of a file that holds a password it is a hash of that password without salt, so it
/// has no `Serialize`: nothing that holds it can be printed for programs or written on the controller with it. The one
/// place that keeps it is root's own record on the host ([`Release::record`](super::release::Release::record)).
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct ContentHash(String);

impl fmt::Debug for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("••••")
    }
}

impl ContentHash {
    /// Of this text.
    pub fn of(text: impl AsRef<[u8]>) -> Self {
        Self(Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// As `sha256sum` prints it.
    pub fn parse(hex: &str) -> Option<Self> {
        let is_hash = hex.len() == 64 && hex.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_hash.then(|| Self(hex.to_owned()))
    }

    /// The hash. Whoever calls this sends it to stdin of a host, nowhere else: arguments of processes can be read.
    pub fn expose(&self) -> &str {
        &self.0
    }
}
