//! From facts, which may not be known, to what the planner rests on.

use std::{collections::BTreeMap, path::PathBuf};

use super::{
    Fact,
    container::{ContainerState, Containers},
    docker::{Asleep, Docker, EngineState},
    file::FileState,
    footing::Footing,
    unit::UnitState,
};

/// Why a fact cannot be read.
pub(super) fn why<T>(fact: &Fact<T>) -> Option<&str> {
    match fact {
        Fact::Unreadable(why) => Some(why),
        Fact::Known(_) | Fact::Absent => None,
    }
}

/// A fact that may say "absent", but must say something.
pub(super) fn settled<T: Clone>(fact: &Fact<T>) -> Option<Option<T>> {
    match fact {
        Fact::Known(value) => Some(Some(value.clone())),
        Fact::Absent => Some(None),
        Fact::Unreadable(_) => None,
    }
}

/// What Docker tells; nothing while it sleeps.
pub(super) fn told<T: Clone + Default>(fact: &Fact<T>, asleep: Option<Asleep>) -> Option<T> {
    match asleep {
        Some(_) => Some(T::default()),
        None => Some(settled(fact)?.unwrap_or_default()),
    }
}

pub(super) fn is_running(docker: &Fact<Docker>) -> bool {
    matches!(docker, Fact::Known(Docker::Running { .. }))
}

/// Whether a Docker that does not answer can be woken. One that hangs is left to the administrator.
pub(super) fn asleep(
    docker: &Fact<Docker>,
    footing: &Fact<Footing>,
    units: &Fact<BTreeMap<String, UnitState>>,
) -> Option<Asleep> {
    let (Fact::Known(Docker::Silent(_)), Fact::Known(footing)) = (docker, footing) else {
        return None;
    };
    let unit = units.known()?.get("docker.service")?;
    match (unit.exists && !unit.masked, footing.dockerd, footing.socket) {
        (false, _, _) | (true, true, true) => None,
        (true, false, _) => Some(Asleep::Stopped),
        (true, true, false) => Some(Asleep::Deaf),
    }
}

/// An engine without its command cannot be asked for its containers; it is planned for only where it has none.
pub(super) fn engine(docker: &Fact<Docker>, asleep: Option<Asleep>) -> Option<Option<EngineState>> {
    if asleep.is_some() {
        return Some(Some(EngineState::default()));
    }
    match settled(docker)? {
        None => Some(None),
        Some(Docker::Running { engine, .. } | Docker::NoCommand { engine, containers: 0 }) => {
            Some(Some(engine))
        }
        Some(Docker::NoCommand { .. } | Docker::Silent(_)) => None,
    }
}

/// The files, and the notes beside them.
pub(super) fn files(
    files: &Fact<BTreeMap<PathBuf, Option<FileState>>>,
    notes: &Fact<BTreeMap<PathBuf, FileState>>,
) -> Option<BTreeMap<PathBuf, Option<FileState>>> {
    let notes = settled(notes)?.unwrap_or_default().into_iter().map(|(path, note)| (path, Some(note)));
    Some(notes.chain(files.known()?.clone()).collect())
}

/// Paths that lead elsewhere: of those that containers write in, and of those that they are to write in.
pub(super) fn places(
    places: &Fact<BTreeMap<String, String>>,
    containers: &Fact<Containers>,
    asleep: Option<Asleep>,
) -> Option<BTreeMap<String, String>> {
    Some(told(containers, asleep)?.places.into_iter().chain(places.known()?.clone()).collect())
}

/// Our containers.
pub(super) fn containers(found: &Fact<Containers>, asleep: Option<Asleep>) -> Option<Vec<ContainerState>> {
    Some(told(found, asleep)?.states)
}
