//! What the hosts of a Docker Swarm need of each other: open to the platform's other hosts and to nobody else.

use ::nftables::{expr::MetaKey, stmt::Statement};
use ipnet::IpNet;

use super::word::{line, sources, words};
use crate::{
    change::nftables::{
        Table,
        phrase::{accept, equal, field, jump, meta, number, text},
    },
    facts::state::HostState,
    model::desired::{Desired, Opening, Protocol},
};

/// Managers, gossip (twice), and the packets of overlay networks: docs.docker.com/engine/swarm/swarm-tutorial. Workers
/// have the managers' port too, since a command on another host makes them one.
const PORTS: [(Protocol, u16); 4] =
    [(Protocol::Tcp, 2377), (Protocol::Tcp, 7946), (Protocol::Udp, 4789), (Protocol::Udp, 7946)];

/// Encrypted overlay networks are packets of this protocol.
const ENCRYPTED: &str = "esp";

/// The chain, and the origin of its rules.
const SWARM: &str = "swarm";

/// The line of a difference that says that the chain is new.
pub(super) const JOINED: &str = "+ chain swarm";

/// The platform's other hosts while this host is part of a Swarm, else nobody.
fn others<'a>(desired: &'a Desired, state: &HostState) -> &'a [IpNet] {
    if state.is_in_swarm() { &desired.firewall.other_hosts } else { &[] }
}

/// The ports that are open because of a Swarm; none rather than ports without sources, which are everyone's.
pub(super) fn openings(desired: &Desired, state: &HostState) -> Vec<Opening> {
    let others = others(desired, state);
    let ports = PORTS.iter().filter(|_| !others.is_empty());
    let opening =
        |&(protocol, port)| Opening { protocol, port, from: others.to_vec(), origin: SWARM.to_owned() };
    ports.map(opening).collect()
}

/// Who may reach what because of a Swarm, in words.
pub(super) fn lines(desired: &Desired, state: &HostState) -> Vec<String> {
    let ports: Vec<String> = openings(desired, state).iter().map(line).collect();
    let others = words(others(desired, state));
    let encrypted = ports.first().map(|_| format!("  {ENCRYPTED} from {others} ({SWARM})"));
    ports.into_iter().chain(encrypted).collect()
}

