//! What the engine knows of a platform: its rules, who stands where, and what is muted.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{
    alert::{Rule, shipped, tuned::tuned},
    inventory::{Inventory, Mute},
    name::HostName,
    selector::Selector,
};

/// What the engine knows of a platform.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ground {
    /// The platform.
    pub platform: String,
    /// The zone of each host.
    pub zones: BTreeMap<HostName, String>,
    /// What nobody is told.
    pub silences: Vec<Silence>,
}

/// What nobody is told for a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Silence {
    /// The rule; `None`: all.
    pub rule: Option<String>,
    /// Of which hosts.
    pub hosts: BTreeSet<HostName>,
    /// Until when, in seconds since 1970.
    pub until: i64,
    /// Why.
    pub reason: String,
}

impl Ground {
    /// That of an inventory.
    pub fn of(inventory: &Inventory) -> Self {
        let zones = inventory.hosts.iter().map(|(name, host)| (name.clone(), host.zone.value.to_string()));
        Self {
            platform: inventory.platform.to_string(),
            zones: zones.collect(),
            silences: inventory.watch.mute.iter().map(|mute| silence(inventory, mute)).collect(),
        }
    }

    /// What mutes a rule on a host at a time.
    pub fn muted(&self, rule: &str, host: &HostName, at: i64) -> Option<&Silence> {
        self.silences.iter().find(|silence| {
            let is_of_rule = silence.rule.as_ref().is_none_or(|muted| muted == rule);
            is_of_rule && at < silence.until && silence.hosts.contains(host)
        })
    }
}

fn silence(inventory: &Inventory, Mute { alert, hosts, reason, until }: &Mute) -> Silence {
    let hosts = hosts.iter().map(|pattern| pattern.value.clone()).collect();
    // The check of the inventory refuses what selects nothing.
    let hosts = Selector { hosts, ..Selector::default() }.select(inventory).unwrap_or_default();
    Silence { rule: alert.as_ref().map(|id| id.value.clone()), hosts, until: until.0, reason: reason.clone() }
}

/// The rules as they hold on a platform; the check of the inventory refuses what cannot be meant.
pub fn rules(inventory: &Inventory) -> Vec<Rule> {
    let rules = shipped().unwrap_or_default().iter();
    let tunings = &inventory.watch.alerts;
    let rules = rules.map(|rule| {
        let tuned = tunings.get(&rule.id).and_then(|tuning| tuned(rule, tuning).ok());
        tuned.unwrap_or_else(|| rule.clone())
    });
    rules.collect()
}
