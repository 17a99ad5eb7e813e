//! The document as text.

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
