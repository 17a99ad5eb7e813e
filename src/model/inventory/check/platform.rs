//! What makes a Pryv.io platform of hosts and roles: one register, cores with short names, users' data in their zone.

use std::collections::BTreeSet;

use crate::model::{
    inventory::{Host, Inventory},
    name::HostName,
    problem::Problem,
};

const REGISTER: &str = "register";
const FOLLOWER: &str = "register-follower";
const CORE: &str = "core";
const SINGLE: &str = "single-node";

/// User names have at least this many letters; a core's shorter name can never be one of theirs.
const SHORTEST_USER_NAME: usize = 5;

pub fn check(inventory: &Inventory) -> Vec<Problem> {
    let mut problems = registers(inventory);
    for name in
        with(inventory, CORE).map(|(name, _)| name).filter(|name| name.as_str().len() >= SHORTEST_USER_NAME)
    {
        let message =
            format!("the core `{name}` could be taken for a user: its name has five letters or more");
        let problem = Problem::error("core.name", message).hint("give it a shorter name, as in `co1`");
        problems.push(problem.at(inventory.place(&["hosts", name.as_str()])));
    }
    problems
}

fn with<'a>(inventory: &'a Inventory, role: &'static str) -> impl Iterator<Item = (&'a HostName, &'a Host)> {
    inventory.hosts.iter().filter(move |(_, host)| host.roles.iter().any(|has| has.value.as_str() == role))
}

fn registers(inventory: &Inventory) -> Vec<Problem> {
    let place = |name: &HostName| inventory.place(&["hosts", name.as_str(), "roles"]);
    let registers: Vec<_> = with(inventory, REGISTER).chain(with(inventory, SINGLE)).collect();
    let Some(((leader, host), more)) = registers.split_first() else {
        return without_register(inventory);
    };
    let mut problems = Vec::new();
    for (second, _) in more {
        let problem =
            Problem::error("register.twice", format!("`{leader}` and `{second}` are both the register"));
        let hint = "a platform has one register (a single-node host holds one too); a second one is a `register-follower`";
        let (one, other) = (place(leader), place(second));
        problems.push(problem.hint(hint).at(one.max(other)).also(one.min(other), "and here"));
    }
    if let Some((follower, _)) = with(inventory, FOLLOWER).next().filter(|_| host.private_address.is_none()) {
        let message = format!("`{follower}` follows `{leader}` over a public address, unencrypted");
        let problem = Problem::warning("register.public", message);
        let hint = format!("give `{leader}` a `private_address` that `{follower}` reaches");
        problems.push(problem.hint(hint).at(inventory.place(&["hosts", leader.as_str()])));
    }
    let zone = &host.zone.value;
    let others: BTreeSet<_> = with(inventory, CORE)
        .map(|(_, core)| core.zone.value.as_str())
        .filter(|other| *other != zone.as_str())
        .collect();
    if !others.is_empty() {
        let others = others.into_iter().collect::<Vec<_>>().join(", ");
        let message = format!(
            "the register in zone `{zone}` holds user names and e-mail addresses of users in {others}"
        );
        let problem = Problem::warning("zone.register", message);
        let hint = "the cores keep everything else in their zone; make sure that this much may leave it";
        problems.push(problem.hint(hint).at(place(leader)));
    }
    problems
}

fn without_register(inventory: &Inventory) -> Vec<Problem> {
    let missing = |problem: Problem, name: &HostName| {
        let place = inventory.place(&["hosts", name.as_str(), "roles"]);
        vec![problem.hint("give one host the role `register`").at(place)]
    };
    if let Some((name, _)) = with(inventory, FOLLOWER).next() {
        let problem = Problem::error("register.missing", format!("`{name}` has no register to follow"));
        return missing(problem, name);
    }
    let core = with(inventory, CORE).next();
    core.map_or_else(Vec::new, |(name, _)| {
        let message = "no host is the register: nobody can create an account";
        missing(Problem::warning("register.missing", message), name)
    })
}
