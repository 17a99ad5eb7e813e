//! `${NAME}` in the texts of a parsed file. The structure is parsed before, so no value can change it.

use std::{collections::BTreeMap, iter::Peekable, str::Chars};

use serde_json::Value;

/// Values by name.
pub type Scope = BTreeMap<String, String>;

/// What kept a text from being filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unresolved {
    /// The way to the text, as in `services.core.image`.
    pub path: String,
    /// Why.
    pub why: Why,
}

/// Why a text could not be filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// A variable has no value; with the author's own message, if one is written.
    Missing(String, Option<String>),
    /// The text cannot be read.
    Syntax(String),
}

/// Replaces the variables in every text of a value; keys stay as they are.
///
/// # Errors
/// Every text that could not be filled in.
pub fn interpolate(path: &str, value: Value, scope: &Scope) -> Result<Value, Vec<Unresolved>> {
    let mut gaps = Vec::new();
    let filled = walk(path, value, scope, &mut gaps);
    if gaps.is_empty() { Ok(filled) } else { Err(gaps) }
}

fn walk(path: &str, value: Value, scope: &Scope, gaps: &mut Vec<Unresolved>) -> Value {
    match value {
        Value::String(text) => match fill(&text, scope) {
            Ok(filled) => Value::String(filled),
            Err(why) => {
                gaps.push(Unresolved { path: path.to_owned(), why });
                Value::String(text)
            }
        },
        Value::Array(items) => {
            let items = items.into_iter().enumerate();
            items.map(|(index, item)| walk(&format!("{path}[{index}]"), item, scope, gaps)).collect()
        }
        Value::Object(map) => {
            let inner = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
            map.into_iter()
                .map(|(key, value)| (key.clone(), walk(&inner(&key), value, scope, gaps)))
                .collect()
        }
        plain @ (Value::Null | Value::Bool(_) | Value::Number(_)) => plain,
    }
}

/// Replaces the variables of one text.
///
/// # Errors
/// The first variable without a value, or the first place that cannot be read.
pub fn fill(text: &str, scope: &Scope) -> Result<String, Why> {
    let mut chars = text.chars().peekable();
    let mut filled = String::with_capacity(text.len());
    while let Some(char) = chars.next() {
        if char != '$' {
            filled.push(char);
            continue;
        }
        match chars.peek() {
            Some('$') => filled.extend(chars.next()),
            Some('{') => {
                chars.next();
                let inner = braced(&mut chars)
                    .ok_or_else(|| Why::Syntax(format!("a `${{` is not closed in `{text}`")))?;
                filled.push_str(&expression(&inner, scope)?);
            }
            Some(first) if starts_name(*first) => filled.push_str(lookup(&name(&mut chars), scope)?),
            Some(_) | None => {
                return Err(Why::Syntax(format!("a lone `$` in `{text}`: write $$ for a dollar sign")));
            }
        }
    }
    Ok(filled)
}

/// The text up to the brace that closes, with the braces of inner variables counted.
fn braced(chars: &mut Peekable<Chars>) -> Option<String> {
    let (mut inner, mut depth) = (String::new(), 0_u32);
    while let Some(char) = chars.next() {
        match char {
            '}' if depth == 0 => return Some(inner),
            '}' => depth -= 1,
            '$' if chars.peek() == Some(&'{') => depth += 1,
            _ => {}
        }
        inner.push(char);
    }
    None
}

fn expression(inner: &str, scope: &Scope) -> Result<String, Why> {
    let end = inner.find(|char| !in_name(char)).unwrap_or(inner.len());
    let (name, rest) = inner.split_at(end);
    if !name.starts_with(starts_name) {
        return Err(Why::Syntax(format!("`${{{inner}}}` does not start with a name")));
    }
    let value = scope.get(name);
    let filled = value.filter(|value| !value.is_empty());
    let missing = |message: &str| match fill(message, scope) {
        Ok(message) => Why::Missing(name.to_owned(), Some(message).filter(|message| !message.is_empty())),
        Err(why) => why,
    };
    let found = |value: Option<&String>| value.cloned();
    if rest.is_empty() {
        lookup(name, scope).map(ToOwned::to_owned)
    } else if let Some(default) = rest.strip_prefix(":-") {
        found(filled).map_or_else(|| fill(default, scope), Ok)
    } else if let Some(default) = rest.strip_prefix('-') {
        found(value).map_or_else(|| fill(default, scope), Ok)
    } else if let Some(message) = rest.strip_prefix(":?") {
        found(filled).ok_or_else(|| missing(message))
    } else if let Some(message) = rest.strip_prefix('?') {
        found(value).ok_or_else(|| missing(message))
    } else {
        Err(Why::Syntax(format!(
            "`${{{inner}}}` is not understood: use ${{NAME}}, ${{NAME:-default}}, ${{NAME:?message}}"
        )))
    }
}

