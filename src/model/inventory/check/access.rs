//! The way in: who may reach SSH, and how hosts are logged in to.

use std::collections::BTreeMap;

use super::key::{public_key, wrong_user};
use crate::model::{
    inventory::{Inventory, Ssh},
    problem::{Place, Problem},
};

pub fn check(inventory: &Inventory) -> Vec<Problem> {
    let mut problems = admins(inventory);
    problems.extend(ssh(inventory, &inventory.ssh, &["ssh"]));
    for (name, host) in &inventory.hosts {
        problems.extend(ssh(inventory, &host.ssh, &["hosts", name.as_str(), "ssh"]));
    }
    problems.extend(keys(inventory));
    problems
}

fn admins(inventory: &Inventory) -> Vec<Problem> {
    if inventory.admin_networks.is_empty() {
        let problem =
            Problem::error("admin.none", "`admin_networks` is empty: the firewall would block every login");
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

/// OpenSSH's form: SHA-256 in base64 without padding, which is 43 letters.
fn is_fingerprint(text: &str) -> bool {
    let base64 = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/';
    text.strip_prefix("SHA256:").is_some_and(|hash| hash.len() == 43 && hash.bytes().all(base64))
}
