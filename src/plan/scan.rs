//! What somebody outside may find of a host: which ports are worth trying, which of those that answer nobody asked for, and
//! which of those that must answer do not.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

use super::{Goal, foreign::Packet};
use crate::{
    facts::{filter::Hook, port::Listener, state::HostState},
    model::desired::{Desired, Opening, Protocol},
    plan::firewall::openings,
};

/// A port of a protocol.
pub type Door = (Protocol, u16);

/// What a port said to somebody who tried it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    /// It took the connection, or sent something back.
    Answers,
    /// The host said that nobody listens there.
    Refuses,
    /// Nothing. Over TCP it is dropped; over UDP that cannot be told from a server that has nothing to say.
    Nothing,
}

/// Somebody who tried a host's ports from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    /// Who, in words.
    pub who: String,
    /// The address that was tried.
    pub to: IpAddr,
    /// The address he went there with, if he knows it.
    pub with: Option<IpAddr>,
    /// The addresses under which the host may see him.
    pub from: Vec<IpAddr>,
    /// What each port said.
    pub said: BTreeMap<Door, Said>,
}

impl Look {
    /// The ports that answered.
    pub fn answering(&self) -> impl Iterator<Item = Door> {
        self.said.iter().filter(|(_, said)| **said == Said::Answers).map(|(door, _)| *door)
    }

    /// Whether the port was opened for him.
    fn may(&self, opening: &Opening) -> bool {
        let named = |from: IpAddr| opening.from.iter().any(|network| network.contains(&from));
        opening.from.is_empty() || self.with.is_some_and(named)
    }
}

/// A port in words.
pub fn label(protocol: Protocol, port: u16) -> String {
    format!("{port}/{}", protocol.as_str())
}

/// Ports that are worth trying: sshd's, and all that are declared, published by a container or listened on.
pub fn ports(desired: &Desired, listeners: &[Listener], published: &BTreeSet<Door>) -> BTreeSet<Door> {
    let listening = listeners.iter().filter(|listener| !listener.address.is_loopback());
    let listening = listening.map(|listener| (listener.protocol, listener.port));
    let declared = desired.firewall.openings.iter().map(door);
    let all = declared.chain(listening).chain(published.iter().copied());
    all.chain([(Protocol::Tcp, desired.ssh_port)]).collect()
}

/// The port of an opening.
pub fn door(opening: &Opening) -> Door {
    (opening.protocol, opening.port)
}

/// The declared ports that must answer: all once a host has its roles; of a host that is only hardened those of services
/// that run there already.
pub fn declared<'a>(desired: &'a Desired, state: &HostState, goal: Goal) -> Vec<&'a Opening> {
    let runs = |opening: &&Opening| {
        let serves = |name: &str| state.docker.containers.iter().any(|it| it.service == name && it.serves());
        let mut services = desired.services.iter();
        services.any(|service| {
            let leads = service.endpoints.iter().any(|end| (end.protocol, end.port) == door(opening));
            leads && (goal == Goal::Install || serves(service.name.as_str()))
        })
    };
    desired.firewall.openings.iter().filter(runs).collect()
}

/// Ports that answer somebody whom nobody let in.
pub fn strangers<'a>(
    desired: &'a Desired,
    state: &HostState,
    look: &'a Look,
) -> impl Iterator<Item = Door> + use<'a> {
    let openings = openings(desired, state);
    let admitted = move |door: Door| look.from.iter().any(|from| admits(desired, &openings, door, *from));
    look.answering().filter(move |door| !admitted(*door))
}

/// The same in words.
pub fn unasked(desired: &Desired, state: &HostState, look: &Look) -> Vec<String> {
    let wrong = strangers(desired, state, look);
    wrong.map(|(protocol, port)| format!("{} answers {}", label(protocol, port), look.who)).collect()
}

fn admits(desired: &Desired, openings: &[Opening], tried: Door, from: IpAddr) -> bool {
    let mut admin = desired.firewall.admin_networks.iter();
    let ssh = tried == (Protocol::Tcp, desired.ssh_port) && admin.any(|network| network.contains(&from));
    let open = openings.iter().any(|opening| {
        let everyone = opening.from.is_empty();
        let named = everyone || opening.from.iter().any(|network| network.contains(&from));
        door(opening) == tried && named
    });
    ssh || open
}

/// A declared port that did not answer anybody whom it was opened for, over one family.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Silence<'a> {
    /// The port.
    pub opening: &'a Opening,
    /// Who tried it.
    pub who: Vec<String>,
    /// What it said at best.
    pub said: Said,
}

