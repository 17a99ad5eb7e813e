//! The JSON Schema of an inventory, made from the same types that read it. Editors complete from it, and
//! [`inventory::shape`](super::inventory) checks against it.

pub mod word;

use schemars::schema_for;
use serde_json::Value;

use super::inventory::Inventory;

/// The schema, JSON Schema 2020-12.
pub fn schema() -> Value {
    let mut value = schema_for!(Inventory).to_value();
    value["title"] = "pryvctl inventory".into();
    value
}
