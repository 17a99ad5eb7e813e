//! A table described once: the text that is loaded, the transaction that changes what is in it, and the listing that it must
//! give are all made of this.
//!
//! Text, because the JSON of nft 1.0.6 cannot say that a map's value is an address and a port.

use std::{collections::BTreeMap, fmt::Write as _};

use ::nftables::{
    expr::Expression,
    schema::SetType,
    types::{NfChainPolicy, NfChainType, NfHook},
};
use ipnet::IpNet;
use serde::Serialize;
use serde_json::Value;

use super::{
    Table,
    clause::Clause,
    json,
    phrase::{element, joined, number, text},
};

/// A table of the `inet` family.
#[derive(Debug)]
pub struct Description {
    /// Its name.
    pub name: &'static str,
    /// Sets and maps.
    pub sets: Vec<Collection>,
    /// Timeouts of connections.
    pub timeouts: Vec<Timeout>,
    /// Chains that the kernel calls.
    pub chains: Vec<Chain>,
}

/// A set or a map.
#[derive(Debug)]
pub struct Collection {
    /// Its name.
    pub name: &'static str,
    /// Of what.
    pub holds: Holds,
    /// What is in it.
    pub elements: Vec<Element>,
}

/// What a set or map holds; several types are values side by side.
#[derive(Debug, Clone, Copy)]
pub enum Holds {
    /// Values.
    Set(&'static [SetType]),
    /// Networks, which must not overlap.
    Networks(SetType),
    /// Keys that lead to values.
    Map(&'static [SetType], &'static [SetType]),
}

/// An element: its key, and in a map where it leads.
#[derive(Debug)]
pub struct Element {
    /// What it is known by.
    pub key: Vec<Part>,
    /// Where it leads; nothing in a set.
    pub to: Vec<Part>,
}

/// One value of those side by side.
#[derive(Debug)]
pub enum Part {
    /// An address, or a name.
    Word(String),
    /// A port.
    Number(u16),
    /// A network.
    Network(IpNet),
}

/// How long a connection of TCP may be half open: one second.
#[derive(Debug)]
pub struct Timeout {
    /// Its name.
    pub name: &'static str,
    /// The family, as `ip` or `ip6`.
    pub protocol: &'static str,
}

/// A chain that the kernel calls, which lets pass what no rule decides.
#[derive(Debug)]
pub struct Chain {
    /// Its name.
    pub name: &'static str,
    /// What it is for.
    pub kind: NfChainType,
    /// Where it is called.
    pub hook: NfHook,
    /// When, among others at that place.
    pub priority: i32,
    /// Its rules.
    pub rules: Vec<Rule>,
}

/// A rule of a chain.
#[derive(Debug)]
pub struct Rule {
    /// Conditions, and what then happens.
    pub clauses: Vec<Clause>,
    /// What it is for.
    pub comment: Option<&'static str>,
}

impl Description {
    /// What replaces the table in one transaction, whether it is there or not.
    pub fn document(&self) -> String {
        let name = self.name;
        let sets = self.sets.iter().map(Collection::text);
        let timeouts = self.timeouts.iter().map(Timeout::text);
        let chains = self.chains.iter().map(Chain::text);
        format!(
            "# Written by pryvctl; changes are overwritten.\n\
             table inet {name}\ndelete table inet {name}\ntable inet {name} {{\n{}}}\n",
            sets.chain(timeouts).chain(chains).collect::<String>()
        )
    }

    /// What `nft -j list table` must show.
    pub fn listing(&self) -> Value {
        let mut table = Table::new(self.name);
        self.sets.iter().for_each(|set| set.list(&mut table));
        for Timeout { name, protocol } in &self.timeouts {
            table.timeout(name, protocol, "syn_sent", 1);
        }
        for Chain { name, kind, hook, priority, rules } in &self.chains {
            table.base_chain(name, (*kind, *hook), *priority, NfChainPolicy::Accept);
            for Rule { clauses, comment } in rules {
                table.rule(name, *comment, clauses.iter().map(Clause::statement).collect());
            }
        }
        table.listing()
    }
}

/// Elements out and in, all or nothing: from what is in the sets of a table to what will be in the same sets.
pub fn transaction(table: &str, from: &[Collection], to: &[Collection]) -> String {
    let mut text = String::new();
    for (from, to) in from.iter().zip(to) {
        let (name, from, to) = (from.name, from.by_key(), to.by_key());
        for key in from.iter().filter(|(key, element)| to.get(*key) != Some(*element)).map(|(key, _)| key) {
            writeln!(text, "delete element inet {table} {name} {{ {key} }}").unwrap_or_default();
        }
        for (_, element) in to.iter().filter(|(key, element)| from.get(*key) != Some(*element)) {
            writeln!(text, "add element inet {table} {name} {{ {element} }}").unwrap_or_default();
        }
    }
    text
}

impl Collection {
    fn text(&self) -> String {
        let (kind, holds) = match self.holds {
            Holds::Set(of) => ("set", types(of)),
            Holds::Networks(of) => ("set", format!("{}\n\t\tflags interval", word(&of))),
            Holds::Map(from, to) => ("map", format!("{} : {}", types(from), types(to))),
        };
        let elements: Vec<String> = self.elements.iter().map(Element::text).collect();
        let elements = if elements.is_empty() {
            String::new()
        } else {
            format!("\n\t\telements = {{ {} }}", elements.join(", "))
        };
        format!("\t{kind} {} {{\n\t\ttype {holds}{elements}\n\t}}\n", self.name)
    }

