//! Where a file is not YAML.

use crate::model::{compose::Fault, inventory::syntax_problem};

/// Where a text is not YAML, and why.
pub(in crate::model) fn syntax_fault(error: &serde_saphyr::Error, text: &str) -> Fault {
    let message = syntax_problem(error, text).message;
    match error.location() {
        Some(at) => Fault::at("", format!("line {}, column {}: {message}", at.line(), at.column())),
        None => Fault::at("", message),
    }
}