fn lookup<'s>(name: &str, scope: &'s Scope) -> Result<&'s str, Why> {
    scope.get(name).map(String::as_str).ok_or_else(|| Why::Missing(name.to_owned(), None))
}

fn name(chars: &mut Peekable<Chars>) -> String {
    std::iter::from_fn(|| chars.next_if(|char| in_name(*char))).collect()
}

fn starts_name(char: char) -> bool {
    char.is_ascii_alphabetic() || char == '_'
}

fn in_name(char: char) -> bool {
    starts_name(char) || char.is_ascii_digit()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn scope() -> Scope {
        [("A", "1"), ("EMPTY", ""), ("B", "${A}")]
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .into()
    }

    #[test]
    fn variables_are_filled_in_as_compose_does() {
        let cases = [
            ("plain", "plain"),
            ("$A-${A}", "1-1"),
            ("$$A $${A}", "$A ${A}"),
            ("${NO:-x}${EMPTY:-y}${EMPTY-z}${NO-w}", "xyw"),
            ("${NO:-${A}-${NO:-deep}}", "1-deep"),
            ("${B}", "${A}"),
        ];
        for (text, filled) in cases {
            assert_eq!(fill(text, &scope()).as_deref(), Ok(filled), "{text}");
        }
    }

    #[test]
    fn what_is_missing_is_named() {
        let missing = |name: &str, message: Option<&str>| {
            Err(Why::Missing(name.to_owned(), message.map(ToOwned::to_owned)))
        };
        assert_eq!(fill("${NO}", &scope()), missing("NO", None));
        assert_eq!(fill("$NO", &scope()), missing("NO", None));
        assert_eq!(fill("${NO:?set it for ${A}}", &scope()), missing("NO", Some("set it for 1")));
        assert_eq!(fill("${EMPTY:?}", &scope()), missing("EMPTY", None));
        assert_eq!(fill("${EMPTY?}", &scope()).as_deref(), Ok(""));
    }

    #[test]
    fn what_cannot_be_read_is_said() {
        let syntax = |text: &str| match fill(text, &scope()) {
            Err(Why::Syntax(message)) => message,
            other => panic!("{text}: {other:?}"),
        };
        insta::assert_snapshot!(syntax("a ${A"), @"a `${` is not closed in `a ${A`");
        insta::assert_snapshot!(syntax("5 $"), @"a lone `$` in `5 $`: write $$ for a dollar sign");
        insta::assert_snapshot!(syntax("${-x}"), @"`${-x}` does not start with a name");
        insta::assert_snapshot!(syntax("${A:+x}"), @"`${A:+x}` is not understood: use ${NAME}, ${NAME:-default}, ${NAME:?message}");
    }

    #[test]
    fn every_gap_is_told_with_its_place() {
        let value = serde_json::json!({ "a": ["${NO}", { "b": "$" }], "c": 1 });
        let gaps = interpolate("", value, &scope()).unwrap_err();
        assert_eq!(gaps.iter().map(|gap| gap.path.as_str()).collect::<Vec<_>>(), ["a[0]", "a[1].b"]);
    }

    /// A value with every text replaced by nothing: its structure.
    fn skeleton(value: &Value) -> Value {
        match value {
            Value::String(_) => Value::String(String::new()),
            Value::Array(items) => items.iter().map(skeleton).collect(),
            Value::Object(map) => map.iter().map(|(key, value)| (key.clone(), skeleton(value))).collect(),
            Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
        }
    }

    proptest! {
        #[test]
        fn no_value_changes_the_structure(value in any::<String>()) {
            let text = "a: ${V}\nb: [\"x ${V}\", 1, { c: \"$V\" }]\nd: |\n  ${V:-no}\n";
            let parsed: Value = serde_saphyr::from_str(text).unwrap();
            let scope = Scope::from([("V".to_owned(), value.clone())]);
            let filled = interpolate("", parsed.clone(), &scope).unwrap();
            prop_assert_eq!(skeleton(&filled), skeleton(&parsed));
            prop_assert_eq!(filled["a"].as_str(), Some(value.as_str()));
        }
    }
}
