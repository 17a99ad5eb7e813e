//! `schema`: the JSON Schema of the inventory, for editors.

use super::{halt::Halt, report::Screen};
use crate::{app::exit::Exit, model::schema};

/// The JSON Schema of the inventory.
pub fn run(screen: &Screen) -> Result<Exit, Halt> {
    let text =
        serde_json::to_string_pretty(&schema::schema()).map_err(|error| Halt::new(Exit::Bug, error, None))?;
    screen.json(&text);
    Ok(Exit::Done)
}
