//! A version that comes to data of another: what a newer major version has opened, an older one cannot read again. It needs a
//! consent, whatever command plans it and in whichever direction it goes.

#[cfg(test)]
mod tests;

use std::{cmp::Ordering, fmt};

use super::{
    Plan,
    file::{file, own},
    finding::Finding,
    leftover::is_up,
    step::{Step, Undo},
};
use crate::{
    facts::state::{ContainerState, HostState},
    model::{
        command::{Command, quote},
        desired::{Data, Desired, Service},
        name::{RoleName, ServiceName},
        place,
        role::Hook,
    },
};

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

/// A version that comes to data of another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crossing {
    /// The service whose data it is.
    pub service: ServiceName,
    /// Its role.
    pub role: RoleName,
    /// The image that opened the data last.
    pub from: String,
    /// The image that comes.
    pub to: String,
    /// In which direction it goes.
    pub way: Way,
    /// The container that has the data open now.
    pub open: Option<String>,
    /// What the role wants to be called first.
    pub backup: Vec<Hook>,
}

/// The direction of a crossing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// A newer version comes, or one that cannot be compared.
    Forward,
    /// An older one comes.
    Back,
}

impl Crossing {
    /// What the version that the inventory wants would cross; `None`: it can read what is there.
    pub fn forward(service: &Service, desired: &Desired, state: &HostState) -> Option<Self> {
        let to = &service.spec.image;
        let opened = opened(service, desired, state)?;
        let way = match compare(opened.image, to) {
            // A tag that names no version may have moved.
            Some(Ordering::Equal) if is_another(&opened, to, state) => Way::Forward,
            Some(Ordering::Equal) => return None,
            Some(Ordering::Greater) => Way::Back,
            Some(Ordering::Less) | None => Way::Forward,
        };
        Self::new(service, &opened, to, way)
    }

    /// What a container that was kept would cross if it were started again.
    pub fn back(
        service: &Service,
        kept: &ContainerState,
        desired: &Desired,
        state: &HostState,
    ) -> Option<Self> {
        let opened = opened(service, desired, state)?;
        let same = compare(opened.image, &kept.image) == Some(Ordering::Equal);
        if same { None } else { Self::new(service, &opened, &kept.image, Way::Back) }
    }

    fn new(service: &Service, opened: &Opened, to: &str, way: Way) -> Option<Self> {
        let backup = match &service.data {
            Data::AnyVersion => return None,
            Data::OneWay { backup } => backup.clone(),
        };
        Some(Self {
            service: service.name.clone(),
            role: service.role.clone(),
            from: opened.image.to_owned(),
            to: to.to_owned(),
            way,
            open: opened.by.filter(|found| is_up(found)).map(|found| found.name.clone()),
            backup,
        })
    }

