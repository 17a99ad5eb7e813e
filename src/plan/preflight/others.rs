//! What others have on the host: rules that drop what roles open, and networks that the firewall does not see.

use std::collections::BTreeMap;

use crate::{
    facts::{Fact, Facts, filter::Chain, state::HostState},
    model::desired::{Desired, Opening},
    plan::{
        finding::Finding,
        firewall::bridge::uplinks,
        foreign::{Fate, Place, fate},
        scan::{label, packet},
    },
};

const CHECK: &str = "other-rules";
const NEEDED: &str = "no firewall rule that pryvctl did not make blocks a port of a role";

/// One finding for each chain that drops, or may drop, an open port; one that is well where there is none.
pub(super) fn rules(desired: &Desired, facts: &Facts, state: &HostState) -> Vec<Finding> {
    let chains = match &facts.filters {
        Fact::Known(chains) => chains,
        Fact::Absent => return Vec::new(),
        Fact::Unreadable(why) => {
            let finding = Finding::ok(CHECK, format!("unreadable: {why}"), NEEDED);
            return vec![finding.warning("run `nft list ruleset` on the host and fix what it reports")];
        }
    };
    let uplinks = uplinks(desired, state);
    let (mut sure, mut unsure) =
        (BTreeMap::<Place, Vec<&Opening>>::new(), BTreeMap::<Place, Vec<&Opening>>::new());
    for opening in &desired.firewall.openings {
        match fate(chains, packet(desired, opening, &uplinks)) {
            Fate::Passes => {}
            Fate::Dropped(place) => sure.entry(place).or_default().push(opening),
            Fate::Unsure(place) => unsure.entry(place).or_default().push(opening),
        }
    }
    let dropped = sure.into_iter().map(|(place, ports)| {
        let found = format!("{} dropped by {place}", labels(&ports));
        Finding::ok(CHECK, found, NEEDED).failure(way_out(chains, &place, &ports))
    });
    let maybe = unsure.into_iter().map(|(place, ports)| {
        let found = format!("{} perhaps dropped by {place}", labels(&ports));
        Finding::ok(CHECK, found, NEEDED).warning(way_out(chains, &place, &ports))
    });
    let found: Vec<Finding> = dropped.chain(maybe).collect();
    if found.is_empty() { vec![Finding::ok(CHECK, "none", NEEDED)] } else { found }
}

/// Networks of others whose containers answer whatever the firewall says.
pub(super) fn networks(state: &HostState) -> Vec<Finding> {
    let beside = state.docker.networks.iter().filter(|(_, network)| network.beside_host);
    let finding = |name: &String| {
        Finding::ok("network", format!("the network {name} gives containers addresses of their own outside of the host"), "none").warning(
            "the firewall of this host does not see what reaches them: close their ports in front of the host, or put them \
             into a bridge network",
        )
    };
    beside.map(|(name, _)| finding(name)).collect()
}

fn labels(ports: &[&Opening]) -> String {
    ports.iter().map(|port| label(port.protocol, port.port)).collect::<Vec<_>>().join(", ")
}

/// How the ports are let pass there, or the firewall is handed over.
fn way_out(chains: &[Chain], place: &Place, ports: &[&Opening]) -> String {
    if chains.iter().any(|chain| chain.name.starts_with("ufw-")) {
        let allow = ports.iter().map(|port| {
            format!("`ufw route allow proto {} to any port {}`", port.protocol.as_str(), port.port)
        });
        let allow = allow.collect::<Vec<_>>().join(", ");
        return format!("allow them with {allow}, or let pryvctl manage the firewall with `ufw disable`");
    }
    let Place { table, chain, rule: _ } = place;
    if table == "inet firewalld" {
        return "allow forwarded traffic in firewalld, or let pryvctl manage the firewall with `systemctl disable --now firewalld`".to_owned();
    }
    format!(
        "allow traffic forwarded to containers with `nft insert rule {table} {chain} ct status dnat accept` and in the \
         file that this table is loaded from, or let pryvctl manage the firewall and remove the chain from that file"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        facts::{Probe as _, network::Networks},
        model::command::Output,
    };

    #[test]
    fn networks_that_the_firewall_does_not_see_are_named() {
        let network = |name: &str, driver: &str, internal: bool| {
            format!(
                r#"{{"Name":"{name}","Id":"0123456789abcdef","Driver":"{driver}","Internal":{internal},"Labels":null,"IPAM":{{"Config":[]}},"Options":null}}"#
            )
        };
        let all = [
            network("cameras", "macvlan", false),
            network("phones", "ipvlan", false),
            network("closed", "macvlan", true),
            network("own", "bridge", false),
        ];
        let output = Output { stdout: format!("[{}]", all.join(",")), ..Output::default() };
        let Fact::Known(networks) = Networks("acme".parse().unwrap()).read(&output) else { panic!() };
        let mut state = HostState::default();
        state.docker.networks = networks;
        let found: Vec<String> =
            super::networks(&state).iter().map(|finding| finding.found.clone()).collect();
        assert_eq!(
            found,
            ["cameras", "phones"].map(|name| format!(
                "the network {name} gives containers addresses of their own outside of the host"
            ))
        );
    }
}
