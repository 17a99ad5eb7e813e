//! A plan on disk: what `plan -o FILE` saw and `apply FILE` may do. It holds digests only, so a host that changed since is
//! noticed, and nothing secret is in it.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::{args::InventoryFile, exit::Exit, report::Halt};
use crate::{fleet::rollout::Proposal, model::name::HostName};

/// The form of the file.
const FORM: u32 = 1;

/// A plan on disk.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanFile {
    pryvctl_plan: u32,
    /// The inventory it was made from.
    pub inventory: PathBuf,
    /// The lab that stood in for its hosts.
    pub lab: Option<String>,
    /// Every host that was looked at.
    hosts: BTreeMap<HostName, Seen>,
}

/// One host as it was seen.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Seen {
    /// Of the host, SHA-256.
    host: String,
    /// Of the plan, SHA-256; `None`: nothing was to be done.
    plan: Option<String>,
    /// The steps by name, for people who read the file.
    steps: Vec<String>,
}

impl PlanFile {
    /// What is seen now.
    pub fn of(file: &InventoryFile, proposal: &Proposal) -> Self {
        let seen = proposal.hosts.iter().map(|(name, fingerprint)| {
            let plan = proposal.plans.iter().find(|(host, _)| host == name).map(|(_, plan)| plan);
            let steps = plan.into_iter().flat_map(|plan| &plan.steps).map(|step| step.id.clone());
            let seen = Seen {
                host: fingerprint.clone(),
                plan: plan.map(crate::plan::Plan::digest),
                steps: steps.collect(),
            };
            (name.clone(), seen)
        });
        Self {
            pryvctl_plan: FORM,
            inventory: std::path::absolute(&file.inventory).unwrap_or_else(|_| file.inventory.clone()),
            lab: file.lab.clone(),
            hosts: seen.collect(),
        }
    }

    /// The hosts it is about.
    pub fn hosts(&self) -> Vec<String> {
        self.hosts.keys().map(ToString::to_string).collect()
    }

    /// Hosts that are another now than in this file.
    pub fn differences(&self, now: &Self) -> Vec<String> {
        let names = self.hosts.keys().chain(now.hosts.keys());
        let mut differ: Vec<String> = names
            .filter(|name| self.hosts.get(*name) != now.hosts.get(*name))
            .map(ToString::to_string)
            .collect();
        differ.sort();
        differ.dedup();
        differ
    }

    /// Writes it.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), Halt> {
        let text = serde_json::to_string_pretty(self).unwrap_or_default();
        std::fs::write(path, text + "\n").map_err(|error| {
            Halt::new(Exit::Usage, format!("cannot write {}: {error}", path.display()), None)
        })
    }

    /// Reads one.
    ///
    /// # Errors
    /// A file that cannot be read or is none of ours.
    pub fn read(path: &Path) -> Result<Self, Halt> {
        let hint = || Some("make it with `pryvctl plan INVENTORY -o FILE`".to_owned());
        let text = std::fs::read_to_string(path).map_err(|error| {
            Halt::new(Exit::Usage, format!("cannot read {}: {error}", path.display()), hint())
        })?;
        let file: Self = serde_json::from_str(&text).map_err(|error| {
            Halt::new(Exit::Usage, format!("{} is no plan: {error}", path.display()), hint())
        })?;
        if file.pryvctl_plan == FORM {
            return Ok(file);
        }
        let said = format!("{} is a plan of another version of pryvctl", path.display());
        Err(Halt::new(Exit::Usage, said, hint()))
    }
}
