//! The keys of an inventory, from its schema; those of a role, from the types that read it and the comment above them.

use std::fmt::Write as _;

use pryvctl::model::schema::schema;
use serde_json::{Map, Value};

use super::{cell, comment, head, text};

/// One part of the inventory: where it stands, what it is, its keys.
struct Part {
    path: String,
    about: String,
    rows: String,
    keys: Vec<String>,
}

/// A part that a schema refers to, with the name by which it does.
fn resolve<'a>(schema: &'a Value, whole: &'a Value) -> (Option<&'a str>, &'a Value) {
    match schema["$ref"].as_str() {
        Some(name) => {
            let name = name.rsplit('/').next().unwrap();
            (Some(name), &whole["$defs"][name])
        }
        None => (None, schema),
    }
}

/// The forms a value can have.
fn forms(schema: &Value) -> Vec<&Value> {
    let listed = ["anyOf", "oneOf"].iter().find_map(|key| schema[key].as_array());
    listed.map_or_else(|| vec![schema], |forms| forms.iter().collect())
}

/// What is below a key: what comes behind its name, and its schema.
fn below(schema: &Value) -> Vec<(&'static str, &Value)> {
    let inside = |form| {
        let form: &Value = form;
        let named = form["patternProperties"].as_object().and_then(|patterns| patterns.values().next());
        let named =
            named.or_else(|| form["additionalProperties"].as_object().map(|_| &form["additionalProperties"]));
        match (form.get("items"), named) {
            (Some(items), _) => ("[]", items),
            (None, Some(named)) => (".NAME", named),
            (None, None) => ("", form),
        }
    };
    forms(schema).into_iter().map(inside).collect()
}

fn kind(schema: &Value, whole: &Value) -> String {
    let mut words: Vec<String> = forms(schema).into_iter().filter_map(|form| one_kind(form, whole)).collect();
    words.dedup();
    words.join(" or ")
}

fn one_kind(form: &Value, whole: &Value) -> Option<String> {
    let (name, form) = resolve(form, whole);
    let known = match name {
        Some("Text") => Some("text"),
        Some("Network" | "Network4") => Some("network"),
        Some("Port") => Some("port"),
        Some("Socket") => Some("address and port"),
        Some("Level") => Some("1 or 2"),
        Some("Period") => Some("time span"),
        Some("Figure") => Some("number"),
        Some("Moment") => Some("day or moment"),
        Some("SecretSource") => Some("[secret](#where-a-secret-is-read-from)"),
        Some(name) if name.ends_with("Name") => Some("name"),
        Some(_) | None => None,
    };
    if let Some(known) = known {
        return Some(known.to_owned());
    }
    if let Some(word) = form["const"].as_str() {
        return Some(format!("`{word}`"));
    }
    if forms(form).len() > 1 {
        return Some(kind(form, whole));
    }
    let types: Vec<&str> = match &form["type"] {
        Value::String(one) => vec![one],
        Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => Vec::new(),
    };
    match types.into_iter().find(|one| *one != "null")? {
        "array" => Some(format!("list of {}", kind(&form["items"], whole))),
        "string" if form["format"] == "ip" => Some("address".to_owned()),
        "string" => Some("text".to_owned()),
        "boolean" => Some("`true` or `false`".to_owned()),
        "object" => Some("keys".to_owned()),
        other => Some(other.to_owned()),
    }
}

/// The parts in the order in which they are met. A part that stands in two places is told once.
fn parts() -> Vec<Part> {
    let whole = schema();
    let mut open = vec![(String::new(), whole.clone())];
    let (mut parts, mut seen) = (Vec::new(), Vec::new());
    while !open.is_empty() {
        let (path, schema) = open.remove(0);
        for form in forms(&schema) {
            let Some(properties) = form["properties"].as_object() else { continue };
            let about = form["description"].as_str().or(schema["description"].as_str()).unwrap_or_default();
            parts.push(part(&path, about, properties, form, &whole));
            for (key, value) in properties {
                for (behind, inner) in below(value) {
                    let (name, inner) = resolve(inner, &whole);
                    let Some(name) = name.filter(|name| *name != "SecretSource") else { continue };
                    if !seen.contains(&name.to_owned()) {
                        seen.push(name.to_owned());
                        let dot = if path.is_empty() { "" } else { "." };
                        open.push((format!("{path}{dot}{key}{behind}"), inner.clone()));
                    }
                }
            }
        }
    }
    parts
}

fn part(path: &str, about: &str, properties: &Map<String, Value>, form: &Value, whole: &Value) -> Part {
    let required = form["required"].as_array();
    let mut rows = String::new();
    for (key, value) in properties {
        let must = required.is_some_and(|keys| keys.iter().any(|one| one == key));
        let about = value["description"].as_str().or(resolve(value, whole).1["description"].as_str());
        let mut about = cell(about.unwrap_or_default());
        if let Some(default) =
            value.get("default").filter(|default| !default.is_null() && **default != serde_json::json!({}))
        {
            write!(about, " Default: `{}`.", default.to_string().trim_matches('"')).unwrap();
        }
        let must = if must { "yes" } else { "" };
        writeln!(rows, "| `{key}` | {} | {must} | {about} |", kind(value, whole)).unwrap();
    }
    Part { path: path.to_owned(), about: about.to_owned(), rows, keys: properties.keys().cloned().collect() }
}

