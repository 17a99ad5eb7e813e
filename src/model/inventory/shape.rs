//! The shape of an inventory, checked against its schema: keys, kinds and words. All problems at once.

use serde_json::Value as Json;

use super::{
    leaf,
    outline::{Key, Node, Value},
    wording::{missing_key, unknown_key, wrong_choice, wrong_form, wrong_kind},
};
use crate::model::{
    nearest::nearest,
    problem::{Place, Problem},
    schema::schema,
};

/// Checks a whole inventory.
pub fn check(root: &Node) -> Vec<Problem> {
    let schema = schema();
    let mut walk = Walk { schema: &schema, path: Vec::new(), owner: root.at, problems: Vec::new() };
    walk.node(root, &schema);
    // A fault in a template shows at every host that takes it over; once is enough.
    let mut seen = Vec::new();
    walk.problems.retain(|problem| {
        let mark = (problem.rule, problem.at);
        let new = !seen.contains(&mark);
        seen.push(mark);
        new
    });
    walk.problems
}

struct Walk<'a> {
    schema: &'a Json,
    /// The keys and list indices that lead to the node at hand.
    path: Vec<String>,
    /// Where the last of them stands.
    owner: Place,
    problems: Vec<Problem>,
}

impl<'a> Walk<'a> {
    fn node(&mut self, node: &Node, schema: &'a Json) {
        let schema = self.resolve(schema);
        if let Some(choices) = schema["oneOf"].as_array() {
            return self.choice(node, choices);
        }
        if let Some(forms) = schema["anyOf"].as_array() {
            return self.form(node, forms);
        }
        let kinds = kinds(schema);
        let fits = |kind: &str| kinds.contains(&kind);
        match &node.value {
            Value::Null if fits("object") => self.mapping(&[], schema),
            Value::Mapping(entries) if fits("object") => self.mapping(entries, schema),
            Value::List(nodes) if fits("array") => {
                for (index, child) in nodes.iter().enumerate() {
                    self.below(index.to_string(), child.at, child, &schema["items"]);
                }
            }
            Value::Bool(text) | Value::Number(text) | Value::Text(text) if leaf::fits(&kinds) => {
                let problem = leaf::check(text, &node.value, schema, &self.path);
                self.found(problem, node.at, node.written);
            }
            // A part without a kind is not ours to judge, as what is in `x-templates`.
            _ if kinds.is_empty() => {}
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::Text(_)
            | Value::List(_)
            | Value::Mapping(_) => {
                self.found(Some(wrong_kind(&node.value, &kinds, &self.path)), node.at, node.written);
            }
        }
    }

    fn below(&mut self, step: String, at: Place, node: &Node, schema: &'a Json) {
        let owner = std::mem::replace(&mut self.owner, at);
        self.path.push(step);
        self.node(node, schema);
        self.path.pop();
        self.owner = owner;
    }

    /// Points at a value where it is written, and at the place that takes it over.
    fn found(&mut self, problem: Option<Problem>, used: Place, written: Option<Place>) {
        let place = |problem: Problem| match written {
            Some(written) => problem.at(written).also(used, "taken over here"),
            None => problem.at(used),
        };
        self.problems.extend(problem.map(place));
    }

