//! What is well-formed and still cannot be meant, or is worth a thought. Needs the inventory and the names of the roles.

mod access;
mod address;
mod alerts;
mod break_glass;
mod export;
mod hardening;
mod inline;
mod key;
mod platform;
mod point;
mod receiver;
mod registry;
mod watch;
mod word;

use std::collections::{BTreeMap, BTreeSet};

use serde_saphyr::Spanned;

use self::point::point;
use super::{Host, Inventory};
use crate::model::{
    name::{HostName, RoleName, ZoneName},
    nearest::suggest,
    problem::{Place, Problem},
};

impl Inventory {
    /// Everything that can be told from the inventory and the names of the roles, errors and warnings.
    pub fn check(&self, roles: &BTreeSet<RoleName>) -> Vec<Problem> {
        let mut problems = self.check_references(roles);
        // What a platform lacks cannot be told while a role or a zone may only be misspelt.
        if problems.is_empty() {
            problems.extend(platform::check(self));
        }
        problems.extend(word::check(self));
        problems.extend(address::check(self));
        problems.extend(access::check(self));
        problems.extend(break_glass::check(self));
        problems.extend(inline::check(self));
        problems.extend(registry::check(self));
        problems.extend(hardening::check(self));
        problems.extend(watch::check(self));
        problems.extend(alerts::check(self));
        problems.extend(export::check(self));
        problems
    }

    fn check_references(&self, known: &BTreeSet<RoleName>) -> Vec<Problem> {
        if self.hosts.is_empty() {
            let problem = Problem::error("host.none", "the inventory has no host");
            return vec![problem.hint("add one below `hosts`").at(self.place(&["hosts"]))];
        }
        let hosts = self.hosts.iter();
        let mut problems: Vec<_> =
            hosts.flat_map(|(name, host)| self.check_host(name, host, known)).collect();
        let used: BTreeSet<_> = self.hosts.values().map(|host| &host.zone.value).collect();
        if !problems.is_empty() {
            return problems;
        }
        for zone in self.zones.keys().filter(|zone| !used.contains(zone)) {
            let problem = Problem::warning("zone.empty", format!("no host is in zone `{zone}`"));
            let problem = problem.hint("put a host in this zone, or remove the zone");
            problems.push(problem.at(self.place(&["zones", zone.as_str()])));
        }
        problems
    }

    fn check_host(&self, name: &HostName, host: &Host, known: &BTreeSet<RoleName>) -> Vec<Problem> {
        let mut problems = Vec::new();
        let zone = &host.zone.value;
        if !self.zones.contains_key(zone) {
            let problem = Problem::error("zone.unknown", format!("host `{name}`: there is no zone `{zone}`"));
            let hint = suggest(zone.as_str(), self.zones.keys().map(ZoneName::as_str));
            problems.push(point(problem.hint(hint), &host.zone));
        }
        if host.roles.is_empty() {
            let problem = Problem::error("role.none", format!("host `{name}` has no role"));
            let place = self.place(&["hosts", name.as_str(), "roles"]);
            problems.push(problem.hint("write what it does, as in `roles: [core]`").at(place));
        }
        let mut first: BTreeMap<&RoleName, &Spanned<RoleName>> = BTreeMap::new();
        for role in &host.roles {
            let word = role.value.as_str();
            if !known.contains(&role.value) {
                let problem =
                    Problem::error("role.unknown", format!("host `{name}`: there is no role `{word}`"));
                let hint = suggest(word, known.iter().map(RoleName::as_str));
                problems.push(point(problem.hint(hint), role));
            }
            if let Some(earlier) = first.insert(&role.value, role) {
                let problem =
                    Problem::error("role.twice", format!("host `{name}` has the role `{word}` twice"));
                let problem = problem.hint("remove one of the two");
                problems.push(problem.at(Place::from(role)).also(Place::from(earlier), "first here"));
            }
        }
        problems
    }
}
