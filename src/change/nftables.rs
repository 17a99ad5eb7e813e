//! A table of nftables as `nft -j` speaks it: built, loaded as one transaction, compared with what a host lists.
//!
//! JSON rather than text, because a listing can be compared only as JSON and one form cannot contradict another.

pub mod clause;
pub mod description;
mod normal;
pub mod phrase;

use std::{borrow::Cow, collections::HashSet};

use ::nftables::{
    expr::Expression,
    schema::{Chain, Map, NfListObject, Rule, Set, SetFlag, SetType, SetTypeValue, Table as Head},
    stmt::Statement,
    types::{NfChainPolicy, NfChainType, NfFamily, NfHook},
};
use serde::Serialize;
use serde_json::{Value, json};

use crate::model::{command::Command, place::NFT};

pub use normal::{differences, element_list, same};

const FAMILY: NfFamily = NfFamily::INet;

/// A table of the `inet` family, which is wholly ours.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    name: &'static str,
    sets: Vec<Value>,
    chains: Vec<Value>,
    rules: Vec<Value>,
}

impl Table {
    /// An empty table.
    pub fn new(name: &'static str) -> Self {
        Self { name, sets: Vec::new(), chains: Vec::new(), rules: Vec::new() }
    }

    /// Adds a set of single values.
    pub fn set(&mut self, name: &str, of: SetType, elements: Vec<Expression<'static>>) {
        let set = self.values(name, of, elements);
        self.sets.push(json(&NfListObject::Set(Box::new(set))));
    }

    /// Adds a set that may hold prefixes; they must not overlap.
    pub fn interval_set(&mut self, name: &str, of: SetType, elements: Vec<Expression<'static>>) {
        let flags = Some(HashSet::from([SetFlag::Interval]));
        let set = Set { flags, ..self.values(name, of, elements) };
        self.sets.push(json(&NfListObject::Set(Box::new(set))));
    }

    /// Adds a set of values side by side.
    pub fn concatenated_set(
        &mut self,
        name: &str,
        of: &'static [SetType],
        elements: Vec<Expression<'static>>,
    ) {
        let (set_type, elem) = (SetTypeValue::Concatenated(of.into()), listed(elements));
        let (table, name) = (self.name.into(), name.to_owned().into());
        let set = Set { family: FAMILY, table, name, set_type, elem, ..Set::default() };
        self.sets.push(json(&NfListObject::Set(Box::new(set))));
    }

