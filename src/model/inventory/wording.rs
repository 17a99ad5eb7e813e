//! What a wrong shape is called: words for an administrator, not for a parser.

use super::outline::Value;
use crate::model::{nearest::suggest, problem::Problem};

/// A part of the inventory by its path: `port` of `ssh` of host `co1`.
pub fn part(path: &[String]) -> String {
    let parts: Vec<&str> = path.iter().map(String::as_str).collect();
    match parts.as_slice() {
        [] => "the inventory".to_owned(),
        ["hosts", host] => format!("host `{host}`"),
        ["zones", zone] => format!("zone `{zone}`"),
        [list @ .., index] if !list.is_empty() && index.bytes().all(|byte| byte.is_ascii_digit()) => {
            format!("an entry of {}", part(&path[..list.len()]))
        }
        [name] => format!("`{name}`"),
        [outer @ .., name] => format!("`{name}` of {}", part(&path[..outer.len()])),
    }
}

/// A key that is none.
pub fn unknown_key(key: &str, known: &[&str], path: &[String]) -> Problem {
    Problem::error("key.unknown", format!("unknown key `{key}` of {}", part(path)))
        .hint(suggest(key, known.iter().copied()))
}

/// A key that must be there.
pub fn missing_key(key: &str, path: &[String]) -> Problem {
    let problem = Problem::error("key.missing", format!("{} lacks the key `{key}`", part(path)));
    problem.hint(format!("add `{key}: ...` here; inventory/reference.yaml explains every key"))
}

/// A list where a text is wanted, and the like.
pub fn wrong_kind(found: &Value, wanted: &[&str], path: &[String]) -> Problem {
    let wanted_kind = wanted.first().copied().unwrap_or_default();
    let wanted = wanted.iter().copied().map(kind).next().unwrap_or("something else");
    let name = path.last().map_or("...", String::as_str);
    let problem = match found {
        Value::Null => Problem::error("value.missing", format!("{} has no value", part(path))),
        Value::Bool(_) | Value::Number(_) | Value::Text(_) | Value::List(_) | Value::Mapping(_) => {
            let found = found_kind(found);
            Problem::error("value.kind", format!("{} must be {wanted}, not {found}", part(path)))
        }
    };
    match (wanted_kind, found) {
        ("array", Value::Bool(text) | Value::Number(text) | Value::Text(text)) => {
            problem.hint(format!("write `{name}: [{text}]`"))
        }
        ("array", _) => problem.hint(format!("write `{name}: [..., ...]`")),
        ("boolean", _) => problem.hint(format!("write `{name}: true` or `{name}: false`")),
        ("object", _) => problem.hint("write `key: value` lines, indented by two spaces more"),
        (_, Value::Null) => problem.hint("write a value after the colon, or leave the key out"),
        (_, _) => problem.hint(format!("write `{name}: ...` on one line")),
    }
}

fn kind(kind: &str) -> &str {
    match kind {
        "array" => "a list",
        "object" => "a mapping of keys and values",
        "integer" | "number" => "a whole number",
        "boolean" => "true or false",
        _ => "a text",
    }
}

fn found_kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::Text(_) => "a text",
        Value::List(_) => "a list",
        Value::Mapping(_) => "a mapping of keys and values",
    }
}

/// None of the words or keys to choose from. What stands in place of a secret's source is not repeated.
pub fn wrong_choice(found: &Value, words: &[&str], keys: &[&str], path: &[String]) -> Problem {
    let part = part(path);
    let is_secret = keys.contains(&"env");
    match found {
        _ if !keys.is_empty() && !is_secret => {
            let wrong = match found {
                Value::Mapping(entries) => entries.iter().find(|(key, _)| !keys.contains(&key.text.as_str())),
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::Text(_) | Value::List(_) => None,
            };
            match wrong {
                Some((wrong, _)) => unknown_key(&wrong.text, keys, path),
                None => {
                    let message = format!("{part} must have exactly one of the keys {}", keys.join(", "));
                    let forms: Vec<String> = keys.iter().map(|key| format!("`{key}: ...`")).collect();
                    Problem::error("value.form", message).hint(format!("write {}", forms.join(" or ")))
                }
            }
        }
        Value::Text(text) if keys.is_empty() => {
            Problem::error("value.choice", format!("{part} cannot be `{text}`"))
                .hint(suggest(text, words.iter().copied()))
        }
        Value::Text(_) | Value::Number(_) | Value::Bool(_) if !keys.is_empty() => {
            Problem::error("secret.source", format!("{part} must say where the secret is, not what it is"))
                .hint(
                    "write `{ env: NAME }` for a variable of the environment or `{ file: PATH }` for a file",
                )
        }
        Value::Mapping(entries) if !keys.is_empty() => {
            let wrong = entries.iter().map(|(key, _)| key.text.as_str()).find(|key| !keys.contains(key));
            let message = match wrong {
                Some(wrong) => format!("unknown key `{wrong}` of {part}"),
                None => format!("{part} must have exactly one of the keys {}", keys.join(", ")),
            };
            Problem::error("secret.source", message).hint("write one of `{ env: NAME }` and `{ file: PATH }`")
        }
        Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::Text(_)
        | Value::List(_)
        | Value::Mapping(_) => wrong_kind(found, &[if keys.is_empty() { "string" } else { "object" }], path),
    }
}

/// None of the forms a mapping can have, or several at once. Each form is told by the keys it must have.
pub fn wrong_form(found: &Value, forms: &[Vec<&str>], path: &[String]) -> Problem {
    let form = |keys: &Vec<&str>| {
        let keys: Vec<String> = keys.iter().map(|key| format!("{key}: ...")).collect();
        format!("`{{ {} }}`", keys.join(", "))
    };
    let problem = match found {
        Value::Mapping(entries) if !entries.is_empty() => {
            Problem::error("value.form", format!("{} has keys of several forms", part(path)))
        }
        Value::Null | Value::Mapping(_) => {
            Problem::error("value.missing", format!("{} has no value", part(path)))
        }
        Value::Bool(_) | Value::Number(_) | Value::Text(_) | Value::List(_) => {
            wrong_kind(found, &["object"], path)
        }
    };
    problem.hint(format!("write {}", forms.iter().map(form).collect::<Vec<_>>().join(" or ")))
}
