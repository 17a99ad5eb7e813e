//! Openings by origin and sources, each group a set of ports and its rules.

use std::collections::{BTreeMap, BTreeSet};

use ::nftables::{expr::MetaKey, schema::SetType, stmt::Statement};
use ipnet::IpNet;

use super::word::sources;
use crate::{
    change::nftables::{
        Table,
        phrase::{accept, dialled_port, equal, field, meta, number, redirected, text},
    },
    model::desired::{Opening, Protocol},
};

/// Ports that one origin opens to the same sources.
pub(super) struct Group {
    name: String,
    protocol: Protocol,
    from: Vec<IpNet>,
    origin: String,
    ports: BTreeSet<u16>,
}

/// Named sets, because nft 1.0.6 lists a literal set after `ct original proto-dst` as invalid.
pub(super) fn groups(openings: &[Opening]) -> Vec<Group> {
    let mut groups: BTreeMap<_, BTreeSet<u16>> = BTreeMap::new();
    for opening in openings {
        let key = (opening.protocol, opening.from.clone(), opening.origin.clone());
        groups.entry(key).or_default().insert(opening.port);
    }
    let numbered = groups.into_iter().zip(1..);
    numbered
        .map(|(((protocol, from, origin), ports), number)| Group {
            name: format!("open{number}"),
            protocol,
            from,
            origin,
            ports,
        })
        .collect()
}

impl Group {
    /// Adds the group's ports.
    pub fn ports(&self, table: &mut Table) {
        table.set(&self.name, SetType::InetService, self.ports.iter().copied().map(number).collect());
    }

    /// Adds the group's sources and gives back a condition for each family; open to everyone: none.
    pub fn sources(&self, table: &mut Table) -> Vec<Statement<'static>> {
        if self.from.is_empty() { Vec::new() } else { sources(table, &self.name, &self.from) }
    }

    /// Adds the group's rules, for each of these conditions.
    pub fn open(&self, table: &mut Table, from: &[Statement<'static>]) {
        let (ports, comment) = (text(format!("@{}", self.name)), Some(self.origin.as_str()));
        let port = equal(field(self.protocol.as_str(), "dport"), ports.clone());
        let protocol = equal(meta(MetaKey::L4proto), text(self.protocol.as_str()));
        let dialled = equal(dialled_port(), ports);
        let conditions: Vec<Option<&Statement>> =
            if from.is_empty() { vec![None] } else { from.iter().map(Some).collect() };
        for condition in conditions {
            let rule = |rest: &[&Statement<'static>]| {
                condition.into_iter().chain(rest.iter().copied()).cloned().chain([accept()]).collect()
            };
            table.rule("input", comment, rule(&[&port]));
            table.rule("forward", comment, rule(&[&redirected(), &protocol, &dialled]));
        }
        // docker-proxy: a container that calls the host's address arrives in `input`, from its bridge.
        table.rule("from_container", comment, vec![port, accept()]);
    }
}
