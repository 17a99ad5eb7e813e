//! Listings compared: what differs between two versions of nft, or between two loads, must not look like drift.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// A listing by what it holds: `chain input` to its head and rules, `set ports` to its definition.
type Normal = BTreeMap<String, Vec<Value>>;

/// Whether two listings mean the same table.
pub fn same(one: &Value, other: &Value) -> bool {
    normal(one) == normal(other)
}

/// What differs, for people: one line a set, chain or rule.
pub fn differences(found: &Value, wanted: &Value) -> Vec<String> {
    let (found, wanted) = (normal(found), normal(wanted));
    let mut lines = Vec::new();
    for (name, old) in &found {
        match wanted.get(name) {
            None => lines.push(format!("- {name}")),
            Some(new) => lines.extend(changed(name, old, new)),
        }
    }
    lines.extend(wanted.keys().filter(|name| !found.contains_key(*name)).map(|name| format!("+ {name}")));
    lines
}

fn changed(name: &str, old: &[Value], new: &[Value]) -> Vec<String> {
    if old == new {
        return Vec::new();
    }
    let gone = old.iter().filter(|line| !new.contains(line)).map(|line| format!("- {name}: {}", brief(line)));
    let come = new.iter().filter(|line| !old.contains(line)).map(|line| format!("+ {name}: {}", brief(line)));
    let lines: Vec<String> = gone.chain(come).collect();
    if lines.is_empty() { vec![format!("{name}: the rules stand in another order")] } else { lines }
}

/// The part of a rule or set that says what it does.
fn brief(object: &Value) -> String {
    let said = ["expr", "elem"].iter().find_map(|key| object.get(key)).unwrap_or(object);
    match object.get("comment").and_then(Value::as_str) {
        Some(comment) => format!("{said} ({comment})"),
        None => said.to_string(),
    }
}

fn normal(listing: &Value) -> Normal {
    let mut normal = Normal::new();
    let objects = listing.get("nftables").unwrap_or(listing).as_array().into_iter().flatten();
    for (kind, body) in objects.filter_map(Value::as_object).flatten() {
        let text = |key: &str| body.get(key).and_then(Value::as_str).unwrap_or_default();
        let name = match kind.as_str() {
            "metainfo" => continue,
            // Rules keep their order within their chain; chains are listed in any order.
            "rule" => format!("rules of {}", text("chain")),
            _ => format!("{kind} {}", text("name")),
        };
        normal.entry(name).or_default().push(cleaned(&definition(body)));
    }
    normal
}

/// A set that rules fill holds what passes by; nft 1.0.6 does not list that it is dynamic.
fn definition(body: &Value) -> Value {
    let mut body = body.clone();
    if let Some(set) = body.as_object_mut().filter(|set| set.contains_key("timeout")) {
        set.remove("elem");
        set.insert("flags".to_owned(), Value::from(vec!["timeout"]));
    }
    body
}

/// Without handles and spelled-out defaults; with lists that are sets in one order.
fn cleaned(value: &Value) -> Value {
    match value {
        Value::Object(object) => {
            let mut clean: Map<_, _> = object.iter().filter_map(entry).collect();
            name_protocol(&mut clean);
            Value::Object(clean)
        }
        Value::Array(list) => Value::Array(list.iter().map(cleaned).collect()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

/// Without /etc/protocols, which a bare host lacks, nft lists the numbers of protocols.
fn name_protocol(object: &mut Map<String, Value>) {
    let compares_protocol =
        object.get("left").is_some_and(|left| *left == serde_json::json!({ "meta": { "key": "l4proto" } }));
    if let (true, Some(right)) = (compares_protocol, object.get_mut("right")) {
        match right.as_u64() {
            Some(6) => *right = Value::from("tcp"),
            Some(17) => *right = Value::from("udp"),
            Some(50) => *right = Value::from("esp"),
            Some(_) | None => {}
        }
    }
}

fn entry((key, value): (&String, &Value)) -> Option<(String, Value)> {
    let value = match (key.as_str(), value) {
        ("handle" | "index", _) => return None,
        ("counter", _) => Value::Null,
        ("limit", Value::Object(limit)) => Value::Object(without_defaults(limit)),
        ("elem" | "set" | "flags", Value::Array(list)) => sorted(list),
        // nft 1.0.6 lists a map's type as text, 1.1 as a list.
        ("map", Value::String(types)) => types.split(" . ").map(Value::from).collect(),
        (_, value) => cleaned(value),
    };
    Some((key.clone(), value))
}

fn without_defaults(limit: &Map<String, Value>) -> Map<String, Value> {
    let default = |key: &str, value: &Value| match key {
        "burst" => value == &Value::from(5),
        "rate_unit" | "burst_unit" => value == "packets",
        "inv" => value == &Value::Bool(false),
        _ => false,
    };
    limit.iter().filter(|(key, value)| !default(key, value)).map(|(k, v)| (k.clone(), v.clone())).collect()
}

fn sorted(list: &[Value]) -> Value {
    let mut list: Vec<Value> = list.iter().map(cleaned).collect();
    list.sort_by_cached_key(Value::to_string);
    Value::Array(list)
}

/// The elements of a set or map in a listing.
pub fn element_list<'a>(listing: &'a Value, kind: &str, name: &str) -> &'a [Value] {
    let objects = listing.get("nftables").unwrap_or(listing).as_array().into_iter().flatten();
    objects
        .filter_map(|object| object.get(kind))
        .find(|body| body.get("name").is_some_and(|found| found == name))
        .and_then(|body| body.get("elem")?.as_array())
        .map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_protocol_listed_by_number_is_the_same_protocol() {
        let rule = |right: Value| {
            let compared =
                json!({ "match": { "op": "==", "left": { "meta": { "key": "l4proto" } }, "right": right } });
            json!({ "nftables": [{ "rule": { "family": "inet", "table": "t", "chain": "input", "expr": [compared] } }] })
        };
        for (number, name) in [(6, "tcp"), (17, "udp"), (50, "esp")] {
            assert!(same(&rule(json!(number)), &rule(json!(name))));
        }
        assert!(!same(&rule(json!(6)), &rule(json!("udp"))));
    }
}
