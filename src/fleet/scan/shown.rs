//! What a host shows to somebody outside at any time, without a change before.

use std::collections::{BTreeMap, BTreeSet};

use super::{Asking, answers, candidates, told};
use crate::{
    facts::port::Listener,
    fleet::{event::Events, survey::Surveyed},
    host::{HostError, certificate},
    model::desired::{Opening, Protocol},
    plan::{
        Goal,
        scan::{Door, Look, Silence, declared, door, label, silent, strangers},
    },
};

/// What a host shows to somebody outside.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shown {
    /// The ports that answer somebody whom nobody let in, each with the program that listens there, if the host tells.
    pub foreign: BTreeMap<Door, Option<String>>,
    /// The declared ports that do not answer: whom, and what drops them where that is known.
    pub silent: BTreeMap<Door, String>,
    /// When the certificates end that declared ports serve, in seconds since 1970.
    pub certificates: BTreeMap<Door, i64>,
}

/// Looks at a host from the controller. `None`: not enough is known of the host.
///
/// # Errors
/// The connection failed.
pub async fn shown(surveyed: &Surveyed, goal: Goal) -> Result<Option<Shown>, HostError> {
    let (desired, facts) = (&surveyed.member.desired, &surveyed.facts);
    let (Some(state), Some(listeners)) = (&surveyed.preflight.state, facts.listeners.known()) else {
        return Ok(None);
    };
    let declared = declared(desired, state, goal);
    let events = Events::nowhere();
    let voice = events.of(surveyed.member.host());
    let asking = Asking { surveyed, lookouts: &[], declared: &declared, voice };
    let looks = answers(&asking, &candidates(surveyed, listeners)).await?;
    let foreign = looks.iter().flat_map(|look| strangers(desired, state, look).collect::<Vec<_>>());
    let silences = silent(&declared, &looks);
    let mute: Vec<&Silence> = silences.iter().filter(|it| it.is_sure()).collect();
    Ok(Some(Shown {
        foreign: foreign.map(|door| (door, program(listeners, door))).collect(),
        silent: by_door(told(surveyed, &mute).await),
        certificates: certificates(&declared, &looks).await,
    }))
}

/// Over two families a port may be silent twice.
fn by_door(told: Vec<(Door, String)>) -> BTreeMap<Door, String> {
    let mut all: BTreeMap<Door, Vec<String>> = BTreeMap::new();
    told.into_iter().for_each(|(door, words)| all.entry(door).or_default().push(words));
    let line = |((protocol, port), words): (Door, Vec<String>)| {
        ((protocol, port), format!("{} {}", label(protocol, port), words.join(", and ")))
    };
    all.into_iter().map(line).collect()
}

fn program(listeners: &[Listener], (protocol, port): Door) -> Option<String> {
    let mut there = listeners.iter().filter(|it| (it.protocol, it.port) == (protocol, port));
    there.find_map(|it| it.program.clone())
}

/// Of the declared ports that answered; one that ends sooner over another family counts.
async fn certificates(declared: &[&Opening], looks: &[Look]) -> BTreeMap<Door, i64> {
    let declared: BTreeSet<Door> = declared.iter().map(|opening| door(opening)).collect();
    let mut ends = BTreeMap::new();
    for look in looks {
        for door in look.answering().filter(|door| door.0 == Protocol::Tcp && declared.contains(door)) {
            if let Some(end) = certificate::end(look.to, door.1).await {
                ends.entry(door).and_modify(|first: &mut i64| *first = end.min(*first)).or_insert(end);
            }
        }
    }
    ends
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_that_is_silent_twice_is_said_once() {
        let door = (Protocol::Tcp, 443);
        let twice = vec![
            (door, "does not answer here".to_owned()),
            (door, "does not answer here over IPv6: dropped by chain x".to_owned()),
        ];
        let said = by_door(twice);
        assert_eq!(
            said[&door],
            "443/tcp does not answer here, and does not answer here over IPv6: dropped by chain x"
        );
        assert_eq!(said.len(), 1);
    }

    #[test]
    fn a_foreign_port_names_the_program_that_listens() {
        let listener = |program: Option<&str>| Listener {
            protocol: Protocol::Tcp,
            address: [0, 0, 0, 0].into(),
            port: 9999,
            program: program.map(str::to_owned),
        };
        let all = [listener(None), listener(Some("nc"))];
        assert_eq!(program(&all, (Protocol::Tcp, 9999)).as_deref(), Some("nc"));
        assert_eq!(program(&all, (Protocol::Udp, 9999)), None);
    }
}
