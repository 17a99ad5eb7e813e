//! `schema`: JSON Schemas, for editors and for programs.

use clap::{Args, ValueEnum};

use super::{halt::Halt, report::Screen};
use crate::{
    app::{document, exit::Exit},
    model::schema,
};

/// Which schema is printed.
#[derive(Debug, Clone, Args)]
pub struct Schema {
    /// Choose the document to describe.
    #[arg(value_enum, value_name = "OF", default_value = "inventory")]
    pub of: Of,
}

/// What has a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Of {
    /// Describe the inventory.
    Inventory,
    /// Describe the output of `--output json`.
    Document,
}

/// Prints a JSON Schema.
pub fn run(command: &Schema, screen: &Screen) -> Result<Exit, Halt> {
    let schema = match command.of {
        Of::Inventory => schema::schema(),
        Of::Document => document::schema(),
    };
    let text = serde_json::to_string_pretty(&schema).map_err(|error| Halt::new(Exit::Bug, error, None))?;
    screen.json(&text);
    Ok(Exit::Done)
}
