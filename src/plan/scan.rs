//! What somebody outside may find of a host: which ports are worth trying, and which of those that answer nobody asked for.

use std::{collections::BTreeSet, net::IpAddr};

use crate::{
    facts::{port::Listener, state::HostState},
    model::desired::{Desired, Opening, Protocol},
    plan::firewall::openings,
};

/// Somebody who tried a host's TCP ports from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    /// Who, in words.
    pub who: String,
    /// The addresses under which the host may see him.
    pub from: Vec<IpAddr>,
    /// The ports that answered.
    pub answering: BTreeSet<u16>,
}

/// TCP ports that are worth trying: sshd's, and all that are declared, published by a container or listened on.
pub fn ports(
    desired: &Desired,
    listeners: &[Listener],
    published: &BTreeSet<(Protocol, u16)>,
) -> BTreeSet<u16> {
    let declared = desired.firewall.openings.iter().map(|opening| (opening.protocol, opening.port));
    let listening = listeners.iter().filter(|listener| !listener.address.is_loopback());
    let listening = listening.map(|listener| (listener.protocol, listener.port));
    let all = declared.chain(listening).chain(published.iter().copied());
    let tcp = all.filter(|(protocol, _)| *protocol == Protocol::Tcp).map(|(_, port)| port);
    tcp.chain([desired.ssh_port]).collect()
}

/// Ports that answer somebody whom nobody let in.
pub fn unasked(desired: &Desired, state: &HostState, look: &Look) -> Vec<String> {
    let openings = openings(desired, state);
    let admitted = |port: u16| look.from.iter().any(|from| admits(desired, &openings, port, *from));
    let wrong = look.answering.iter().filter(|port| !admitted(**port));
    wrong.map(|port| format!("{port}/tcp answers {}", look.who)).collect()
}

fn admits(desired: &Desired, openings: &[Opening], port: u16, from: IpAddr) -> bool {
    let mut admin = desired.firewall.admin_networks.iter();
    let ssh = port == desired.ssh_port && admin.any(|network| network.contains(&from));
    let open = openings.iter().any(|opening| {
        let everyone = opening.from.is_empty();
        let named = everyone || opening.from.iter().any(|network| network.contains(&from));
        opening.protocol == Protocol::Tcp && opening.port == port && named
    });
    ssh || open
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::fixture::{desired, with_docker};

    fn listener(address: &str, port: u16) -> Listener {
        Listener { protocol: Protocol::Tcp, address: address.parse().unwrap(), port, program: None }
    }

    #[test]
    fn everything_that_could_answer_is_tried() {
        let listeners = [listener("0.0.0.0", 22), listener("127.0.0.53", 53), listener("::", 9100)];
        let published = BTreeSet::from([(Protocol::Tcp, 5432), (Protocol::Udp, 5353)]);
        let tried = ports(&desired(), &listeners, &published);
        assert_eq!(tried, BTreeSet::from([22, 80, 443, 5432, 6379, 9100]));
    }

    #[test]
    fn a_port_may_answer_those_it_was_opened_for() {
        let look = |from: &[&str]| Look {
            who: "co1".to_owned(),
            from: from.iter().map(|from| from.parse().unwrap()).collect(),
            answering: BTreeSet::from([22, 443, 5432, 6379]),
        };
        let (desired, alone) = (desired(), with_docker());
        assert_eq!(
            unasked(&desired, &alone, &look(&["198.51.100.7"])),
            ["22/tcp answers co1", "5432/tcp answers co1", "6379/tcp answers co1"]
        );
        assert_eq!(
            unasked(&desired, &alone, &look(&["fd00:1::7"])),
            ["5432/tcp answers co1", "6379/tcp answers co1"]
        );
        // A host is seen under one of its addresses.
        assert_eq!(unasked(&desired, &alone, &look(&["198.51.100.7", "10.0.0.6"])), ["5432/tcp answers co1"]);
    }

    #[test]
    fn the_ports_of_a_swarm_may_answer_the_platforms_other_hosts() {
        let mut member = with_docker();
        member.engine.as_mut().unwrap().swarm = true;
        let look = |from: &str| Look {
            who: "co1".to_owned(),
            from: vec![from.parse().unwrap()],
            answering: BTreeSet::from([2377, 7946]),
        };
        assert!(unasked(&desired(), &member, &look("fd00::6")).is_empty());
        assert_eq!(unasked(&desired(), &member, &look("10.0.0.8")).len(), 2);
        assert_eq!(unasked(&desired(), &with_docker(), &look("fd00::6")).len(), 2);
    }
}
