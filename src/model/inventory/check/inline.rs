//! Secrets that stand in the inventory itself.

use crate::model::{
    inventory::Inventory,
    problem::{Place, Problem},
    secret::SecretSource,
};

pub fn check(inventory: &Inventory) -> Vec<Problem> {
    let inline = inventory.sources().into_iter();
    let inline = inline.filter(|source| matches!(source.source, SecretSource::Value(_)));
    let mut places: Vec<Option<Place>> = inline.map(|source| source.place).collect();
    places.sort();
    places.dedup();
    let inline = places.into_iter().map(|place| {
        let problem = Problem::warning("secret.inline", "this secret is written in clear text");
        let hint =
            "everyone who can read the inventory can read it; write `{ env: NAME }` or `{ file: PATH }`";
        problem.hint(hint).at(place)
    });
    inline.collect()
}
