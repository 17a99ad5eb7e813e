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

/// A list of texts, or one text for a list of one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Value")]
pub struct List(pub Vec<String>);

impl TryFrom<Value> for List {
    type Error = String;
    fn try_from(value: Value) -> Result<Self, String> {
        let items = if let Value::Array(items) = value { items } else { vec![value] };
        items
            .into_iter()
            .map(|item| Word::try_from(item).map(|word| word.0))
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

/// A command: a list of words, or one text that is cut into words as a shell would, without any expansion.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Value")]
pub struct Argv(pub Vec<String>);

impl TryFrom<Value> for Argv {
    type Error = String;
    fn try_from(value: Value) -> Result<Self, String> {
        if let Value::String(text) = &value {
            return shell_words(text).map(Self);
        }
        List::try_from(value).map(|list| Self(list.0))
    }
}

/// A whole number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Word")]
pub struct Whole(pub i64);

impl TryFrom<Word> for Whole {
    type Error = String;
    fn try_from(word: Word) -> Result<Self, String> {
        word.0.parse().map(Self).map_err(|_| format!("`{}` is not a whole number", word.0))
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn durations_are_read_as_compose_writes_them() {
        let millis = |text: &str| parse_period(text).map(|period| period.as_millis()).ok();
        assert_eq!(millis("1m30s"), Some(90_000));
        assert_eq!(millis("1h"), Some(3_600_000));
        assert_eq!(millis("500ms"), Some(500));
        assert_eq!(millis("2s500ms"), Some(2_500));
        assert_eq!(millis("0s"), Some(0));
        for bad in ["", "5", "s", "1.5s", "-1s", "1d", "99999999999999h", "1s "] {
            assert_eq!(millis(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_command_is_cut_as_a_shell_would() {
        let cut = |text: &str| Argv::try_from(json!(text)).map(|argv| argv.0);
        let words = |words: &[&str]| Ok(words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>());
        assert_eq!(cut("a  'b c' \"d e\"f g\\ h ''"), words(&["a", "b c", "d ef", "g h", ""]));
        assert_eq!(cut(r#"'a\b' "a\"b""#), words(&[r"a\b", "a\"b"]));
        assert_eq!(cut("$HOME *"), words(&["$HOME", "*"]));
        assert_eq!(cut("  "), words(&[]));
        assert!(cut("it's").is_err());
    }

    #[test]
    fn pairs_are_a_map_or_a_list() {
        let pairs = |value: Value| Pairs::try_from(value).map(|pairs| pairs.0);
        let expected =
            Ok(BTreeMap::from([("A".to_owned(), "1".to_owned()), ("B".to_owned(), "x=y".to_owned())]));
        assert_eq!(pairs(json!({ "A": 1, "B": "x=y" })), expected);
        assert_eq!(pairs(json!(["A=1", "B=x=y"])), expected);
        assert_eq!(pairs(Value::Null), Ok(BTreeMap::new()));
        for bad in
            [json!(["A"]), json!(["A=1", "A=2"]), json!({ "A": true }), json!({ "A": 1.5 }), json!("A=1")]
        {
            assert!(pairs(bad.clone()).is_err(), "{bad}");
        }
    }

    #[test]
    fn processors_are_counted_in_thousandths() {
        let milli = |value: Value| Cpus::try_from(value).map(|cpus| cpus.0).ok();
        assert_eq!(milli(json!(2)), Some(2000));
        assert_eq!(milli(json!(0.5)), Some(500));
        assert_eq!(milli(json!("1.25")), Some(1250));
        for bad in [json!(0), json!(-1), json!("0.0001"), json!("all"), json!(null), json!("1.2.3")] {
            assert_eq!(milli(bad.clone()), None, "{bad}");
        }
    }

    #[test]
    fn memory_is_bytes_or_an_amount() {
        let bytes = |text: &str| Limit::try_from(Word(text.to_owned())).map(|limit| limit.0.0).ok();
        assert_eq!((bytes("1048576"), bytes("512m"), bytes("lots")), (Some(1 << 20), Some(512 << 20), None));
    }
}