    /// Follows references, and looks past the `or nothing` of an optional part: nothing is said by leaving the key out.
    fn resolve(&self, schema: &'a Json) -> &'a Json {
        if let Some(name) = schema["$ref"].as_str().and_then(|path| path.strip_prefix("#/$defs/")) {
            return self.resolve(&self.schema["$defs"][name]);
        }
        let options = schema["anyOf"].as_array().map(Vec::as_slice).unwrap_or_default();
        let nothing = |option: &&Json| option["type"] == "null";
        match (options.iter().find(nothing), options.iter().find(|option| !nothing(option))) {
            (Some(_), Some(option)) => self.resolve(option),
            (_, _) => schema,
        }
    }

    fn mapping(&mut self, entries: &[(Key, Node)], schema: &'a Json) {
        for (key, child) in entries {
            let Some(inner) = schema_of(&key.text, schema) else {
                self.found(
                    Some(unknown_key(&key.text, &names(&schema["properties"]), &self.path)),
                    key.at,
                    key.written,
                );
                continue;
            };
            if schema["patternProperties"].is_object() {
                self.found(leaf::name(&key.text), key.at, key.written);
            }
            self.below(key.text.clone(), key.at, child, inner);
        }
        for name in required(schema) {
            // A misspelt key is said once, as that.
            let meant = |key: &str| schema_of(key, schema).is_none() && nearest(key, [name]).is_some();
            if !entries.iter().any(|(key, _)| key.text == name || meant(&key.text)) {
                self.found(Some(missing_key(name, &self.path)), self.owner, None);
            }
        }
    }

    /// One of several mappings that have no key in common.
    fn form(&mut self, node: &Node, forms: &'a [Json]) {
        let entries = match &node.value {
            Value::Mapping(entries) => entries.as_slice(),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Text(_) | Value::List(_) => &[],
        };
        let is_of = |form: &&Json| entries.iter().any(|(key, _)| form["properties"].get(&key.text).is_some());
        let meant: Vec<&'a Json> = forms.iter().filter(is_of).collect();
        match (meant.as_slice(), entries) {
            ([form], _) => self.mapping(entries, form),
            ([], [(key, _), ..]) => {
                let known: Vec<&str> = forms.iter().flat_map(|form| names(&form["properties"])).collect();
                self.found(Some(unknown_key(&key.text, &known, &self.path)), key.at, key.written);
            }
            (_, _) => {
                let forms: Vec<Vec<&str>> = forms.iter().map(required).collect();
                self.found(Some(wrong_form(&node.value, &forms, &self.path)), self.owner, None);
            }
        }
    }

    /// One of several words, or a mapping with one of several keys.
    fn choice(&mut self, node: &Node, choices: &'a [Json]) {
        let words: Vec<&str> = choices.iter().filter_map(|choice| choice["const"].as_str()).collect();
        let keys: Vec<&str> = choices.iter().flat_map(|choice| names(&choice["properties"])).collect();
        let chosen = match &node.value {
            Value::Text(text) if words.contains(&text.as_str()) => return,
            Value::Mapping(entries) => match entries.as_slice() {
                [(key, child)] => {
                    choices.iter().find_map(|choice| Some((key, child, choice["properties"].get(&key.text)?)))
                }
                [] | [_, ..] => None,
            },
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Text(_) | Value::List(_) => None,
        };
        match chosen {
            Some((key, child, inner)) => self.below(key.text.clone(), key.at, child, inner),
            None => {
                let problem = wrong_choice(&node.value, &words, &keys, &self.path);
                // What stands where a secret's source is wanted may be the secret; even its length is not shown.
                let place = if words.is_empty() { (self.owner, None) } else { (node.at, node.written) };
                self.found(Some(problem), place.0, place.1);
            }
        }
    }
}

fn kinds(schema: &Json) -> Vec<&str> {
    match &schema["type"] {
        Json::String(kind) => vec![kind.as_str()],
        Json::Array(kinds) => kinds.iter().filter_map(Json::as_str).filter(|kind| *kind != "null").collect(),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::Object(_) => Vec::new(),
    }
}

fn required(schema: &Json) -> Vec<&str> {
    schema["required"].as_array().into_iter().flatten().filter_map(Json::as_str).collect()
}

fn names(properties: &Json) -> Vec<&str> {
    properties.as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect()
}

/// The schema of a key's value; `None`: no such key.
fn schema_of<'a>(key: &str, schema: &'a Json) -> Option<&'a Json> {
    let named = schema["properties"].get(key);
    let of_names = schema["patternProperties"].as_object().and_then(|patterns| patterns.values().next());
    let of_any = Some(&schema["additionalProperties"]).filter(|more| more.is_object());
    named.or(of_names).or(of_any)
}