impl Silence<'_> {
    /// Whether that is a failure: over UDP nothing may be said by a server that does well.
    pub fn is_sure(&self) -> bool {
        self.opening.protocol == Protocol::Tcp || self.said == Said::Refuses
    }
}

/// The ports that did not answer, over each family over which somebody tried them who may.
pub fn silent<'a>(declared: &[&'a Opening], looks: &[Look]) -> Vec<Silence<'a>> {
    let mut silent = Vec::new();
    for opening in declared.iter().copied() {
        for six in [false, true] {
            let mut tried = Vec::new();
            for look in looks.iter().filter(|look| look.to.is_ipv6() == six && look.may(opening)) {
                tried.extend(look.said.get(&door(opening)).map(|said| (look.who.clone(), *said)));
            }
            let said = |wanted: Said| tried.iter().any(|(_, said)| *said == wanted);
            if tried.is_empty() || said(Said::Answers) {
                continue;
            }
            let best = if said(Said::Refuses) { Said::Refuses } else { Said::Nothing };
            let who = tried.into_iter().map(|(who, _)| who).collect();
            silent.push(Silence { opening, who, said: best });
        }
    }
    silent
}

/// The ports whose silence one alone tells, over one family: what is between him and the host may be what is silent.
pub fn unconfirmed(silences: &[Silence]) -> BTreeSet<Door> {
    let alone = silences.iter().filter(|it| it.is_sure() && it.who.len() == 1);
    alone.map(|it| door(it.opening)).collect()
}

/// The ports that nobody could try who may.
pub fn untried<'a>(declared: &[&'a Opening], looks: &[Look]) -> Vec<&'a Opening> {
    let tried = |opening: &Opening| {
        looks.iter().any(|look| look.may(opening) && look.said.contains_key(&door(opening)))
    };
    declared.iter().copied().filter(|opening| !tried(opening)).collect()
}

