//! The filter table `inet pryvctl`: everything not named is dropped, also what Docker publishes.
//!
//! It stands ahead of Docker's chains and only takes away from what they allow, so Docker's own tables stay untouched.
//! `ct original proto-dst` is the port as the client dialled it, before any redirection, in both families.

pub mod bridge;
mod closed;
mod group;
mod metadata;
mod swarm;
mod word;

use std::collections::BTreeSet;

use ::nftables::{
    stmt::{Counter, Limit, Log, Statement},
    types::{NfChainPolicy, NfChainType, NfHook},
};

use self::{
    bridge::comes_in_by,
    group::groups,
    word::{ICMP, ICMPV6, PRIORITY, line, sources, words},
};
pub use self::{closed::closed, word::TABLE};
use super::{
    sshd,
    step::{FirewallStep, Step, StepId, Undo},
};
use crate::{
    change::{
        Change, KeptTable, TableLoad,
        nftables::{
            Table, check, differences,
            phrase::{
                accept, any_of, connection, drop, equal, field, jump, number, one_of, opens, prefix, verdicts,
            },
            same,
        },
    },
    facts::state::HostState,
    model::desired::{Desired, Opening},
};

/// New connections to sshd that one address may make in a second, and at once: some logins of ours and of an
/// administrator beside us, and too few to keep sshd busy with key exchanges (CVE-2002-20001).
const LOGINS: u32 = 10;

/// The guarded step that brings the table to what it must be, if it is not.
pub fn steps(desired: &Desired, state: &HostState) -> Vec<Step> {
    let table = table(desired, state);
    let listing = table.listing();
    let why = match state.net.tables.get(TABLE) {
        Some(found) if same(found, &listing) => return Vec::new(),
        Some(found) => drift(&differences(found, &listing), desired, state),
        None => introduction(desired, state),
    };
    let document = table.document();
    let change = Change::TableLoad(TableLoad { name: TABLE, document: document.clone() });
    let step = Step::safe(StepId::Firewall(FirewallStep::Table), change, Undo::Nothing("the guard's own"))
        .because(why);
    vec![under_guard(step).checked(check(document))]
}

/// Puts a step that changes the table under guard: what is there is kept, and comes back.
pub fn under_guard(step: Step) -> Step {
    let kept = KeptTable(TABLE);
    let save = kept.save();
    Step { undo: Undo::change(Change::KeptTable(kept)), ..step }.guarded(save)
}

/// Every open port: those that roles declare, and those of a Swarm.
pub fn openings(desired: &Desired, state: &HostState) -> Vec<Opening> {
    let declared = desired.firewall.openings.iter().cloned();
    declared.chain(swarm::openings(desired, state)).collect()
}

/// Who may reach what, in words.
fn introduction(desired: &Desired, state: &HostState) -> Vec<String> {
    let head = "table inet pryvctl: none -> everything from outside is dropped, except".to_owned();
    let admin = words(&desired.firewall.admin_networks);
    let ports = sshd::ports(desired, state).into_iter();
    let ssh = ports.map(|port| format!("  {port}/tcp from {admin} (ssh)"));
    let declared = desired.firewall.openings.iter().map(line);
    [head].into_iter().chain(ssh).chain(declared).chain(swarm::lines(desired, state)).collect()
}

/// What differs, and in words what a Swarm opens when it is new.
fn drift(differences: &[String], desired: &Desired, state: &HostState) -> Vec<String> {
    let mut why = vec!["table inet pryvctl is not as it should be".to_owned()];
    for difference in differences {
        why.push(difference.clone());
        if difference == swarm::JOINED {
            why.extend(swarm::lines(desired, state));
        }
    }
    why
}

/// The whole table.
pub fn table(desired: &Desired, state: &HostState) -> Table {
    let groups = groups(&desired.firewall.openings);
    let mut table = Table::new(TABLE);
    table.base_chain("input", (NfChainType::Filter, NfHook::Input), PRIORITY, NfChainPolicy::Drop);
    table.chain("from_container");
    table.base_chain("forward", (NfChainType::Filter, NfHook::Forward), PRIORITY, NfChainPolicy::Drop);
    let admin = sources(&mut table, "admin", &desired.firewall.admin_networks);
    for group in &groups {
        group.ports(&mut table);
    }
    let from: Vec<Vec<Statement>> = groups.iter().map(|group| group.sources(&mut table)).collect();
    let containers = bridge::from_container(&mut table, desired, state);
    input(&mut table, &sshd::ports(desired, state), &admin);
    table.rule("forward", None, vec![established()]);
    metadata::close(&mut table, desired);
    forward(&mut table, &containers);
    for (group, from) in groups.iter().zip(&from) {
        group.open(&mut table, from);
    }
    swarm::open(&mut table, desired, state);
    close(&mut table, &containers);
    table
}

fn established() -> Statement<'static> {
    verdicts(connection("state"), [("established", accept()), ("related", accept()), ("invalid", drop())])
}

fn input(table: &mut Table, ssh_ports: &BTreeSet<u16>, admin: &[Statement<'static>]) {
    table.rule("input", None, vec![established()]);
    table.rule("input", None, vec![comes_in_by("lo"), accept()]);
    table.rule("input", None, vec![equal(field("icmp", "type"), any_of(&ICMP)), accept()]);
    table.rule("input", None, vec![equal(field("icmpv6", "type"), any_of(&ICMPV6)), accept()]);
    let dhcpv6 = vec![
        equal(field("ip6", "saddr"), prefix("fe80::", 10)),
        equal(field("udp", "sport"), number(547)),
        equal(field("udp", "dport"), number(546)),
        accept(),
    ];
    table.rule("input", Some("DHCPv6"), dhcpv6);
    let dialled = equal(field("tcp", "dport"), one_of(ssh_ports));
    for (family, of, set) in [("ip", "ipv4_addr", "ssh_rate4"), ("ip6", "ipv6_addr", "ssh_rate6")] {
        table.remembered(set, of);
        let new = [dialled.clone(), opens()];
        table.rate("input", "ssh: not too many at once", &new, (family, set), LOGINS);
    }
    for from in admin {
        let ssh = vec![from.clone(), dialled.clone(), accept()];
        table.rule("input", Some("ssh from admin networks"), ssh);
    }
}

/// Containers may go out; what they may reach of each other is decided by Docker's own rules.
fn forward(table: &mut Table, containers: &[Vec<Statement<'static>>]) {
    for container in containers {
        table.rule("forward", None, container.iter().cloned().chain([accept()]).collect());
    }
}

/// The ends of the chains, after all openings.
fn close(table: &mut Table, containers: &[Vec<Statement<'static>>]) {
    for container in containers {
        table.rule("input", None, container.iter().cloned().chain([jump("from_container")]).collect());
    }
    for chain in ["input", "forward"] {
        let log = Log { prefix: Some(format!("pryvctl {chain} drop: ").into()), ..Log::new(None) };
        table.rule(chain, None, vec![now_and_then(), Statement::Log(Some(log))]);
        table.rule(chain, None, vec![Statement::Counter(Counter::Anonymous(None)), drop()]);
    }
}

/// Six a minute, ten at once: enough to see what is tried, too few to fill a disk.
fn now_and_then() -> Statement<'static> {
    Statement::Limit(Limit {
        rate: 6,
        rate_unit: None,
        per: Some("minute".into()),
        burst: Some(10),
        burst_unit: None,
        inv: None,
    })
}
