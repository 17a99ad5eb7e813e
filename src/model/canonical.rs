//! One text for a value, which a newer pryvctl writes alike: fields are sorted, and what says nothing is left out. So a
//! field that is added, or that changes its place, changes no text, as long as it has its default.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

/// The value without the fields that are as in `T::default()`.
pub fn told<T: Serialize + Default>(value: &T) -> Value {
    let [mut told, usual] =
        [value, &T::default()].map(|value| serde_json::to_value(value).unwrap_or_default());
    if let (Value::Object(fields), Value::Object(usual)) = (&mut told, &usual) {
        fields.retain(|name, field| usual.get(name) != Some(field));
    }
    told
}

/// JSON with sorted fields, without those that are null or false.
pub fn text(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let sorted: BTreeMap<_, _> = fields.iter().filter(|(_, field)| says_something(field)).collect();
            let fields = sorted.into_iter().map(|(name, field)| format!("{}:{}", quoted(name), text(field)));
            format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(text).collect::<Vec<_>>().join(",")),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.to_string(),
    }
}

fn says_something(field: &Value) -> bool {
    !matches!(field, Value::Null | Value::Bool(false))
}

fn quoted(name: &str) -> Value {
    Value::String(name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default, Serialize)]
    struct Older {
        name: String,
        list: Option<Vec<String>>,
    }

    #[derive(Default, Serialize)]
    struct Newer {
        list: Option<Vec<String>>,
        inner: Inner,
        more: Vec<String>,
        name: String,
        switch: bool,
    }

    #[derive(Default, Serialize)]
    struct Inner {
        count: Option<u32>,
    }

    #[test]
    fn a_field_that_came_later_and_says_nothing_changes_nothing() {
        let older = Older { name: "\"a\"\n".to_owned(), list: Some(Vec::new()) };
        let newer = Newer { name: older.name.clone(), list: older.list.clone(), ..Newer::default() };
        assert_eq!(text(&told(&older)), r#"{"list":[],"name":"\"a\"\n"}"#);
        assert_eq!(text(&told(&newer)), text(&told(&older)));
        let more = Newer { inner: Inner { count: Some(0) }, switch: true, ..newer };
        assert_eq!(text(&told(&more)), r#"{"inner":{"count":0},"list":[],"name":"\"a\"\n","switch":true}"#);
    }
}