    fn values(&self, name: &str, of: SetType, elements: Vec<Expression<'static>>) -> Set<'static> {
        Set {
            family: FAMILY,
            table: self.name.into(),
            name: name.to_owned().into(),
            set_type: SetTypeValue::Single(of),
            elem: listed(elements),
            ..Set::default()
        }
    }

    /// Adds a map from one value or concatenation to another. nft 1.0.6 lists such a map, but cannot load it from JSON.
    pub fn map(
        &mut self,
        name: &'static str,
        from: &'static [SetType],
        to: &'static [SetType],
        elements: Vec<Expression<'static>>,
    ) {
        let map = Map {
            family: FAMILY,
            table: self.name.into(),
            name: name.into(),
            set_type: match from {
                [one] => SetTypeValue::Single(*one),
                _ => SetTypeValue::Concatenated(from.into()),
            },
            map: SetTypeValue::Concatenated(to.into()),
            elem: listed(elements),
            ..Map::default()
        };
        self.sets.push(json(&NfListObject::Map(Box::new(map))));
    }

    /// Adds a chain that only other chains jump to.
    pub fn chain(&mut self, name: &'static str) {
        let (table, name) = (self.name.into(), name.into());
        let chain = Chain { family: FAMILY, table, name, ..Chain::default() };
        self.chains.push(json(&NfListObject::Chain(chain)));
    }

    /// Adds a chain the kernel calls.
    pub fn base_chain(
        &mut self,
        name: &'static str,
        (kind, hook): (NfChainType, NfHook),
        priority: i32,
        policy: NfChainPolicy,
    ) {
        let chain = Chain {
            family: FAMILY,
            table: self.name.into(),
            name: name.into(),
            _type: Some(kind),
            hook: Some(hook),
            prio: Some(priority),
            policy: Some(policy),
            ..Chain::default()
        };
        self.chains.push(json(&NfListObject::Chain(chain)));
    }

    /// Adds a set of addresses (`ipv4_addr`, `ipv6_addr`) that rules fill and the kernel forgets after a minute.
    /// nft 1.0.6 does not take the flag `dynamic` from JSON, and sets it for a set that a rule adds to.
    pub fn remembered(&mut self, name: &str, of: &str) {
        self.sets.push(json!({ "set": {
            "family": FAMILY, "table": self.name, "name": name, "type": of,
            "flags": ["timeout"], "timeout": 60, "size": 65535,
        } }));
    }

    /// Adds a timeout, in seconds, for connections of TCP in a state. The crate has the shape of an older nft.
    pub fn timeout(&mut self, name: &str, l3proto: &str, state: &str, seconds: u32) {
        self.sets.push(json!({ "ct timeout": {
            "family": FAMILY, "table": self.name, "name": name, "protocol": "tcp", "l3proto": l3proto,
            "policy": { state: seconds },
        } }));
    }

    /// Adds a rule that drops what exceeds a rate, counted for each source address in a set that is
    /// [`remembered`](Self::remembered). The crate has no words for it.
    pub fn rate(
        &mut self,
        chain: &'static str,
        comment: &str,
        conditions: &[Statement<'static>],
        (family, set): (&str, &str),
        a_second: u32,
    ) {
        let source = json!({ "payload": { "protocol": family, "field": "saddr" } });
        let exceeded =
            json!({ "limit": { "rate": a_second, "burst": a_second, "per": "second", "inv": true } });
        let counted = json!({ "set": {
            "op": "add", "elem": source, "set": format!("@{set}"), "stmt": [exceeded],
        } });
        let statements: Vec<Value> =
            conditions.iter().map(json).chain([counted, json!({ "drop": null })]).collect();
        self.rules.push(json!({ "rule": {
            "family": FAMILY, "table": self.name, "chain": chain, "expr": statements,
            "comment": shortened(comment),
        } }));
    }

    /// Adds a rule to the end of a chain.
    pub fn rule(&mut self, chain: &'static str, comment: Option<&str>, statements: Vec<Statement<'static>>) {
        let rule = Rule {
            family: FAMILY,
            table: self.name.into(),
            chain: chain.into(),
            expr: statements.into(),
            comment: comment.map(|comment| shortened(comment).to_owned().into()),
            ..Rule::default()
        };
        self.rules.push(json(&NfListObject::Rule(rule)));
    }

    /// The table itself, without what is in it.
    fn head(&self) -> Value {
        json(&NfListObject::Table(Head { family: FAMILY, name: self.name.into(), handle: None }))
    }

    /// Everything but the table itself, in an order in which it can be added.
    fn objects(&self) -> impl Iterator<Item = Value> {
        self.sets.iter().chain(&self.chains).chain(&self.rules).cloned()
    }

    /// As `nft -j list table` would show it.
    pub fn listing(&self) -> Value {
        json!({ "nftables": std::iter::once(self.head()).chain(self.objects()).collect::<Vec<_>>() })
    }

    /// A document that replaces the table in one transaction, whether it is there or not. One object a line, so that
    /// an administrator can read it.
    pub fn document(&self) -> String {
        let add = |object: Value| json!({ "add": object });
        // nft 1.0.6 knows no `destroy`: a table that surely exists can be deleted.
        let delete = json!({ "delete": self.head() });
        let commands =
            [add(self.head()), delete, add(self.head())].into_iter().chain(self.objects().map(add));
        let lines: Vec<String> = commands.map(|command| command.to_string()).collect();
        format!("{{\"nftables\":[\n{}\n]}}\n", lines.join(",\n"))
    }
}

/// By way of a value, whose keys are sorted: the same table is always the same text. These types always become JSON;
/// a `null` in their place would be refused by nft, and with it the whole document.
fn json(object: &impl Serialize) -> Value {
    serde_json::to_value(object).unwrap_or_default()
}

/// An empty set is listed without elements.
fn listed(elements: Vec<Expression<'static>>) -> Option<Cow<'static, [Expression<'static>]>> {
    if elements.is_empty() { None } else { Some(elements.into()) }
}

/// The kernel keeps 128 bytes of a comment, the last of which is zero (NFTNL_UDATA_COMMENT_MAXLEN).
fn shortened(comment: &str) -> &str {
    let mut end = comment.len().min(127);
    while !comment.is_char_boundary(end) {
        end -= 1;
    }
    &comment[..end]
}

/// Asks the kernel whether it would take a document.
pub fn check(document: impl Into<String>) -> Command {
    Command::root(format!("{NFT} -c -j -f -")).stdin(document)
}