pub fn page() -> String {
    let about = "Every key of an inventory. [The example](#an-example-with-every-key) at the end of this page shows each of them in its place. \
                 `pryvctl schema > inventory.schema.json` writes a JSON Schema from which an editor completes keys.";
    let mut page = head("Inventory keys", "the JSON Schema and `inventory/reference.yaml`", about);
    let mut last = None;
    for Part { path, about, rows, .. } in parts() {
        if last.as_ref() != Some(&path) {
            let title = if path.is_empty() { "The whole".to_owned() } else { format!("`{path}`") };
            write!(page, "\n## {title}\n").unwrap();
        }
        write!(
            page,
            "\n{}\n\n| key | form | must be there | meaning |\n|---|---|---|---|\n{rows}",
            cell(&about)
        )
        .unwrap();
        last = Some(path);
    }
    page += "\n## Where a secret is read from\n\nOne of three forms. A secret is read when a command starts.\n\n| form | meaning |\n|---|---|\n";
    let whole = schema();
    for form in forms(&whole["$defs"]["SecretSource"]) {
        let key = form["properties"].as_object().unwrap().keys().next().unwrap();
        writeln!(page, "| `{key}` | {} |", cell(form["description"].as_str().unwrap())).unwrap();
    }
    let example = text("inventory/reference.yaml");
    write!(
        page,
        "\n## An example with every key\n\nThis is `inventory/reference.yaml`.\n\n```yaml\n{example}```\n"
    )
    .unwrap();
    page
}

/// Every key of the inventory and of `x-pryvctl`.
pub fn names() -> Vec<String> {
    let inventory = parts().into_iter().flat_map(|part| part.keys);
    inventory
        .chain(role_parts().into_iter().flat_map(|(_, keys)| keys.into_iter().map(|(key, _)| key)))
        .collect()
}

/// The types that read a role, each with the place of its keys.
const ROLE: [(&str, &str, &str); 11] = [
    ("x-pryvctl", "extension", "Head"),
    ("x-pryvctl", "extension", "Body"),
    ("needs", "extension", "Needs"),
    ("upgrade", "extension", "Upgrade"),
    ("upgrade.hooks", "hook", "Hooks"),
    ("upgrade.hooks.before[], after[], backup[]", "hook", "Words"),
    ("upgrade.hooks.before[].haproxy", "hook", "Haproxy"),
    ("open[]", "extension", "Long"),
    ("folders[]", "extension", "Folder"),
    ("files[]", "extension", "File"),
    ("health[]", "health", "Words"),
];

/// What the types say where a field has no comment of its own.
const UNSAID: [(&str, &str); 12] = [
    ("service", "The service; may be left out where the role has only one."),
    ("http", "A URL that must answer with 2xx or 3xx."),
    ("tcp", "A port of the host that must accept."),
    ("dns", "A name for which the host must have an address on port 53."),
    ("run", "A shell script that must end with 0. On a host it runs as root."),
    ("within", "How long it may take. Default: `60s`."),
    ("haproxy", "A server of HAProxy drains before the turn and is ready after it, instead of `run`."),
    ("on", "Where it is called: `host` (as root, the default) or `controller`."),
    ("lab", "`true`: also called with `--lab`, where it reaches out of the lab."),
    ("port", "Port and protocol, as in `6379/tcp`."),
    ("from", "Who may: `role:NAME`, `host:NAME`, `zone:NAME`, `admin`, or a network. Without it: everybody."),
    ("hooks", "What is called around a host's turn."),
];

/// The keys of each part of `x-pryvctl` with what they mean.
fn role_parts() -> Vec<(&'static str, Vec<(String, String)>)> {
    let read = |(path, file, name): (&'static str, &str, &str)| {
        let source = text(format!("src/model/role/{file}.rs"));
        let body = source.split(&format!("struct {name} {{\n")).nth(1).unwrap_or_else(|| panic!("no {name}"));
        let body = body.split_once("\n}").or_else(|| body.split_once("        }")).unwrap().0;
        (path, fields(body.split("\n        }").next().unwrap()))
    };
    ROLE.into_iter().map(read).collect()
}

/// The fields of a type with the comments above them.
fn fields(body: &str) -> Vec<(String, String)> {
    let (mut found, mut about) = (Vec::new(), String::new());
    for line in body.lines().map(str::trim) {
        if let Some(comment) = line.strip_prefix("/// ") {
            write!(about, "{comment} ").unwrap();
        } else if let Some((key, _)) = line.split_once(':').filter(|_| !line.starts_with('#')) {
            let key = key.trim_start_matches("pub ").trim_start_matches("r#").to_owned();
            let said = UNSAID.iter().find(|(name, _)| *name == key).map(|(_, said)| (*said).to_owned());
            let about = Some(std::mem::take(&mut about)).filter(|about| !about.is_empty()).or(said);
            found.push((key.clone(), about.unwrap_or_else(|| panic!("nothing is said of `{key}`"))));
        }
    }
    found
}

pub fn role_page() -> String {
    let about = "Every key of a role. [Roles](../roles.md) shows how to write one, [Compose keys](compose.md) what of Compose is supported.";
    let mut page = head("Role format", "`src/model/role`", about);
    let mut last = "";
    for (path, keys) in role_parts() {
        if path != last {
            write!(page, "\n## `{path}`\n\n| key | meaning |\n|---|---|\n").unwrap();
            last = path;
        }
        for (key, about) in keys {
            writeln!(page, "| `{key}` | {} |", cell(&about)).unwrap();
        }
    }
    let comment = comment("src/model/role/mod.rs")
        .replace("[`compose`](super::compose)", "[Compose keys](compose.md)")
        .replace("[`template`](super::template)", "[Roles](../roles.md#templates)");
    write!(page, "\n## An example with every key, and the rules\n\n{comment}\n").unwrap();
    page
}
