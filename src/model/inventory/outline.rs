//! An inventory's text as a tree of places: where every key and every value stands, merge keys expanded.

use std::{collections::BTreeMap, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, SeqAccess, Visitor},
};
use serde_saphyr::{Options, Spanned};

use crate::model::problem::Place;

/// A whole text.
pub struct Outline {
    /// The document.
    pub root: Node,
}

/// A value and where it stands.
#[derive(Debug, PartialEq)]
pub struct Node {
    /// Where it is used.
    pub at: Place,
    /// Where it is written, if an alias or a merge key brought it here.
    pub written: Option<Place>,
    /// What it is.
    pub value: Value,
}

/// What a value is.
#[derive(Debug, PartialEq)]
pub enum Value {
    /// Nothing, as after a bare `key:`.
    Null,
    /// `true` or `false`.
    Bool(String),
    /// A number, as written.
    Number(String),
    /// Text.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// A mapping, in the order written.
    Mapping(Vec<(Key, Node)>),
}

/// A key of a mapping.
#[derive(Debug, PartialEq)]
pub struct Key {
    /// Its text.
    pub text: String,
    /// Where it is used.
    pub at: Place,
    /// Where it is written, if a merge key brought it here.
    pub written: Option<Place>,
}

/// Limits far above any inventory and far below what an alias bomb needs. A thousand hosts make about 20,000 nodes.
pub fn options() -> Options {
    serde_saphyr::options! {
        with_snippet: false,
        budget: serde_saphyr::budget! { max_nodes: 100_000 },
        non_finite_float_policy: serde_saphyr::options::NonFiniteFloatPolicy::AsString,
    }
}

impl Outline {
    /// Reads the YAML and nothing of its meaning.
    ///
    /// # Errors
    /// The first fault of the YAML itself.
    pub fn read(text: &str) -> Result<Self, serde_saphyr::Error> {
        let raw: Spanned<Raw> = serde_saphyr::from_str_with_options(text, options())?;
        Ok(Self { root: raw_node(raw, text) })
    }
}

/// Places by path, as in `hosts`, `co1`, `roles`, `0`. Holds no value, so it may be kept and shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Places(BTreeMap<Vec<String>, Place>);

impl Places {
    /// The places of every key and list entry.
    pub fn of(outline: &Outline) -> Self {
        let mut places = BTreeMap::new();
        collect(&outline.root, &mut Vec::new(), &mut places);
        Self(places)
    }

    /// Where a key or a list entry stands.
    pub fn get(&self, path: &[&str]) -> Option<Place> {
        self.0.get(&path.iter().map(|&part| part.to_owned()).collect::<Vec<_>>()).copied()
    }
}

fn collect(node: &Node, path: &mut Vec<String>, places: &mut BTreeMap<Vec<String>, Place>) {
    let mut visit = |name: String, at: Place, child: &Node| {
        path.push(name);
        places.insert(path.clone(), at);
        collect(child, path, places);
        path.pop();
    };
    match &node.value {
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Text(_) => {}
        Value::List(nodes) => {
            nodes.iter().enumerate().for_each(|(index, child)| visit(index.to_string(), child.at, child));
        }
        Value::Mapping(entries) => {
            entries.iter().for_each(|(key, child)| visit(key.text.clone(), key.at, child));
        }
    }
}

/// A value as the parser hands it over, before scalars get their text back.
enum Raw {
    Null,
    Bool,
    Number,
    Text(String),
    List(Vec<Spanned<Raw>>),
    Mapping(Vec<(Spanned<String>, Spanned<Raw>)>),
}

fn place<T>(value: &Spanned<T>) -> Place {
    Place::from(value)
}

fn raw_node(raw: Spanned<Raw>, text: &str) -> Node {
    let at = place(&raw);
    let written = Place::of(raw.defined).filter(|written| *written != at);
    // 1.10 is a number to YAML and a version to us: the text as written is the value.
    let as_written = || {
        let Place { offset, len } = written.unwrap_or(at);
        text.get(offset..offset + len).unwrap_or_default().to_owned()
    };
    let value = match raw.value {
        Raw::Null => Value::Null,
        Raw::Bool => Value::Bool(as_written()),
        Raw::Number => Value::Number(as_written()),
        Raw::Text(text) => Value::Text(text),
        Raw::List(nodes) => Value::List(nodes.into_iter().map(|node| raw_node(node, text)).collect()),
        Raw::Mapping(entries) => Value::Mapping(
            entries.into_iter().map(|(key, node)| (raw_key(key), raw_node(node, text))).collect(),
        ),
    };
    Node { at, written, value }
}

fn raw_key(key: Spanned<String>) -> Key {
    let at = place(&key);
    Key { at, written: Place::of(key.defined).filter(|written| *written != at), text: key.value }
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a YAML value")
    }
    fn visit_unit<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }
    fn visit_bool<E>(self, _: bool) -> Result<Raw, E> {
        Ok(Raw::Bool)
    }
    fn visit_i64<E>(self, _: i64) -> Result<Raw, E> {
        Ok(Raw::Number)
    }
    fn visit_u64<E>(self, _: u64) -> Result<Raw, E> {
        Ok(Raw::Number)
    }
    fn visit_i128<E>(self, _: i128) -> Result<Raw, E> {
        Ok(Raw::Number)
    }
    fn visit_u128<E>(self, _: u128) -> Result<Raw, E> {
        Ok(Raw::Number)
    }
    fn visit_f64<E>(self, _: f64) -> Result<Raw, E> {
        Ok(Raw::Number)
    }
    fn visit_str<E>(self, text: &str) -> Result<Raw, E> {
        Ok(Raw::Text(text.to_owned()))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Raw, A::Error> {
        let mut nodes = Vec::new();
        while let Some(node) = list.next_element()? {
            nodes.push(node);
        }
        Ok(Raw::List(nodes))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut mapping: A) -> Result<Raw, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = mapping.next_entry()? {
            entries.push(entry);
        }
        Ok(Raw::Mapping(entries))
    }
}
