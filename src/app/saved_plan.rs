//! A plan on disk: what `plan -o FILE` saw and `apply INVENTORY FILE` may do. What is read in it is words; what is compared
//! with a later look is those words and digests. Nothing secret is in it, and nothing that says where it is to be carried out.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use crate::{
    fleet::proposal::Proposal,
    model::name::HostName,
    plan::{Plan, step::Step},
};

/// The form of the file.
const FORM: u32 = 2;

/// A plan on disk.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SavedPlan {
    pryvctl_plan: u32,
    /// The version of pryvctl that made it: another one may do the same things in another way.
    made_by: String,
    /// The lab that stood in for its hosts.
    lab: Option<String>,
    /// The inventory and every folder of roles, with their SHA-256.
    sources: BTreeMap<String, String>,
    /// The rules of the order, a line a role.
    rules: Vec<String>,
    /// Every host that was looked at.
    hosts: BTreeMap<HostName, Seen>,
}

/// What was to be done on one host.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Seen {
    /// Of the plan, SHA-256; `None`: nothing was to be done.
    plan: Option<String>,
    /// The steps by name, for people who read the file.
    steps: Vec<String>,
    /// The hooks around its turn.
    hooks: Vec<String>,
}

/// Why a saved plan is not saved, or not carried out.
#[derive(Debug, thiserror::Error)]
pub enum SavedPlanError {
    /// It cannot be written.
    #[error("cannot write {}: {source}", path.display())]
    Write {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is something else.
    #[error("{} is not a plan file: {source}", path.display())]
    NoPlan {
        /// Which.
        path: PathBuf,
        /// Why.
        source: serde_json::Error,
    },
    /// Another version may do the same things in another way.
    #[error("{} is a plan written by another version of pryvctl", .0.display())]
    Version(PathBuf),
    /// It was made for this lab.
    #[error("this plan was made for a lab")]
    OfLab(String),
    /// It was made for the inventory's own hosts.
    #[error("this plan was not made for a lab")]
    NotOfLab,
    /// Something else would be done now.
    #[error("changed since the plan was made: {}; nothing was touched", .0.join(", "))]
    Changed(Vec<String>),
}

impl SavedPlanError {
    /// The way out.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Write { .. } => None,
            Self::Read { .. } | Self::NoPlan { .. } | Self::Version(_) => {
                Some("create a plan file with `pryvctl plan INVENTORY -o FILE`".to_owned())
            }
            Self::OfLab(lab) => Some(format!("add --lab={lab}")),
            Self::NotOfLab => Some("leave out --lab".to_owned()),
            Self::Changed(_) => Some("make a new plan, review it, and apply the new plan".to_owned()),
        }
    }
}

/// What a plan is made from.
#[derive(Debug, Clone, Copy)]
pub struct Origin<'a> {
    /// The lab that stands in for the hosts.
    pub lab: Option<&'a String>,
    /// The inventory and every folder of roles, with their SHA-256.
    pub sources: &'a BTreeMap<String, String>,
}

impl SavedPlan {
    /// What is seen now.
    pub fn of(origin: Origin<'_>, proposal: &Proposal) -> Self {
        let seen = proposal.hosts.iter().map(|(name, hooks)| {
            let plan = proposal.plans.iter().find(|(host, _)| host == name).map(|(_, plan)| plan);
            let steps = plan.into_iter().flat_map(|plan| &plan.steps).map(named).collect();
            (name.clone(), Seen { plan: plan.map(Plan::digest), steps, hooks: hooks.clone() })
        });
        Self {
            pryvctl_plan: FORM,
            made_by: env!("CARGO_PKG_VERSION").to_owned(),
            lab: origin.lab.cloned(),
            sources: origin.sources.clone(),
            rules: proposal.rules.clone(),
            hosts: seen.collect(),
        }
    }

    /// The hosts it is about.
    pub fn hosts(&self) -> Vec<String> {
        self.hosts.keys().map(ToString::to_string).collect()
    }

    /// Whether it was made for these hosts: a lab's, or the inventory's own.
    ///
    /// # Errors
    /// For others.
    pub fn is_for(&self, lab: Option<&String>) -> Result<(), SavedPlanError> {
        match &self.lab {
            made_for if made_for.as_ref() == lab => Ok(()),
            Some(made_for) => Err(SavedPlanError::OfLab(made_for.clone())),
            None => Err(SavedPlanError::NotOfLab),
        }
    }

