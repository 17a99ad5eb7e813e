//! Which inventory, and which of its hosts.

use std::path::PathBuf;

use clap::Args;

use crate::{
    app::project::{Rehearsal, Selection, Source},
    lab::Secrets,
    model::selector::Selector,
};

/// The inventory, and whether the lab stands in for its hosts.
#[derive(Debug, Clone, Args)]
pub struct InventoryFile {
    /// Inventory file.
    #[arg(value_name = "INVENTORY")]
    pub inventory: PathBuf,
    /// Run against the lab instead of the real hosts; NAME selects one of several labs. Hooks that reach outside the lab
    /// are not called, and secrets are generated.
    #[arg(long, value_name = "NAME", num_args = 0..=1, default_missing_value = "", require_equals = true)]
    pub lab: Option<String>,
    /// Use the inventory's real secrets in the lab instead of generated ones.
    #[arg(long, requires = "lab")]
    pub real_secrets: bool,
}

impl InventoryFile {
    fn secrets(&self) -> Secrets {
        if self.real_secrets { Secrets::Real } else { Secrets::MadeUp }
    }

    /// Where the project is read from.
    pub fn source(&self) -> Source {
        let rehearsal = |lab: &String| Rehearsal { lab: lab.clone(), secrets: self.secrets() };
        Source { inventory: self.inventory.clone(), rehearsal: self.lab.as_ref().map(rehearsal) }
    }
}

/// The inventory and which of its hosts.
#[derive(Debug, Clone, Args)]
pub struct Target {
    /// The inventory.
    #[command(flatten)]
    pub file: InventoryFile,
    /// Select hosts by name (wildcards `*` and `?`; `!NAME` excludes).
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub host: Vec<String>,
    /// Select hosts by role (wildcards `*` and `?`; `!ROLE` excludes).
    #[arg(long, value_name = "ROLE", value_delimiter = ',')]
    pub role: Vec<String>,
    /// Select hosts by zone (wildcards `*` and `?`; `!ZONE` excludes).
    #[arg(long, value_name = "ZONE", value_delimiter = ',')]
    pub zone: Vec<String>,
    /// Select hosts by label (wildcards `*` and `?`; `!LABEL` excludes).
    #[arg(long, value_name = "LABEL", value_delimiter = ',')]
    pub label: Vec<String>,
    /// Accept and record host keys of unknown hosts; changed keys are still rejected.
    #[arg(long)]
    pub accept_new_host_keys: bool,
    /// Work on at most N hosts at the same time.
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub parallel: u16,
}

impl Target {
    /// Hosts by their names.
    pub fn hosts(file: InventoryFile, host: Vec<String>) -> Self {
        Self {
            file,
            host,
            role: Vec::new(),
            zone: Vec::new(),
            label: Vec::new(),
            accept_new_host_keys: false,
            parallel: 16,
        }
    }

    /// Hosts by a pattern, also those never seen before if that is said.
    pub fn named(file: &InventoryFile, host: &str, accept_new_host_keys: bool) -> Self {
        Self { accept_new_host_keys, ..Self::hosts(file.clone(), vec![host.to_owned()]) }
    }

    /// Which hosts of the project.
    pub fn selection(&self) -> Selection {
        let selector = Selector {
            hosts: self.host.clone(),
            roles: self.role.clone(),
            zones: self.zone.clone(),
            labels: self.label.clone(),
        };
        Selection { selector, accept_new_host_keys: self.accept_new_host_keys, identities: Vec::new() }
    }
}