/// A packet that opens a connection to a declared port from outside.
pub fn packet<'a>(desired: &Desired, opening: &Opening, uplinks: &'a BTreeSet<&'a str>) -> Packet<'a> {
    let mut ends = desired.services.iter().flat_map(|service| &service.endpoints);
    let seen =
        ends.find(|end| (end.protocol, end.port) == door(opening)).map_or(opening.port, |end| end.target);
    Packet { hook: Hook::Forward, protocol: opening.protocol, dialled: opening.port, seen, uplinks }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::fixture::{desired, with_docker};

    fn listener(protocol: Protocol, address: &str, port: u16) -> Listener {
        Listener { protocol, address: address.parse().unwrap(), port, program: None }
    }

    fn look(with: &str, said: &[(u16, Said)]) -> Look {
        let with: IpAddr = with.parse().unwrap();
        Look {
            who: "co1".to_owned(),
            to: if with.is_ipv6() { "fd00::5" } else { "10.0.0.5" }.parse().unwrap(),
            with: Some(with),
            from: vec![with],
            said: said.iter().map(|(port, said)| ((Protocol::Tcp, *port), *said)).collect(),
        }
    }

    fn answered(with: &str, ports: &[u16]) -> Look {
        look(with, &ports.iter().map(|port| (*port, Said::Answers)).collect::<Vec<_>>())
    }

    #[test]
    fn everything_that_could_answer_is_tried() {
        let listeners = [
            listener(Protocol::Tcp, "0.0.0.0", 22),
            listener(Protocol::Tcp, "127.0.0.53", 53),
            listener(Protocol::Udp, "0.0.0.0", 123),
            listener(Protocol::Tcp, "::", 9100),
        ];
        let published = BTreeSet::from([(Protocol::Tcp, 5432), (Protocol::Udp, 5353)]);
        let tried = ports(&desired(), &listeners, &published);
        let tcp = [22, 80, 443, 5432, 6379, 9100].map(|port| (Protocol::Tcp, port));
        assert_eq!(tried, tcp.into_iter().chain([(Protocol::Udp, 123), (Protocol::Udp, 5353)]).collect());
    }

    #[test]
    fn a_port_may_answer_those_it_was_opened_for() {
        let look = |with: &str| answered(with, &[22, 443, 5432, 6379]);
        let (desired, alone) = (desired(), with_docker());
        assert_eq!(
            unasked(&desired, &alone, &look("198.51.100.7")),
            ["22/tcp answers co1", "5432/tcp answers co1", "6379/tcp answers co1"]
        );
        assert_eq!(
            unasked(&desired, &alone, &look("fd00:1::7")),
            ["5432/tcp answers co1", "6379/tcp answers co1"]
        );
        // A host is seen under one of its addresses.
        let mut both = look("198.51.100.7");
        both.from.push("10.0.0.6".parse().unwrap());
        assert_eq!(unasked(&desired, &alone, &both), ["5432/tcp answers co1"]);
        let mut udp = answered("198.51.100.7", &[]);
        udp.said.insert((Protocol::Udp, 443), Said::Answers);
        udp.said.insert((Protocol::Udp, 53), Said::Nothing);
        assert_eq!(unasked(&desired, &alone, &udp), ["443/udp answers co1"]);
    }

    #[test]
    fn the_ports_of_a_swarm_may_answer_the_platforms_other_hosts() {
        let mut member = with_docker();
        member.docker.engine.as_mut().unwrap().swarm = true;
        let look = |with: &str| answered(with, &[2377, 7946]);
        assert!(unasked(&desired(), &member, &look("fd00::6")).is_empty());
        assert_eq!(unasked(&desired(), &member, &look("10.0.0.8")).len(), 2);
        assert_eq!(unasked(&desired(), &with_docker(), &look("fd00::6")).len(), 2);
    }

    /// The fixture's core publishes 443; 80 and 6379 lead nowhere in it.
    #[test]
    fn what_runs_must_answer() {
        let (desired, state) = (desired(), with_docker());
        let ports = |goal| declared(&desired, &state, goal).iter().map(|it| it.port).collect::<Vec<_>>();
        assert_eq!(ports(Goal::Install), [443]);
        assert!(ports(Goal::Harden).is_empty(), "nothing runs yet");
    }

    #[test]
    fn silence_is_told_over_each_family() {
        let desired = desired();
        let all: Vec<&Opening> = desired.firewall.openings.iter().collect();
        let told = |looks: &[Look]| {
            let told = silent(&all, looks)
                .into_iter()
                .map(|it| format!("{} {:?} {}", it.opening.port, it.said, it.who.join(" ")));
            told.collect::<Vec<_>>()
        };
        let good = answered("10.0.0.8", &[443, 80]);
        assert!(told(std::slice::from_ref(&good)).is_empty());
        let dead = look("10.0.0.8", &[(443, Said::Nothing), (80, Said::Refuses)]);
        assert_eq!(told(std::slice::from_ref(&dead)), ["443 Nothing co1", "80 Refuses co1"]);
        // One who reaches it is enough: what is between the other and the host is not the host's.
        assert!(told(&[dead, good.clone()]).is_empty());
        let six = look("fd00::8", &[(443, Said::Nothing), (80, Said::Answers)]);
        assert_eq!(told(&[good.clone(), six]), ["443 Nothing co1"]);
        // 6379 is not opened for him, so its silence is right, and nobody has tried it.
        let stranger = look("10.0.0.8", &[(443, Said::Answers), (80, Said::Answers), (6379, Said::Nothing)]);
        assert!(told(std::slice::from_ref(&stranger)).is_empty());
        assert_eq!(untried(&all, &[stranger]).iter().map(|it| it.port).collect::<Vec<_>>(), [6379]);
        let known = look("10.0.0.6", &[(6379, Said::Nothing)]);
        assert_eq!(told(&[good, known]), ["6379 Nothing co1"]);
    }

    #[test]
    fn one_alone_does_not_prove_silence() {
        let desired = desired();
        let all: Vec<&Opening> = desired.firewall.openings.iter().collect();
        let alone = |looks: &[Look]| unconfirmed(&silent(&all, looks));
        let dead = |with| look(with, &[(443, Said::Nothing), (80, Said::Answers)]);
        assert_eq!(alone(&[dead("10.0.0.8")]), [(Protocol::Tcp, 443)].into());
        // Each family has a way of its own.
        assert_eq!(alone(&[dead("10.0.0.8"), dead("fd00::8")]), [(Protocol::Tcp, 443)].into());
        assert_eq!(alone(&[dead("10.0.0.8"), dead("10.0.0.9")]), [].into());
    }

    #[test]
    fn silence_over_udp_proves_nothing() {
        let opening =
            Opening { protocol: Protocol::Udp, port: 53, from: Vec::new(), origin: "role dns".to_owned() };
        let said = |said| {
            let mut look = answered("10.0.0.8", &[]);
            look.said.insert((Protocol::Udp, 53), said);
            silent(&[&opening], &[look]).iter().map(Silence::is_sure).collect::<Vec<_>>()
        };
        assert!(said(Said::Answers).is_empty());
        assert_eq!(said(Said::Nothing), [false]);
        assert_eq!(said(Said::Refuses), [true]);
    }
}
