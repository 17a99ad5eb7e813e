//! A table of nftables as `nft -j` speaks it: built, loaded as one transaction, compared with what a host lists.
//!
//! JSON rather than text, because a listing can be compared only as JSON and one form cannot contradict another.

mod normal;

use serde_json::{Value, json};

use crate::model::command::Command;

pub use normal::{differences, element_list, same};

/// The program; root's path does not hold it everywhere.
pub const NFT: &str = "/usr/sbin/nft";

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
    pub fn set(&mut self, name: &str, of: &str, elements: Vec<Value>) {
        let set = json!({ "family": "inet", "table": self.name, "name": name, "type": of });
        self.sets.push(json!({ "set": with_elements(set, elements) }));
    }

    /// Adds a set that may hold prefixes; they must not overlap.
    pub fn interval_set(&mut self, name: &str, of: &str, elements: Vec<Value>) {
        let set =
            json!({ "family": "inet", "table": self.name, "name": name, "type": of, "flags": ["interval"] });
        self.sets.push(json!({ "set": with_elements(set, elements) }));
    }

    /// Adds a map from one concatenation to another.
    pub fn map(&mut self, name: &str, from: &[&str], to: &[&str], elements: Vec<Value>) {
        // nft 1.0.6 takes and lists the value's type only as text.
        let map = json!({
            "family": "inet", "table": self.name, "name": name, "type": from, "map": to.join(" . "),
        });
        self.sets.push(json!({ "map": with_elements(map, elements) }));
    }

    /// Adds a chain that only other chains jump to.
    pub fn chain(&mut self, name: &str) {
        self.chains.push(json!({ "chain": { "family": "inet", "table": self.name, "name": name } }));
    }

    /// Adds a chain the kernel calls.
    pub fn base_chain(&mut self, kind: &str, hook: &str, priority: i32, policy: &str) {
        self.chains.push(json!({ "chain": {
            "family": "inet", "table": self.name, "name": hook,
            "type": kind, "hook": hook, "prio": priority, "policy": policy,
        } }));
    }

    /// Adds a rule to the end of a chain.
    pub fn rule(&mut self, chain: &str, comment: Option<&str>, expressions: Vec<Value>) {
        let mut rule = json!({ "family": "inet", "table": self.name, "chain": chain, "expr": expressions });
        if let Some(comment) = comment {
            rule["comment"] = Value::from(shortened(comment));
        }
        self.rules.push(json!({ "rule": rule }));
    }

    /// Everything but the table itself, in an order in which it can be added.
    fn objects(&self) -> impl Iterator<Item = &Value> {
        self.sets.iter().chain(&self.chains).chain(&self.rules)
    }

    /// As `nft -j list table` would show it.
    pub fn listing(&self) -> Value {
        let table = json!({ "table": { "family": "inet", "name": self.name } });
        json!({ "nftables": std::iter::once(&table).chain(self.objects()).collect::<Vec<_>>() })
    }

    /// A document that replaces the table in one transaction, whether it is there or not. One object a line, so that
    /// an administrator can read it.
    pub fn document(&self) -> String {
        let table = json!({ "table": { "family": "inet", "name": self.name } });
        // nft 1.0.6 knows no `destroy`: a table that surely exists can be deleted.
        let fresh = ["add", "delete", "add"].map(|verb| json!({ verb: &table }));
        let rest = self.objects().map(|object| json!({ "add": object }));
        let lines: Vec<String> = fresh.into_iter().chain(rest).map(|line| line.to_string()).collect();
        format!("{{\"nftables\":[\n{}\n]}}\n", lines.join(",\n"))
    }
}

fn with_elements(mut set: Value, elements: Vec<Value>) -> Value {
    if !elements.is_empty() {
        set["elem"] = Value::from(elements);
    }
    set
}

/// The kernel keeps 128 bytes of a comment, the last of which is zero (NFTNL_UDATA_COMMENT_MAXLEN).
fn shortened(comment: &str) -> &str {
    let mut end = comment.len().min(127);
    while !comment.is_char_boundary(end) {
        end -= 1;
    }
    &comment[..end]
}

/// Loads a document: all of it or nothing.
pub fn load(document: impl Into<String>) -> Command {
    Command::root(format!("{NFT} -j -f -")).stdin(document)
}

/// Asks the kernel whether it would take a document.
pub fn check(document: impl Into<String>) -> Command {
    Command::root(format!("{NFT} -c -j -f -")).stdin(document)
}

/// `left == right`.
pub fn equal(left: Value, right: impl Into<Value>) -> Value {
    json!({ "match": { "op": "==", "left": left, "right": right.into() } })
}

/// `left != right`.
pub fn unequal(left: Value, right: impl Into<Value>) -> Value {
    json!({ "match": { "op": "!=", "left": left, "right": right.into() } })
}

/// The connection was redirected by a `dnat`.
pub fn redirected() -> Value {
    json!({ "match": { "op": "in", "left": { "ct": { "key": "status" } }, "right": "dnat" } })
}

/// A field of a packet.
pub fn field(protocol: &str, field: &str) -> Value {
    json!({ "payload": { "protocol": protocol, "field": field } })
}

/// What the kernel knows about a packet.
pub fn meta(key: &str) -> Value {
    json!({ "meta": { "key": key } })
}

/// A network, as nft writes it.
pub fn prefix(address: impl ToString, len: u8) -> Value {
    json!({ "prefix": { "addr": address.to_string(), "len": len } })
}

/// An anonymous set.
pub fn any_of(values: &[&str]) -> Value {
    json!({ "set": values })
}

/// Lets it pass.
pub fn accept() -> Value {
    json!({ "accept": null })
}
