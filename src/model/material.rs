//! What an inventory refers to, read by the face so that the pure rooms need no file and no environment.

use std::{collections::BTreeMap, path::PathBuf};

use super::{name::HostName, secret::Secret};

/// The contents behind an inventory's sources.
#[derive(Debug, Clone, Default)]
pub struct Material {
    /// The inventory's `secrets`, by name.
    pub secrets: BTreeMap<String, Secret>,
    /// The registry's CA, PEM.
    pub registry_ca: Option<String>,
    /// The registry's password.
    pub registry_password: Option<Secret>,
    /// The platform's certificate chain, PEM.
    pub tls_certificate: Option<String>,
    /// The platform's private key, PEM.
    pub tls_key: Option<Secret>,
    /// The passphrase of a host's key files.
    pub passphrases: BTreeMap<HostName, Secret>,
    /// The password sudo asks for on a host.
    pub sudo_passwords: BTreeMap<HostName, Secret>,
    /// The password sudo asks a host's second login for.
    pub break_glass_passwords: BTreeMap<HostName, Secret>,
    /// The CAs of receivers of alerts, PEM, by the path that the inventory says.
    pub authorities: BTreeMap<PathBuf, String>,
}
