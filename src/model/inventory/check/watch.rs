//! The page of `watch`: what others could reach is encrypted and asks for a password.

use crate::model::{inventory::Inventory, problem::Problem};

pub fn check(inventory: &Inventory) -> Vec<Problem> {
    let Some(at) = inventory.watch.listen else { return Vec::new() };
    let problem = |key: &str| {
        Problem::error(
            "watch.open",
            format!("others than this machine can reach the page at {at}, and it has no {key}"),
        )
        .hint(format!("add `{key}` below `watch`, or listen on 127.0.0.1:{}", at.port()))
        .at(inventory.place(&["watch", "listen"]))
    };
    inventory.watch.lacks(at).into_iter().map(|lack| problem(lack.key())).collect()
}