    /// Whether it was made from this, before any host is asked.
    ///
    /// # Errors
    /// Another inventory or another role, or one of them changed since.
    pub fn is_of(&self, sources: &BTreeMap<String, String>) -> Result<(), SavedPlanError> {
        changed(differing(&self.sources, sources))
    }

    /// Whether now the same would be done as in this file.
    ///
    /// # Errors
    /// Hosts or the order are another now.
    pub fn is_still(&self, now: &Self) -> Result<(), SavedPlanError> {
        let mut differ = differing(&self.hosts, &now.hosts);
        differ.extend((self.rules != now.rules).then(|| "the order of the hosts".to_owned()));
        changed(differ)
    }

    /// Writes it.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), SavedPlanError> {
        let text = serde_json::to_string_pretty(self).unwrap_or_default();
        std::fs::write(path, text + "\n")
            .map_err(|source| SavedPlanError::Write { path: path.to_owned(), source })
    }

    /// Reads one.
    ///
    /// # Errors
    /// A file that cannot be read or is none of ours.
    pub fn read(path: &Path) -> Result<Self, SavedPlanError> {
        let own = || path.to_owned();
        let text =
            std::fs::read_to_string(path).map_err(|source| SavedPlanError::Read { path: own(), source })?;
        let plan: Self =
            serde_json::from_str(&text).map_err(|source| SavedPlanError::NoPlan { path: own(), source })?;
        if plan.pryvctl_plan == FORM && plan.made_by == env!("CARGO_PKG_VERSION") {
            return Ok(plan);
        }
        Err(SavedPlanError::Version(own()))
    }
}

/// A step as it stands in the file.
fn named(step: &Step) -> String {
    let then = if step.look_again { " (the host is planned again after this step)" } else { "" };
    format!("{}{then}", step.id)
}

/// The names under which two lists do not say the same.
fn differing<K: Ord + ToString, V: PartialEq>(one: &BTreeMap<K, V>, other: &BTreeMap<K, V>) -> Vec<String> {
    let changed = one.iter().filter(|(name, value)| other.get(*name) != Some(*value)).map(|(name, _)| name);
    let new = other.keys().filter(|name| !one.contains_key(*name));
    changed.chain(new).map(ToString::to_string).collect()
}

fn changed(what: Vec<String>) -> Result<(), SavedPlanError> {
    if what.is_empty() { Ok(()) } else { Err(SavedPlanError::Changed(what)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources(texts: &[(&str, &str)]) -> BTreeMap<String, String> {
        texts.iter().map(|(name, sum)| ((*name).to_owned(), (*sum).to_owned())).collect()
    }

    fn proposal<'a>(hooks: &[&str], rules: &str) -> Proposal<'a> {
        let hooks = hooks.iter().map(|&hook| hook.to_owned()).collect();
        Proposal {
            plans: &[],
            hosts: BTreeMap::from([("co1".parse().unwrap(), hooks)]),
            rules: vec![rules.to_owned()],
            batches: Vec::new(),
            short: None,
        }
    }

    fn said(result: Result<(), SavedPlanError>) -> String {
        result.err().map(|error| error.to_string()).unwrap_or_default()
    }

    #[test]
    fn only_what_was_read_is_applied() {
        let made_from = sources(&[("inventory", "1"), ("roles/core", "2")]);
        let lab = "rehearsal".to_owned();
        let origin = Origin { lab: None, sources: &made_from };
        let kept = SavedPlan::of(origin, &proposal(&["before: drain"], "core: co1"));
        assert_eq!(said(kept.is_for(None)) + &said(kept.is_of(&made_from)), "");
        insta::assert_snapshot!(said(kept.is_for(Some(&lab))), @"this plan was not made for a lab");
        let other = sources(&[("inventory", "1"), ("roles/core", "3"), ("roles/mine", "4")]);
        insta::assert_snapshot!(said(kept.is_of(&other)), @"changed since the plan was made: roles/core, roles/mine; nothing was touched");
        let now = |hooks: &[&str], rules: &str| SavedPlan::of(origin, &proposal(hooks, rules));
        assert_eq!(said(kept.is_still(&now(&["before: drain"], "core: co1"))), "");
        insta::assert_snapshot!(said(kept.is_still(&now(&["before: rm -r /"], "core: co2 co1"))), @"changed since the plan was made: co1, the order of the hosts; nothing was touched");
    }
}
