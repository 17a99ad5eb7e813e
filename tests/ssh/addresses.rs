//! Addresses that hosts of an inventory may have, and that are all of this machine: 127.0.0.0/8 is refused there.

use std::{fs, path::Path, process::Command};

/// A network of RFC 2544 of which every address is of this machine, until it is dropped.
pub struct Addresses(String);

impl Addresses {
    /// Takes a network.
    pub fn take(network: &str) -> Self {
        // One that was killed has left it there.
        assert!(route("replace", network), "{network}");
        Self(network.to_owned())
    }
}

impl Drop for Addresses {
    fn drop(&mut self) {
        route("delete", &self.0);
    }
}

/// Puts the role `idle` into the folder of an inventory: every host needs a role.
pub fn idle(folder: &Path) {
    let to = folder.join("roles/idle");
    fs::create_dir_all(&to).unwrap();
    let role = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/roles/idle/compose.yaml");
    fs::copy(role, to.join("compose.yaml")).unwrap();
}

fn route(what: &str, network: &str) -> bool {
    Command::new("ip").args(["route", what, "local", network, "dev", "lo"]).status().unwrap().success()
}
