//! Small values as people write them in Compose files: words, lists, pairs, durations, amounts.

use std::{collections::BTreeMap, time::Duration};

use serde::Deserialize;
use serde_json::Value;

use crate::model::size::Bytes;

/// A text, or a whole number meant as one. A fraction or a truth value is refused: YAML would have changed it
/// (`1.10` into `1.1`) before we saw it.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "Value")]
pub struct Word(pub String);

impl TryFrom<Value> for Word {
    type Error = String;
    fn try_from(value: Value) -> Result<Self, String> {
        match value {
            Value::String(text) => Ok(Self(text)),
            Value::Number(number) if number.is_i64() || number.is_u64() => Ok(Self(number.to_string())),
            Value::Null => Err("has no value: write \"\" for an empty text".to_owned()),
            other @ (Value::Bool(_) | Value::Number(_)) => Err(format!("put {other} in quotes")),
            Value::Array(_) | Value::Object(_) => Err("is not a text".to_owned()),
        }
    }
}

/// A list of texts, or one text that stands for a list. How the one text is read depends on the key.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Value")]
pub enum Words {
    /// One text.
    One(String),
    /// A list.
    Many(Vec<String>),
}

impl TryFrom<Value> for Words {
    type Error = String;
    fn try_from(value: Value) -> Result<Self, String> {
        match value {
            Value::Array(items) => {
                let words = items.into_iter().map(|item| Word::try_from(item).map(|word| word.0));
                words.collect::<Result<_, _>>().map(Self::Many)
            }
            other @ (Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Object(_)) => Word::try_from(other).map(|word| Self::One(word.0)),
        }
    }
}

impl Words {
    /// As a command: one text is cut into words as a shell would, without any expansion.
    ///
    /// # Errors
    /// A quote that is not closed.
    pub fn command(self) -> Result<Vec<String>, String> {
        match self {
            Self::Many(words) => Ok(words),
            Self::One(text) => shell_words(&text),
        }
    }

    /// As a list: one text is a list of one.
    pub fn list(self) -> Vec<String> {
        match self {
            Self::Many(words) => words,
            Self::One(text) => vec![text],
        }
    }
}

fn shell_words(text: &str) -> Result<Vec<String>, String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        match (quote, char) {
            (Some(open), close) if open == close => quote = None,
            (None | Some('"'), '\\') => word.get_or_insert_default().extend(chars.next()),
            (None, '\'' | '"') => {
                quote = Some(char);
                word.get_or_insert_default();
            }
            (None, space) if space.is_whitespace() => words.extend(word.take()),
            (None | Some(_), other) => word.get_or_insert_default().push(other),
        }
    }
    if let Some(open) = quote {
        return Err(format!("a {open} is not closed in `{text}`"));
    }
    words.extend(word);
    Ok(words)
}

/// Pairs, as a map or as a list of `KEY=value`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Value")]
pub struct Pairs(pub BTreeMap<String, String>);

impl TryFrom<Value> for Pairs {
    type Error = String;
    fn try_from(value: Value) -> Result<Self, String> {
        let pairs: Result<Vec<_>, String> = match value {
            Value::Null => Ok(Vec::new()),
            Value::Object(map) => map.into_iter().map(pair).collect(),
            Value::Array(items) => items.into_iter().map(assignment).collect(),
            Value::Bool(_) | Value::Number(_) | Value::String(_) => {
                Err("is neither a map nor a list".to_owned())
            }
        };
        let (pairs, mut map) = (pairs?, BTreeMap::new());
        for (key, value) in pairs {
            if map.insert(key.clone(), value).is_some() {
                return Err(format!("`{key}` is there twice"));
            }
        }
        Ok(Self(map))
    }
}

fn pair((key, value): (String, Value)) -> Result<(String, String), String> {
    let word = Word::try_from(value).map_err(|why| format!("`{key}`: {why}"))?;
    Ok((key, word.0))
}

fn assignment(item: Value) -> Result<(String, String), String> {
    let text = Word::try_from(item)?.0;
    let missing = || format!("`{text}` has no value: the controller's own environment is not passed on");
    text.split_once('=').map(|(key, value)| (key.to_owned(), value.to_owned())).ok_or_else(missing)
}

/// A duration as Compose writes it: `1m30s`, `500ms`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Period(pub Duration);

impl Period {
    /// Sixty seconds.
    pub(in crate::model) fn minute() -> Self {
        Self(Duration::from_secs(60))
    }
}

impl TryFrom<String> for Period {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        parse_period(&text).map(Self)
    }
}

/// Units in nanoseconds, longest name first, so that `ms` is not read as `m`.
const UNITS: [(&str, u64); 6] = [
    ("us", 1_000),
    ("ns", 1),
    ("ms", 1_000_000),
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
];

/// Reads a duration as Compose writes it.
///
/// # Errors
/// A text that is not whole numbers with units.
pub fn parse_period(text: &str) -> Result<Duration, String> {
    let invalid =
        || format!("`{text}` is not a duration: write whole numbers with units, as in 90s or 1m30s");
    let (mut rest, mut total) = (text, 0_u64);
    while !rest.is_empty() {
        let digits = rest.find(|char: char| !char.is_ascii_digit()).ok_or_else(invalid)?;
        let (number, tail) = rest.split_at(digits);
        let unit = UNITS.iter().find_map(|(name, size)| Some((tail.strip_prefix(name)?, size)));
        let (tail, size) = unit.ok_or_else(invalid)?;
        let amount = number.parse::<u64>().ok().and_then(|number| number.checked_mul(*size));
        total = amount.and_then(|amount| total.checked_add(amount)).ok_or_else(invalid)?;
        rest = tail;
    }
    if text.is_empty() { Err(invalid()) } else { Ok(Duration::from_nanos(total)) }
}

/// An amount of memory: `512m`, or a number of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Word")]
pub struct Limit(pub Bytes);

impl TryFrom<Word> for Limit {
    type Error = String;
    fn try_from(word: Word) -> Result<Self, String> {
        let bytes = word.0.parse::<u64>().map(Bytes).or_else(|_| word.0.parse::<Bytes>());
        bytes.map(Self).map_err(|error| error.to_string())
    }
}

/// A share of processors in thousandths: `0.5` is 500.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Value")]
pub struct Cpus(pub u64);

impl TryFrom<Value> for Cpus {
    type Error = String;
    fn try_from(value: Value) -> Result<Self, String> {
        let text = value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
        let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let thousandths = match part.len() {
            0..=3 if digits(whole) && digits(part) => format!("{whole}{part:0<3}").parse().ok(),
            _ => None,
        };
        thousandths
            .filter(|milli| *milli > 0)
            .map(Self)
            .ok_or_else(|| format!("`{text}` is not a number of processors, as in 0.5 or 2"))
    }
}