    /// Why the host is held back, if it is.
    pub fn objection(&self, consents: Consents) -> Option<Finding> {
        let Consents::Said { one_way, data } = consents else { return None };
        let Self { service, from, to, way, open, backup, .. } = self;
        let way_out = match way {
            Way::Forward if backup.is_empty() => {
                "add `backup: [{ run: COMMAND }]` to `upgrade: { hooks }` of the role: an older version cannot read the data again".to_owned()
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
    pub fn undo(&self, container: &str, desired: &Desired, state: &HostState) -> Undo {
        let Self { service, from, to, .. } = self;
        let said = format!(
            "{to} may have changed the data of {service}, so {from} is not started on it again; put right what \
             failed and run the same command again, or restore the backup and run `pryvctl rollback --data-restored`"
        );
        let mark = place::opened(&desired.data, service);
        let before = match text(&mark, state) {
            Some(text) => format!("echo {} >{}", quote(text), quote(&mark)),
            None => format!("rm -f {}", quote(&mark)),
        };
        let name = quote(container);
        Undo::Run(Command::root(format!(
            "set -e; found=$(docker container ls -aq -f name={filter})\n\
             if [ -n \"$found\" ]; then case $(docker container inspect -f '{{{{.State.StartedAt}}}}' {name}) in\n\
             0001-*) docker rm {name} ;; *) echo {said} >&2; exit 1 ;; esac; fi\n{before}",
            filter = quote(&format!("^/{container}$")),
            said = quote(&said)
        )))
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

/// The step that notes beside the data which version opens it, before it does. The note stays with the data, so that it is
/// known when no container is left that could tell.
pub fn note(
    id: String,
    service: &Service,
    image: &str,
    desired: &Desired,
    state: &HostState,
) -> Option<Step> {
    match service.data {
        Data::AnyVersion => None,
        Data::OneWay { .. } => {
            let path = place::opened(&desired.data, &service.name);
            if text(&path, state).is_some_and(|noted| compare(noted, image) == Some(Ordering::Equal)) {
                return None;
            }
            let want = own(path, format!("{image}\n"), 0o644);
            let undo = Undo::Nothing("whether the version ran is seen when its start is taken back");
            file(id, &want, state).map(|step| Step { undo, ..step })
        }
    }
}

/// Which version opened the data of a service last.
struct Opened<'a> {
    image: &'a str,
    by: Option<&'a ContainerState>,
}

/// A container that is up has the data open; else the note tells, else the container that ran last, also under another name
/// that the service had before.
fn opened<'a>(service: &Service, desired: &Desired, state: &'a HostState) -> Option<Opened<'a>> {
    let own = |found: &&ContainerState| found.service == service.name.as_str();
    let renamed = |found: &&ContainerState| {
        let wanted = desired.services.iter().any(|other| other.name.as_str() == found.service);
        let same = Reference::of(&found.image).name == Reference::of(&service.spec.image).name;
        !wanted && same && found.role == service.role.as_str()
    };
    let ran = |found: &&ContainerState| !found.started.starts_with("0001-");
    let containers = || state.containers.iter().filter(ran);
    let last = |of: &dyn Fn(&&ContainerState) -> bool| {
        containers().filter(of).max_by(|one, other| one.started.cmp(&other.started))
    };
    let by = |found: &'a ContainerState| Opened { image: &found.image, by: Some(found) };
    let noted = || text(&place::opened(&desired.data, &service.name), state);
    last(&|found| own(found) && is_up(found))
        .map(by)
        .or_else(|| noted().map(|image| Opened { image, by: None }))
        .or_else(|| last(&own).or_else(|| last(&renamed)).map(by))
}

fn text<'a>(path: &str, state: &'a HostState) -> Option<&'a str> {
    let found = state.files.get(std::path::Path::new(path))?.as_ref()?;
    found.text.as_deref().map(str::trim).filter(|text| !text.is_empty())
}

/// Whether the same tag leads to another image now, where a tag tells no version by itself.
fn is_another(opened: &Opened, to: &str, state: &HostState) -> bool {
    let Some(found) = opened.by.filter(|_| Reference::of(to).major().is_none()) else { return false };
    state.images.get(to).is_some_and(|now| *now != found.image_id)
}

/// An image reference in parts: `registry:5000/pryvio/mongodb:4.2@sha256:1f...`.
struct Reference<'a> {
    /// The last part of the repository: where images come from says nothing about what they are.
    name: &'a str,
    tag: Option<&'a str>,
    digest: Option<&'a str>,
}

impl<'a> Reference<'a> {
    fn of(image: &'a str) -> Self {
        let (rest, digest) = match image.split_once('@') {
            Some((rest, digest)) => (rest, Some(digest)),
            None => (image, None),
        };
        let last = rest.rsplit('/').next().unwrap_or(rest);
        let (name, tag) = match last.split_once(':') {
            Some((name, tag)) => (name, Some(tag)),
            None => (last, None),
        };
        Self { name, tag, digest }
    }

    /// The first number of the tag; `None`: it begins with none.
    fn major(&self) -> Option<u64> {
        let tag = self.tag?.trim_start_matches('v');
        let digits = tag.find(|one: char| !one.is_ascii_digit()).unwrap_or(tag.len());
        tag[..digits].parse().ok()
    }
}

/// Whether one image's major version is older than the other's, the same or newer; `None`: that cannot be told.
pub(super) fn compare(one: &str, other: &str) -> Option<Ordering> {
    let (one, other) = (Reference::of(one), Reference::of(other));
    if one.name != other.name {
        return None;
    }
    if let (Some(one), Some(other)) = (one.major(), other.major()) {
        return Some(one.cmp(&other));
    }
    let same = one.tag == other.tag && (one.digest == other.digest || one.digest.is_none());
    same.then_some(Ordering::Equal)
}
