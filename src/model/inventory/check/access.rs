//! The way in: who may reach SSH, and how hosts are logged in to.

use std::{collections::BTreeMap, path::Path};

use super::break_glass;
use crate::model::{
    inventory::{Inventory, Ssh},
    problem::{Place, Problem},
    secret::SecretSource,
};

pub fn check(inventory: &Inventory) -> Vec<Problem> {
    let mut problems = admins(inventory);
    problems.extend(ssh(inventory, &inventory.ssh, &["ssh"]));
    for (name, host) in &inventory.hosts {
        problems.extend(ssh(inventory, &host.ssh, &["hosts", name.as_str(), "ssh"]));
    }
    problems.extend(keys(inventory));
    problems.extend(break_glass::check(inventory));
    let inline = inventory.sources().into_iter();
    let inline = inline.filter(|source| matches!(source.source, SecretSource::Value(_)));
    let mut places: Vec<Option<Place>> = inline.map(|source| source.place).collect();
    places.sort();
    places.dedup();
    problems.extend(places.into_iter().map(|place| {
        let problem = Problem::warning("secret.inline", "a secret stands here in clear");
        let hint = "whoever reads the inventory reads it; write `{ env: NAME }` or `{ file: PATH }`";
        problem.hint(hint).at(place)
    }));
    problems
}

fn admins(inventory: &Inventory) -> Vec<Problem> {
    if inventory.admin_networks.is_empty() {
        let problem = Problem::error("admin.none", "`admin_networks` is empty: nobody could log in any more");
        let hint = "name the networks you administer from, as in [192.0.2.0/24]";
        return vec![problem.hint(hint).at(inventory.place(&["admin_networks"]))];
    }
    let open = inventory.admin_networks.iter().filter(|network| network.value.prefix_len() == 0);
    let open = open.map(|network| {
        let problem =
            Problem::warning("admin.everyone", format!("{} lets the whole world reach SSH", network.value));
        problem.hint("name the networks you administer from").at(Place::from(network))
    });
    open.collect()
}

fn ssh(inventory: &Inventory, ssh: &Ssh, path: &[&str]) -> Vec<Problem> {
    let place = |key: &str| inventory.place(&[path, &[key]].concat());
    let mut problems = Vec::new();
    problems.extend(ssh.user.iter().filter_map(|user| Some(wrong_user(user)?.at(place("user")))));
    let public = ssh.identities.iter().flatten().filter_map(|file| public_key(file));
    problems.extend(public.map(|problem| problem.at(place("identities"))));
    if let Some(key) = ssh.host_key.as_ref().filter(|key| !is_fingerprint(key)) {
        let problem = Problem::error("ssh.host-key", format!("`{key}` is not the fingerprint of a host key"));
        let hint = "on the host: `ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub`; take the word that starts with SHA256:";
        problems.push(problem.hint(hint).at(place("host_key")));
    }
    problems
}

/// One key for two hosts means one of them was cloned from the other, or one word was pasted twice.
fn keys(inventory: &Inventory) -> Vec<Problem> {
    let mut problems = Vec::new();
    if inventory.ssh.host_key.is_some() && inventory.hosts.len() > 1 {
        let problem = Problem::error("ssh.host-key", "one host key cannot be that of every host");
        let hint = "write `host_key` below `ssh` of each host";
        problems.push(problem.hint(hint).at(inventory.place(&["ssh", "host_key"])));
    }
    let mut seen: BTreeMap<&str, Option<Place>> = BTreeMap::new();
    for (name, host) in &inventory.hosts {
        let Some(key) = host.ssh.host_key.as_deref() else { continue };
        let place = inventory.place(&["hosts", name.as_str(), "ssh", "host_key"]);
        if let Some(first) = seen.insert(key, place) {
            let problem = Problem::warning("ssh.host-key-twice", "two hosts have the same host key");
            let hint =
                "a cloned machine keeps the key of its original; make it a new one with `ssh-keygen -A`";
            problems.push(problem.hint(hint).at(first.max(place)).also(first.min(place), "first here"));
        }
    }
    problems
}

/// A user that cannot be one.
pub(super) fn wrong_user(user: &str) -> Option<Problem> {
    let problem = || Problem::error("ssh.user", format!("`{user}` is not a user name"));
    (!is_user(user)).then(|| problem().hint("write a name as in root or admin"))
}

/// A public key where its private half is wanted.
pub(super) fn public_key(file: &Path) -> Option<Problem> {
    let problem = || Problem::error("ssh.identity", format!("{} is a public key", file.display()));
    let hint = || format!("name the private key, {}", file.with_extension("").display());
    file.extension().is_some_and(|end| end == "pub").then(|| problem().hint(hint()))
}

/// As useradd of Debian takes it.
fn is_user(name: &str) -> bool {
    let mut letters = name.bytes();
    let first = letters.next().is_some_and(|byte| byte.is_ascii_lowercase() || byte == b'_');
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-.".contains(&byte);
    first && name.len() <= 32 && letters.all(inner)
}

/// OpenSSH's form: SHA-256 in base64 without padding, which is 43 letters.
fn is_fingerprint(text: &str) -> bool {
    let base64 = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/';
    text.strip_prefix("SHA256:").is_some_and(|hash| hash.len() == 43 && hash.bytes().all(base64))
}
