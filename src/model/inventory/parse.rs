//! From text to an [`Inventory`], or to problems that point at the text.

use super::{
    Inventory,
    outline::{self, Outline, Places, Value},
    shape,
    syntax::syntax_problem,
};
use crate::model::problem::{Place, Problem};

impl Inventory {
    /// Reads an inventory: first the YAML, then the shape of all its parts, then the types.
    ///
    /// # Errors
    /// The first fault of the YAML; or else every part that has the wrong shape.
    pub fn parse(text: &str) -> Result<Self, Vec<Problem>> {
        let outline = Outline::read(text).map_err(|error| vec![syntax_problem(&error, text)])?;
        if outline.root.value == Value::Null {
            return Err(vec![nothing()]);
        }
        let problems = shape::check(&outline.root);
        if !problems.is_empty() {
            return Err(problems);
        }
        let parsed = serde_saphyr::from_str_with_options(text, outline::options());
        let mut inventory: Self = parsed.map_err(|error| vec![type_problem(&error)])?;
        inventory.places = Places::of(&outline);
        Ok(inventory)
    }
}

fn nothing() -> Problem {
    Problem::error("yaml.empty", "there is no inventory in this file")
        .hint("start from a copy of inventory/single-node.yaml")
        .at(Place { offset: 0, len: 0 })
}

/// What the types refuse although the shape was right; the shape knows nearly all of it, in better words.
fn type_problem(error: &serde_saphyr::Error) -> Problem {
    let place = error.location().and_then(Place::of);
    Problem::error("value.invalid", error.without_snippet().to_string()).at(place)
}
