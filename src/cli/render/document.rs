//! The document as text.

use serde::Serialize;

use crate::{
    app::document::Document,
    cli::{args::Format, gate},
};

/// The document in a form for programs; `None`: the form is for people.
pub fn document(document: &Document, format: Format) -> Option<String> {
    let text = match format {
        Format::Text => return None,
        Format::Json => serde_json::to_string_pretty(document)
            .map(|text| gate::json(&text))
            .map_err(|error| error.to_string()),
        // By way of a JSON value, because YAML has a form of its own for enums.
        Format::Yaml => serde_json::to_value(document)
            .map_err(|error| error.to_string())
            .and_then(|value| gate::yaml(value).map_err(|error| error.to_string())),
    };
    Some(text.unwrap_or_else(|error| error).trim_end().to_owned())
}

/// One element of a stream that may have no end, in a form for programs; `None`: the form is for people.
pub fn element<T: Serialize>(element: impl FnOnce() -> T, format: Format) -> Option<String> {
    let json = || gate::json(&serde_json::to_string(&element()).unwrap_or_default());
    match format {
        Format::Text => None,
        Format::Json => Some(json()),
        // One element of a list; JSON is YAML.
        Format::Yaml => Some(format!("- {}", json())),
    }
}
