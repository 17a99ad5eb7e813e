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
    /// The inventory: a YAML file that names your hosts and says what runs on them.
    #[arg(value_name = "INVENTORY")]
    pub inventory: PathBuf,
    /// Work on the lab that `pryvctl lab up` made, not on the real hosts. Write `--lab=NAME` if you gave it a name. Secrets are
    /// made up there, and hooks that would reach outside of the lab do not run.
    #[arg(long, help_heading = "In the lab", value_name = "NAME", num_args = 0..=1, default_missing_value = "", require_equals = true)]
    pub lab: Option<String>,
    /// Put your real secrets into the lab, not made-up ones. Its services can then reach and change real systems.
    #[arg(long, help_heading = "In the lab", requires = "lab")]
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

/// What becomes of hosts that were never seen before.
#[derive(Debug, Clone, Copy, Default, Args)]
pub struct NewHosts {
    /// Trust a host that you connect to for the first time, and record its SSH host key. Without this, an unknown host is refused.
    /// A host whose key has changed is refused in any case.
    #[arg(long)]
    pub accept_new_host_keys: bool,
}

/// The inventory and which of its hosts.
#[derive(Debug, Clone, Args)]
pub struct Target {
    /// The inventory.
    #[command(flatten)]
    pub file: InventoryFile,
    /// Only hosts with this name, for example 'web*,db1,!web3': a comma means or, `*` and `?` are wildcards, `!` leaves hosts out.
    /// With `--role` and others together, a host has to match each of them.
    #[arg(long, help_heading = "Which hosts (default: all)", value_name = "NAME", value_delimiter = ',')]
    pub host: Vec<String>,
    /// Only hosts with this role; written as for `--host`.
    #[arg(long, help_heading = "Which hosts (default: all)", value_name = "ROLE", value_delimiter = ',')]
    pub role: Vec<String>,
    /// Only hosts in this zone; written as for `--host`.
    #[arg(long, help_heading = "Which hosts (default: all)", value_name = "ZONE", value_delimiter = ',')]
    pub zone: Vec<String>,
    /// Only hosts with this label of the inventory; written as for `--host`.
    #[arg(long, help_heading = "Which hosts (default: all)", value_name = "LABEL", value_delimiter = ',')]
    pub label: Vec<String>,
    /// What becomes of hosts that were never seen before.
    #[command(flatten)]
    pub new_hosts: NewHosts,
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
            new_hosts: NewHosts::default(),
            parallel: 16,
        }
    }

    /// Hosts by a pattern, also those never seen before if that is said.
    pub fn named(file: &InventoryFile, host: &str, new_hosts: NewHosts) -> Self {
        Self { new_hosts, ..Self::hosts(file.clone(), vec![host.to_owned()]) }
    }

    /// Which hosts of the project.
    pub fn selection(&self) -> Selection {
        let selector = Selector {
            hosts: self.host.clone(),
            roles: self.role.clone(),
            zones: self.zone.clone(),
            labels: self.label.clone(),
        };
        let accept_new_host_keys = self.new_hosts.accept_new_host_keys;
        Selection { selector, accept_new_host_keys, identities: Vec::new() }
    }
}
