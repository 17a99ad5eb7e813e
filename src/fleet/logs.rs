//! The logs of many hosts as one.

use std::collections::BTreeSet;

use tokio::sync::mpsc::{Sender, channel};

use super::{
    Member, Members,
    ask::{Asked, ask},
    merge::{Merge, Streams, Timed},
};
use crate::{
    facts::state::ContainerState,
    host::{
        Connection, HostError,
        containers::{Found, find},
        logs::{Entry, Logs, Query},
    },
    model::name::{HostName, ServiceName},
    plan::serving::serving,
};

/// How many lines of a host may wait for those of others.
const AHEAD: usize = 256;

/// How many hosts are logged in to at once.
const AT_ONCE: usize = 16;

/// Whose logs, and which lines.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// The services; `None`: all that a host has.
    pub services: Option<BTreeSet<ServiceName>>,
    /// Which of their containers.
    pub which: Which,
    /// Which lines.
    pub query: Query,
}

/// Which containers of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// The one that serves.
    Serving,
    /// All there are.
    All,
}

/// The logs of one host.
pub struct HostLogs {
    /// The host.
    pub host: HostName,
    /// What the containers are called in front of their lines.
    pub sources: Vec<String>,
    /// The services of the host that are wanted and have no container.
    pub without: Vec<ServiceName>,
    logs: Option<Logs>,
}

/// What a host says next.
pub enum LogPiece {
    /// A line, or Docker's words about a log.
    Entry(Entry),
    /// Its logs end here.
    Failed(HostError),
}

impl Timed for LogPiece {
    fn time(&self) -> &str {
        match self {
            Self::Entry(Entry::Line(line)) => &line.time,
            Self::Entry(Entry::Complaint(_)) | Self::Failed(_) => "",
        }
    }
}

/// Opens the logs of every host, in the order of the members.
pub async fn open(members: &Members, wanted: &Wanted) -> Vec<Asked<HostLogs>> {
    let wanted = wanted.clone();
    ask(members, AT_ONCE, move |connection, member| {
        let wanted = wanted.clone();
        async move { open_one(&connection, &member, &wanted).await }
    })
    .await
}

async fn open_one(connection: &Connection, member: &Member, wanted: &Wanted) -> Result<HostLogs, HostError> {
    let found = find(connection, &member.desired.platform).await?;
    let names: Vec<_> = member.desired.services.iter().map(|service| service.name.clone()).collect();
    let Chosen { containers, without } = choose(&found, &names, wanted);
    let named: Vec<String> = containers.iter().map(|found| found.name.clone()).collect();
    let logs =
        if named.is_empty() { None } else { Some(Logs::open(connection, &named, wanted.query).await?) };
    let sources = containers.into_iter().map(|found| called(found, wanted.which)).collect();
    Ok(HostLogs { host: member.host().clone(), sources, without, logs })
}

/// What of a host is wanted.
struct Chosen<'a> {
    containers: Vec<&'a ContainerState>,
    without: Vec<ServiceName>,
}

fn choose<'a>(found: &'a Found, names: &[ServiceName], wanted: &Wanted) -> Chosen<'a> {
    let is_wanted = |service: &str| {
        wanted.services.as_ref().is_none_or(|names| names.iter().any(|name| name.as_str() == service))
    };
    let there: BTreeSet<&str> = found.containers.iter().map(|found| found.service.as_str()).collect();
    let services = there.iter().filter(|service| is_wanted(service));
    let containers = match wanted.which {
        Which::Serving => {
            services.filter_map(|service| serving(service, &found.containers, &found.map)).collect()
        }
        Which::All => found.containers.iter().filter(|found| is_wanted(&found.service)).collect(),
    };
    let without = names.iter().filter(|name| is_wanted(name.as_str()) && !there.contains(name.as_str()));
    Chosen { containers, without: without.cloned().collect() }
}

/// A service's name says enough where one container speaks for it.
fn called(found: &ContainerState, which: Which) -> String {
    match (which, found.slot) {
        (Which::All, Some(slot)) => format!("{}_{}", found.service, slot.as_str()),
        (Which::All, None) | (Which::Serving, _) => found.service.clone(),
    }
}

/// The lines of all hosts in order of time, each with the place of its host.
pub fn merged(hosts: &mut [HostLogs], query: Query) -> Merge<LogPiece> {
    let receivers = hosts.iter_mut().map(|host| {
        let (sender, receiver) = channel(AHEAD);
        if let Some(logs) = host.logs.take() {
            tokio::spawn(pass_on(logs, sender));
        }
        receiver
    });
    let streams = if query.follow { Streams::Live } else { Streams::End };
    Merge::new(receivers.collect::<Vec<_>>(), streams)
}

async fn pass_on(mut logs: Logs, to: Sender<LogPiece>) {
    loop {
        let (piece, is_last) = match logs.next().await {
            Ok(Some(entry)) => (LogPiece::Entry(entry), false),
            Ok(None) => return,
            Err(error) => (LogPiece::Failed(error), true),
        };
        if to.send(piece).await.is_err() || is_last {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::desired::{RestartPolicy, Slot};

    fn container(service: &str, slot: Slot, status: &str) -> ContainerState {
        ContainerState {
            name: format!("acme_{service}_{}", slot.as_str()),
            role: "core".to_owned(),
            service: service.to_owned(),
            slot: Some(slot),
            hash: String::new(),
            restart: RestartPolicy::UnlessStopped,
            image: format!("{service}:1"),
            image_id: String::new(),
            digest: None,
            stop_timeout: None,
            status: status.to_owned(),
            health: None,
            is_unchecked: false,
            is_leaving: false,
            addresses: [].into(),
            writes: [].into(),
            started: "2026-11-29T10:00:00Z".to_owned(),
        }
    }

    /// What is chosen on a host whose inventory says `core`, `redis` and `hfs`.
    fn chosen(services: Option<&[&str]>, which: Which) -> String {
        let containers = vec![
            container("core", Slot::A, "exited"),
            container("core", Slot::B, "running"),
            container("gone", Slot::A, "running"),
            container("redis", Slot::A, "exited"),
        ];
        let found = Found { containers, ..Found::default() };
        let names = |names: &[&str]| names.iter().map(|name| name.parse().unwrap()).collect::<Vec<_>>();
        let services = services.map(|wanted| names(wanted).into_iter().collect());
        let wanted = Wanted { services, which, query: Query::default() };
        let Chosen { containers, without } = choose(&found, &names(&["core", "hfs", "redis"]), &wanted);
        let called: Vec<_> = containers.into_iter().map(|found| called(found, which)).collect();
        let without = without.iter().map(ServiceName::as_str).collect::<Vec<_>>().join(" ");
        format!("{}; without: {without}", called.join(" "))
    }

    #[test]
    fn one_container_speaks_for_a_service() {
        assert_eq!(chosen(None, Which::Serving), "core gone redis; without: hfs");
        assert_eq!(chosen(Some(&["core"]), Which::Serving), "core; without: ");
        assert_eq!(chosen(Some(&["hfs"]), Which::Serving), "; without: hfs");
    }

    #[test]
    fn or_all_there_are() {
        assert_eq!(chosen(None, Which::All), "core_a core_b gone_a redis_a; without: hfs");
        assert_eq!(chosen(Some(&["core"]), Which::All), "core_a core_b; without: ");
    }
}
