//! A version that comes to data of another: what a newer major version has opened, an older one cannot read again. It needs a
//! consent, whatever command plans it and in whichever direction it goes.

mod kind;
pub mod note;
#[cfg(test)]
mod tests;
pub mod version;

use std::{cmp::Ordering, fmt};

use super::{Plan, data, finding::Finding, leftover::is_up, step::Undo};
use crate::{
    change::{Change, UnopenedGone},
    facts::state::{ContainerState, HostState},
    model::{
        desired::{Data, Desired, Service},
        role::Hook,
    },
};
pub use kind::{Crossing, Way};
use version::Version;

/// What an administrator agreed to beside the plan itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consents {
    /// Nobody was asked: whoever only looks agrees to nothing.
    NotAsked,
    /// What was said.
    Said {
        /// Whether a version may come whose data an older one cannot read again.
        one_way: OneWay,
        /// What an older version will find.
        data: Found,
    },
}

/// Whether moves may be made that cannot be taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OneWay {
    /// No: a host that would have to make one is held back.
    Refused,
    /// Yes, after a backup.
    Accepted,
}

/// The data an older version will find.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// What the newer one left.
    AsLeft,
    /// What the older one wrote: somebody restored a backup.
    Restored,
}

impl Consents {
    /// Nothing was agreed to.
    pub const NONE: Self = Self::Said { one_way: OneWay::Refused, data: Found::AsLeft };
}

impl Crossing {
    /// What the version that the inventory wants would cross; `None`: it can read what is there.
    pub fn forward(service: &Service, desired: &Desired, state: &HostState) -> Option<Self> {
        let comes = Version::of(&service.spec.image, state);
        let opened = opened(service, &comes, desired, state)?;
        let way = match opened.version.compare(&comes) {
            Some(Ordering::Equal) => return None,
            Some(Ordering::Greater) => Way::Back,
            Some(Ordering::Less) | None => Way::Forward,
        };
        Self::new(service, &opened, comes.image, way)
    }

    /// What a container that was kept would cross if it were started again.
    pub fn back(
        service: &Service,
        kept: &ContainerState,
        desired: &Desired,
        state: &HostState,
    ) -> Option<Self> {
        let comes = Version::in_container(kept);
        let opened = opened(service, &comes, desired, state)?;
        if opened.version.is_like(&comes) {
            None
        } else {
            Self::new(service, &opened, comes.image, Way::Back)
        }
    }

    fn new(service: &Service, opened: &Opened, to: &str, way: Way) -> Option<Self> {
        let backup = match &service.data {
            Data::AnyVersion => return None,
            Data::OneWay { backup } => backup.clone(),
        };
        Some(Self {
            service: service.name.clone(),
            role: service.role.clone(),
            from: opened.version.image.to_owned(),
            to: to.to_owned(),
            way,
            open: opened.by.filter(|found| is_up(found)).map(|found| found.name.clone()),
            backup,
        })
    }

    /// Whether it is the same move, whether or not a container has the data open by now.
    pub fn is(&self, other: &Self) -> bool {
        let Self { service, role, from, to, way, open: _, backup } = self;
        (service, role, from, to, way, backup)
            == (&other.service, &other.role, &other.from, &other.to, &other.way, &other.backup)
    }

    /// Why the host is held back, if it is.
    pub fn objection(&self, consents: Consents) -> Option<Finding> {
        let Consents::Said { one_way, data } = consents else { return None };
        let Self { service, from, to, way, open, backup, .. } = self;
        let way_out = match way {
            Way::Forward if backup.is_empty() => {
                "add `backup: { run: COMMAND, within: 2h }` to the inventory, with the command that backs this data up: an older version cannot read it again".to_owned()
            }
            Way::Forward if one_way == OneWay::Refused => {
                "say --accept-irreversible: an older version cannot read the data again".to_owned()
            }
            Way::Back if data == Found::AsLeft || open.is_some() => {
                format!("an older version cannot read this data: {}, then say --data-restored", self.put_back())
            }
            Way::Forward | Way::Back => return None,
        };
        Some(Finding::ok("irreversible", format!("{service}: {from}"), to.clone()).failure(way_out))
    }

