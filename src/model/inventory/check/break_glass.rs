//! The second way in: one that says something, and that is not the first one again.

use super::key::{public_key, wrong_user};
use crate::model::{
    inventory::{BreakGlass, Inventory},
    material::Material,
    name::HostName,
    problem::Problem,
};

pub fn check(inventory: &Inventory) -> Vec<Problem> {
    let mut problems = Vec::new();
    problems.extend(inventory.break_glass.iter().flat_map(|way| said(inventory, way, &[])));
    for (name, host) in &inventory.hosts {
        let path = ["hosts", name.as_str()];
        problems.extend(host.break_glass.iter().flat_map(|way| said(inventory, way, &path)));
        problems.extend(first_again(inventory, name));
    }
    problems
}

/// What can be told from the words alone.
fn said(inventory: &Inventory, way: &BreakGlass, path: &[&str]) -> Vec<Problem> {
    let place = |key: &str| inventory.place(&[path, &["break_glass", key]].concat());
    match way {
        BreakGlass::Console { console } => {
            let problem = || Problem::error("break-glass.blank", "the second way in is not said");
            let hint = "describe the other access for the person who will need it; if there is none, remove `break_glass`";
            let blank = console.trim().is_empty();
            blank.then(|| problem().hint(hint).at(place("console"))).into_iter().collect()
        }
        BreakGlass::Login { user, identities, sudo_password: _ } => {
            let mut problems: Vec<Problem> =
                wrong_user(user).map(|it| it.at(place("user"))).into_iter().collect();
            let public = identities.iter().filter_map(|file| public_key(file));
            problems.extend(public.map(|problem| problem.at(place("identities"))));
            if identities.is_empty() {
                let problem = Problem::error("break-glass.no-key", "the `break_glass` login has no key");
                let hint = "name a private key that this login alone has, as in `[~/.ssh/rescue]`";
                problems.push(problem.hint(hint).at(place("identities")));
            }
            problems
        }
    }
}

/// Whatever ends the first login would end the second one too.
fn first_again(inventory: &Inventory, name: &HostName) -> Option<Problem> {
    let first = inventory.login(name, &Material::default())?;
    let same = match inventory.break_glass(name)? {
        BreakGlass::Console { .. } => false,
        BreakGlass::Login { user, identities, sudo_password: _ } => {
            let known = identities.iter().all(|key| first.identities.contains(key));
            *user == first.user && known && !identities.is_empty()
        }
    };
    let own = inventory.place(&["hosts", name.as_str(), "break_glass"]);
    let message = format!("`break_glass` of host `{name}` is the same login as `ssh`");
    same.then(|| {
        Problem::error("break-glass.same", message)
            .hint("name another user with a key of its own, or a console")
            .at(own.or(inventory.place(&["break_glass"])))
    })
}