    fn list(&self, table: &mut Table) {
        let elements = self.elements.iter().map(Element::listed).collect();
        match self.holds {
            Holds::Set([of]) => table.set(self.name, *of, elements),
            Holds::Set(of) => table.concatenated_set(self.name, of, elements),
            Holds::Networks(of) => table.interval_set(self.name, of, elements),
            Holds::Map(from, to) => table.map(self.name, from, to, elements),
        }
    }

    /// The texts of its elements by those of their keys.
    fn by_key(&self) -> BTreeMap<String, String> {
        self.elements.iter().map(|element| (parts(&element.key), element.text())).collect()
    }
}

impl Element {
    /// An element of a set.
    pub fn of(key: impl Into<Vec<Part>>) -> Self {
        Self { key: key.into(), to: Vec::new() }
    }

    fn text(&self) -> String {
        let key = parts(&self.key);
        if self.to.is_empty() { key } else { format!("{key} : {}", parts(&self.to)) }
    }

    fn listed(&self) -> Expression<'static> {
        let key = side_by_side(&self.key);
        if self.to.is_empty() { key } else { Expression::List(vec![key, side_by_side(&self.to)]) }
    }
}

impl Part {
    /// An address, or a name.
    pub fn word(word: impl ToString) -> Self {
        Self::Word(word.to_string())
    }

    fn text(&self) -> String {
        match self {
            Self::Word(word) => word.clone(),
            Self::Number(number) => number.to_string(),
            Self::Network(network) => network.to_string(),
        }
    }

    fn listed(&self) -> Expression<'static> {
        match self {
            Self::Word(word) => text(word.clone()),
            Self::Number(port) => number(*port),
            Self::Network(network) => element(*network),
        }
    }
}

fn parts(parts: &[Part]) -> String {
    parts.iter().map(Part::text).collect::<Vec<_>>().join(" . ")
}

fn side_by_side(parts: &[Part]) -> Expression<'static> {
    match parts {
        [one] => one.listed(),
        several => joined(several.iter().map(Part::listed).collect::<Vec<_>>()),
    }
}

impl Timeout {
    /// nft 1.0.6 wants a line for each part.
    fn text(&self) -> String {
        let Self { name, protocol } = self;
        format!(
            "\tct timeout {name} {{\n\t\tprotocol tcp\n\t\tl3proto {protocol}\n\t\tpolicy = {{ syn_sent : 1 }}\n\t}}\n"
        )
    }
}

impl Chain {
    fn text(&self) -> String {
        let Self { name, kind, hook, priority, rules } = self;
        let rules: String = rules.iter().map(|rule| format!("\t\t{}\n", rule.text())).collect();
        format!(
            "\tchain {name} {{\n\t\ttype {} hook {} priority {priority}; policy accept;\n{rules}\t}}\n",
            word(kind),
            word(hook)
        )
    }
}

impl Rule {
    fn text(&self) -> String {
        let clauses = self.clauses.iter().map(Clause::text);
        let comment = self.comment.map(|comment| format!("comment \"{comment}\""));
        clauses.chain(comment).collect::<Vec<_>>().join(" ")
    }
}

/// As nft calls a type, a kind of chain or a hook: the crate writes it so into JSON.
fn word(named: &impl Serialize) -> String {
    json(named).as_str().unwrap_or_default().to_owned()
}

fn types(of: &[SetType]) -> String {
    of.iter().map(word).collect::<Vec<_>>().join(" . ")
}
