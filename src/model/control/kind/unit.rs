//! How systemd units are.

use serde::Deserialize;

/// How a systemd unit is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unit {
    /// Its name.
    pub name: String,
    /// What is wanted of it.
    pub state: UnitWish,
}

/// What is wanted of a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UnitWish {
    /// It runs, now and after a boot.
    Enabled,
    /// It is started at boot; whether it runs now is its own affair.
    AtBoot,
    /// It does not run and cannot be started.
    Masked,
}
