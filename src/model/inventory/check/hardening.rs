//! Controls that are left out: each must be one, and somebody must have said why.

use crate::model::{
    control::Controls,
    inventory::{Hardening, Inventory},
    nearest::suggest,
    problem::{Place, Problem},
};

pub fn check(inventory: &Inventory) -> Vec<Problem> {
    let known = match Controls::shipped() {
        Ok(known) => known,
        Err(problems) => return problems,
    };
    let mut problems = skips(inventory, &inventory.hardening, &["hardening"], &known);
    for (name, host) in &inventory.hosts {
        problems.extend(skips(inventory, &host.hardening, &["hosts", name.as_str(), "hardening"], &known));
    }
    problems
}

fn skips(inventory: &Inventory, hardening: &Hardening, path: &[&str], known: &Controls) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (index, skip) in hardening.skip.iter().enumerate() {
        let id = skip.control.value.as_str();
        if known.get(id).is_none() {
            let problem = Problem::error("control.unknown", format!("there is no control `{id}`"));
            let hint = suggest(id, known.ids());
            problems.push(problem.hint(hint).at(Place::from(&skip.control)));
        }
        if skip.reason.trim().is_empty() {
            let problem = Problem::error("control.reason", format!("the reason to skip `{id}` is missing"));
            let index = index.to_string();
            let place = inventory.place(&[path, &["skip", &index, "reason"]].concat());
            problems.push(problem.hint("write the reason; every report shows it").at(place));
        }
    }
    problems
}