    /// What somebody has to do before an older version can be started.
    pub fn put_back(&self) -> String {
        let restore = "restore the backup from before the change";
        match &self.open {
            Some(name) => format!("run `docker stop {name}`, {restore}"),
            None => restore.to_owned(),
        }
    }

    /// The way back from starting the version that comes: it exists as long as that has not run.
    pub fn undo(&self, service: &Service, container: &str, desired: &Desired, state: &HostState) -> Undo {
        let Self { from, to, .. } = self;
        let said = format!(
            "{to} may have changed the data of {}, so {from} is not started on it again; put right what \
             failed and run the same command again, or restore the backup and run `pryvctl rollback --data-restored`",
            service.name
        );
        let notes = note::as_before(service, desired, state);
        Undo::change(Change::UnopenedGone(UnopenedGone { name: container.to_owned(), said, notes }))
    }
}

impl fmt::Display for Crossing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { service, from, to, .. } = self;
        match self.way {
            Way::Forward => write!(
                f,
                "{service}: {from} cannot read the data again after {to}; needs --accept-irreversible"
            ),
            Way::Back => write!(f, "{service}: {to} cannot read the data of {from}; needs --data-restored"),
        }
    }
}

impl Plan {
    /// Versions that come to data of others.
    pub fn crossings(&self) -> impl Iterator<Item = &Crossing> {
        self.steps.iter().flat_map(|step| &step.crosses)
    }

    /// What speaks against it.
    pub fn objections(&self, consents: Consents) -> Vec<Finding> {
        self.crossings().filter_map(|crossing| crossing.objection(consents)).collect()
    }

    /// What is called before its first step: the hooks of each role once, however many of its services cross.
    pub fn backups(&self) -> Vec<&Hook> {
        let forward = || self.crossings().filter(|crossing| crossing.way == Way::Forward);
        let first = |crossing: &&Crossing| {
            forward().find(|other| other.role == crossing.role).is_some_and(|other| other == *crossing)
        };
        forward().filter(first).flat_map(|crossing| &crossing.backup).collect()
    }
}

/// Which version opened the data of a service last.
struct Opened<'a> {
    version: Version<'a>,
    by: Option<&'a ContainerState>,
}

/// A container that is up has the data open, whatever its service is called; else the note tells, else the container that ran
/// last. Of several notes the one that speaks against what comes, first that of a newer version.
fn opened<'a>(
    service: &Service,
    comes: &Version<'_>,
    desired: &Desired,
    state: &'a HostState,
) -> Option<Opened<'a>> {
    let has = |found: &&ContainerState| data::is_of(found, service, desired, state);
    // What had its data in no folder and no volume is known by its image.
    let renamed = |found: &&ContainerState| {
        let wanted = desired.services.iter().any(|other| other.name.as_str() == found.service);
        let same = Version::in_container(found).name() == comes.name();
        !wanted && same && found.role == service.role.as_str()
    };
    let ran = |found: &&ContainerState| !found.started.starts_with("0001-");
    let containers = || state.docker.containers.iter().filter(ran);
    let last = |of: &dyn Fn(&&ContainerState) -> bool| {
        containers().filter(of).max_by(|one, other| one.started.cmp(&other.started))
    };
    let by = |found: &'a ContainerState| Opened { version: Version::in_container(found), by: Some(found) };
    let noted = || {
        let noted = note::noted(service, desired, state);
        let against = |version: &&Version| match version.compare(comes) {
            Some(Ordering::Greater) => 0,
            Some(Ordering::Less) | None => 1,
            Some(Ordering::Equal) => 2,
        };
        noted.iter().min_by_key(against).map(|version| Opened { version: *version, by: None })
    };
    last(&|found| has(found) && is_up(found))
        .map(by)
        .or_else(noted)
        .or_else(|| last(&has).or_else(|| last(&renamed)).map(by))
}
