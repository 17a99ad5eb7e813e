//! Holds a value against a JSON Schema, with the few words that ours is written in. Stricter than the standard: a key that the
//! schema does not name is a fault. (The crates for it bring 35 others, some under licences that `deny.toml` does not allow.)

use serde_json::Value;

/// What does not hurt: it says nothing of a value, or what its type says already.
const SILENT: [&str; 6] = ["$schema", "$defs", "title", "description", "format", "maximum"];

/// All that is wrong with a value.
pub fn faults(value: &Value, schema: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    Check { root: schema, faults: &mut faults }.at("", value, schema);
    faults.sort();
    faults
}

struct Check<'a> {
    root: &'a Value,
    faults: &'a mut Vec<String>,
}

impl Check<'_> {
    fn fault(&mut self, place: &str, what: String) {
        let place = if place.is_empty() { "/" } else { place };
        self.faults.push(format!("{place}: {what}"));
    }

    fn at(&mut self, place: &str, value: &Value, schema: &Value) {
        let words = schema.as_object().unwrap_or_else(|| panic!("{place}: {schema} is no schema"));
        for (word, says) in words {
            match word.as_str() {
                "$ref" => {
                    let pointer = says.as_str().unwrap().strip_prefix('#').unwrap();
                    let schema = self.root.pointer(pointer).unwrap();
                    self.at(place, value, schema);
                }
                "type" => self.kind(place, value, says),
                "const" if value != says => self.fault(place, format!("{value} is not {says}")),
                "enum" if !says.as_array().unwrap().contains(value) => {
                    self.fault(place, format!("{value} is none of {says}"));
                }
                "minimum" if value.as_f64().is_some_and(|value| value < says.as_f64().unwrap()) => {
                    self.fault(place, format!("{value} is below {says}"));
                }
                "oneOf" | "anyOf" => self.one_of(place, value, says.as_array().unwrap()),
                "items" => value.as_array().into_iter().flatten().enumerate().for_each(|(number, item)| {
                    self.at(&format!("{place}/{number}"), item, says);
                }),
                "properties" => self.keys(place, value, schema),
                "required" => says.as_array().unwrap().iter().for_each(|key| {
                    let key = key.as_str().unwrap();
                    if value.as_object().is_some_and(|value| !value.contains_key(key)) {
                        self.fault(place, format!("`{key}` is missing"));
                    }
                }),
                "additionalProperties" if words.contains_key("properties") => {
                    panic!("{place}: keys beside named ones")
                }
                "additionalProperties" => value.as_object().into_iter().flatten().for_each(|(key, value)| {
                    self.at(&format!("{place}/{key}"), value, says);
                }),
                "const" | "enum" | "minimum" => {}
                other => assert!(SILENT.contains(&other), "{place}: this check does not know `{other}`"),
            }
        }
    }

    fn kind(&mut self, place: &str, value: &Value, kinds: &Value) {
        let is = |kind: &Value| match kind.as_str().unwrap() {
            "object" => value.is_object(),
            "array" => value.is_array(),
            "string" => value.is_string(),
            "integer" => value.is_u64() || value.is_i64(),
            "number" => value.is_number(),
            "boolean" => value.is_boolean(),
            "null" => value.is_null(),
            other => panic!("{place}: there is no type {other}"),
        };
        let fits = kinds.as_array().map_or_else(|| is(kinds), |kinds| kinds.iter().any(is));
        if !fits {
            self.fault(place, format!("{value} is no {}", kinds.as_str().unwrap_or("value of these kinds")));
        }
    }

    fn one_of(&mut self, place: &str, value: &Value, forms: &[Value]) {
        let fits = |form: &&Value| {
            let mut faults = Vec::new();
            Check { root: self.root, faults: &mut faults }.at(place, value, form);
            faults.is_empty()
        };
        if forms.iter().filter(fits).count() == 0 {
            self.fault(place, "fits none of its forms".to_owned());
        }
    }

    fn keys(&mut self, place: &str, value: &Value, schema: &Value) {
        for (key, value) in value.as_object().into_iter().flatten() {
            let place = format!("{place}/{key}");
            match schema["properties"].get(key) {
                Some(schema) => self.at(&place, value, schema),
                None => self.fault(&place, "is not in the schema".to_owned()),
            }
        }
    }
}
