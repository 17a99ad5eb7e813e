//! How Docker reaches the registry: whose certificates it has, and where it is.

use std::net::IpAddr;

use super::{
    Conflict,
    control::lines::{ended, lines},
    file::own,
    step::{Agreed, RegistryStep, Step, StepId, Undo},
};
use crate::{
    change::{Change, HostsFile},
    facts::state::HostState,
    model::{
        desired::{Desired, ManagedFile, RegistryAccess},
        place,
    },
};

/// What stands at the end of a line of ours in `/etc/hosts`.
const MARK: &str = "# pryvctl";

/// The file that says whose certificates the registry has.
pub fn ca_file(desired: &Desired) -> Option<ManagedFile> {
    let registry = desired.registry.as_ref()?;
    Some(own(place::registry_ca(&registry.address), registry.ca.as_ref()?, 0o644))
}

/// The step that has `/etc/hosts` say where the registry is, and nothing of ours besides.
///
/// # Errors
/// A line of somebody else that leads the registry's name elsewhere.
pub fn hosts_line(desired: &Desired, state: &HostState) -> Result<Option<Step>, Conflict> {
    let wanted = desired.registry.as_ref().and_then(|registry| Some((name_of(registry), registry.ip?)));
    let text = state.system.hosts_file.as_deref().unwrap_or_default();
    if let Some((name, ip)) = wanted {
        let of_others = text.lines().find(|line| names(line, name) && !is_ours(line) && !leads(line, ip));
        if let Some(line) = of_others {
            return Err(Conflict {
                thing: format!("{name} in /etc/hosts"),
                found: format!("a line that pryvctl did not write says `{line}`"),
                way_out: format!("remove the line, or leave `registry.ip` ({ip}) out of the inventory"),
            });
        }
    }
    Ok(hosts_step(text, wanted, state))
}

/// The step that takes out our line, if it is there.
pub fn without_hosts_line(state: &HostState) -> Option<Step> {
    hosts_step(state.system.hosts_file.as_deref().unwrap_or_default(), None, state)
}

fn hosts_step(text: &str, wanted: Option<(&str, IpAddr)>, state: &HostState) -> Option<Step> {
    let right = |line: &str| wanted.is_some_and(|(name, ip)| names(line, name) && leads(line, ip));
    let stays = |line: &&str| !is_ours(line) || right(line);
    let gone = text.lines().filter(|line| !stays(line));
    let mut new: String = lines(text).filter(stays).collect();
    let add = wanted.filter(|_| !text.lines().any(right)).map(|(name, ip)| format!("{ip} {name} {MARK}"));
    if let Some(line) = &add {
        new = format!("{}{line}\n", ended(&new));
    }
    let mut why: Vec<String> = gone.map(|line| format!("/etc/hosts: {line} -> none")).collect();
    why.extend(add.map(|line| format!("/etc/hosts: none -> {line}")));
    if why.is_empty() {
        return None;
    }
    let from = state.system.hosts_file.clone();
    let change = HostsFile { found: from.is_some(), from, to: Some(new) };
    let undo = Undo::change(Change::HostsFile(change.inverse()));
    let step =
        Step::safe(StepId::Registry(RegistryStep::HostsLine), Change::HostsFile(change), undo).because(why);
    Some(step.agreed(Agreed::AsRead))
}

fn is_ours(line: &str) -> bool {
    line.trim_end().ends_with(MARK)
}

/// Whether a line of `/etc/hosts` says where a name is.
fn names(line: &str, name: &str) -> bool {
    let words = line.split('#').next().unwrap_or_default().split_whitespace();
    words.skip(1).any(|word| word == name)
}

/// Whether a line of `/etc/hosts` leads to an address.
fn leads(line: &str, ip: IpAddr) -> bool {
    line.split_whitespace().next().is_some_and(|word| word == ip.to_string())
}

fn name_of(registry: &RegistryAccess) -> &str {
    registry.address.rsplit_once(':').map_or(registry.address.as_str(), |(name, _)| name)
}