/// Adds the chain, called by `input` alone: the host itself is dialled, and one of its containers that could send there
/// would write into overlay networks that it is no part of.
pub(super) fn open(table: &mut Table, desired: &Desired, state: &HostState) {
    let port = |opening: Opening| equal(field(opening.protocol.as_str(), "dport"), number(opening.port));
    let ports: Vec<Statement> = openings(desired, state).into_iter().map(port).collect();
    if ports.is_empty() {
        return;
    }
    table.chain(SWARM);
    for from in sources(table, SWARM, others(desired, state)) {
        table.rule("input", Some(SWARM), vec![from, jump(SWARM)]);
    }
    for dialled in ports.into_iter().chain([equal(meta(MetaKey::L4proto), text(ENCRYPTED))]) {
        table.rule(SWARM, Some(SWARM), vec![dialled, accept()]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        change::nftables::{differences, same},
        facts::state::EngineState,
        plan::{firewall, fixture},
    };

    fn in_swarm() -> HostState {
        let mut state = fixture::with_docker();
        state.docker.engine = Some(EngineState { swarm: true, cli: true, ..EngineState::default() });
        state
    }

    /// What of a table is there because of a Swarm, a line each.
    fn added(with: &Table, without: &Table) -> String {
        let (with, without) = (with.document(), without.document());
        assert!(without.lines().all(|line| with.lines().any(|other| other == line)), "{with}");
        let new = with.lines().filter(|line| !without.lines().any(|other| other == *line));
        new.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn the_platforms_other_hosts_reach_what_a_swarm_needs() {
        let desired = fixture::desired();
        let table = firewall::table(&desired, &in_swarm());
        insta::assert_snapshot!(added(&table, &firewall::table(&desired, &fixture::with_docker())), @r#"
        {"add":{"set":{"elem":[{"prefix":{"addr":"10.0.0.6","len":31}}],"family":"inet","flags":["interval"],"name":"swarm_from4","table":"pryvctl","type":"ipv4_addr"}}},
        {"add":{"set":{"elem":["fd00::6"],"family":"inet","flags":["interval"],"name":"swarm_from6","table":"pryvctl","type":"ipv6_addr"}}},
        {"add":{"chain":{"family":"inet","name":"swarm","table":"pryvctl"}}},
        {"add":{"rule":{"chain":"input","comment":"swarm","expr":[{"match":{"left":{"payload":{"field":"saddr","protocol":"ip"}},"op":"==","right":"@swarm_from4"}},{"jump":{"target":"swarm"}}],"family":"inet","table":"pryvctl"}}},
        {"add":{"rule":{"chain":"input","comment":"swarm","expr":[{"match":{"left":{"payload":{"field":"saddr","protocol":"ip6"}},"op":"==","right":"@swarm_from6"}},{"jump":{"target":"swarm"}}],"family":"inet","table":"pryvctl"}}},
        {"add":{"rule":{"chain":"swarm","comment":"swarm","expr":[{"match":{"left":{"payload":{"field":"dport","protocol":"tcp"}},"op":"==","right":2377}},{"accept":null}],"family":"inet","table":"pryvctl"}}},
        {"add":{"rule":{"chain":"swarm","comment":"swarm","expr":[{"match":{"left":{"payload":{"field":"dport","protocol":"tcp"}},"op":"==","right":7946}},{"accept":null}],"family":"inet","table":"pryvctl"}}},
        {"add":{"rule":{"chain":"swarm","comment":"swarm","expr":[{"match":{"left":{"payload":{"field":"dport","protocol":"udp"}},"op":"==","right":4789}},{"accept":null}],"family":"inet","table":"pryvctl"}}},
        {"add":{"rule":{"chain":"swarm","comment":"swarm","expr":[{"match":{"left":{"payload":{"field":"dport","protocol":"udp"}},"op":"==","right":7946}},{"accept":null}],"family":"inet","table":"pryvctl"}}},
        {"add":{"rule":{"chain":"swarm","comment":"swarm","expr":[{"match":{"left":{"meta":{"key":"l4proto"}},"op":"==","right":"esp"}},{"accept":null}],"family":"inet","table":"pryvctl"}}},
        "#);
    }

    /// The recorded document is what we load; the recorded listings are what two versions of nft made of it.
    #[test]
    fn listings_of_both_nft_versions_are_no_drift() {
        let table = firewall::table(&fixture::desired(), &in_swarm());
        assert_eq!(table.document(), include_str!("../../../tests/data/nft/firewall-swarm.json"));
        for listing in [
            include_str!("../../../tests/data/nft/firewall-swarm-1.0.6.listing.json"),
            include_str!("../../../tests/data/nft/firewall-swarm-1.1.3.listing.json"),
        ] {
            let listing = serde_json::from_str(listing).unwrap();
            assert_eq!(differences(&listing, &table.listing()), Vec::<String>::new());
            assert!(same(&listing, &table.listing()));
        }
    }

    #[test]
    fn who_may_is_said_in_words() {
        let steps = firewall::steps(&fixture::desired(), &in_swarm());
        insta::assert_snapshot!(steps[0].why.join("\n"), @"
        table inet pryvctl: none -> everything from outside is dropped, except
          22/tcp from 10.0.0.0/8, fd00:1::/64 (ssh)
          443/tcp from everywhere (role single)
          80/tcp from everywhere (role single)
          6379/tcp from 10.0.0.6/32, 10.0.0.7/32 (role redis)
          2377/tcp from 10.0.0.6/32, 10.0.0.7/32, fd00::6/128 (swarm)
          7946/tcp from 10.0.0.6/32, 10.0.0.7/32, fd00::6/128 (swarm)
          4789/udp from 10.0.0.6/32, 10.0.0.7/32, fd00::6/128 (swarm)
          7946/udp from 10.0.0.6/32, 10.0.0.7/32, fd00::6/128 (swarm)
          esp from 10.0.0.6/32, 10.0.0.7/32, fd00::6/128 (swarm)
        ");
    }

    #[test]
    fn a_host_comes_and_goes_and_a_second_run_changes_nothing() {
        let desired = fixture::desired();
        let listing = |state| firewall::table(&desired, &state).listing();
        let (alone, member) = (listing(fixture::with_docker()), listing(in_swarm()));
        let steps = |mut state: HostState, found: &serde_json::Value| {
            state.net.tables.insert(firewall::TABLE.to_owned(), found.clone());
            firewall::steps(&desired, &state)
        };
        assert!(steps(in_swarm(), &member).is_empty());
        assert!(steps(fixture::with_docker(), &alone).is_empty());
        let left = steps(fixture::with_docker(), &member);
        insta::assert_snapshot!(left[0].why.join("\n"), @r#"
        table inet pryvctl is not as it should be
        - chain swarm
        - rules of input: [{"match":{"left":{"payload":{"field":"saddr","protocol":"ip"}},"op":"==","right":"@swarm_from4"}},{"jump":{"target":"swarm"}}] (swarm)
        - rules of input: [{"match":{"left":{"payload":{"field":"saddr","protocol":"ip6"}},"op":"==","right":"@swarm_from6"}},{"jump":{"target":"swarm"}}] (swarm)
        - rules of swarm
        - set swarm_from4
        - set swarm_from6
        "#);
        let joined = steps(in_swarm(), &alone);
        insta::assert_snapshot!(joined[0].why.join("\n"), @r#"
        table inet pryvctl is not as it should be
        + rules of input: [{"match":{"left":{"payload":{"field":"saddr","protocol":"ip"}},"op":"==","right":"@swarm_from4"}},{"jump":{"target":"swarm"}}] (swarm)
        + rules of input: [{"match":{"left":{"payload":{"field":"saddr","protocol":"ip6"}},"op":"==","right":"@swarm_from6"}},{"jump":{"target":"swarm"}}] (swarm)
        + chain swarm
          2377/tcp from 10.0.0.6/32, 10.0.0.7/32, fd00::6/128 (swarm)
          7946/tcp from 10.0.0.6/32, 10.0.0.7/32, fd00::6/128 (swarm)
          4789/udp from 10.0.0.6/32, 10.0.0.7/32, fd00::6/128 (swarm)
          7946/udp from 10.0.0.6/32, 10.0.0.7/32, fd00::6/128 (swarm)
          esp from 10.0.0.6/32, 10.0.0.7/32, fd00::6/128 (swarm)
        + rules of swarm
        + set swarm_from4
        + set swarm_from6
        "#);
    }

    #[test]
    fn a_swarm_of_one_host_opens_nothing() {
        let mut desired = fixture::desired();
        desired.firewall.other_hosts.clear();
        assert_eq!(firewall::table(&desired, &in_swarm()), firewall::table(&desired, &HostState::default()));
        assert_eq!(firewall::openings(&desired, &in_swarm()), desired.firewall.openings);
    }
}
