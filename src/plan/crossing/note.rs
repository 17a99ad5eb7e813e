//! The note which version opened data last. It lies beside the data and is named by it, so that it is known when no container is
//! left that could tell, and when the service has another name.

use std::{collections::BTreeSet, path::Path};

use super::version::Version;
use crate::{
    change::{Change, VersionNote},
    facts::state::HostState,
    model::{
        desired::{Data, Desired, Service},
        place,
        write::Seen,
    },
    plan::{
        file::seen,
        step::{Step, StepId, Undo},
    },
};

/// Where the image stands whose version is noted.
#[derive(Debug, Clone, Copy)]
pub enum Source<'a> {
    /// It is on the host by then under its name, perhaps pulled by an earlier step.
    Named(&'a str),
    /// A container was made from it.
    Made(Version<'a>),
}

/// What is noted of a service's data. A note by the service's name is of the first pryvctl.
pub fn noted<'a>(service: &Service, desired: &Desired, state: &'a HostState) -> Vec<Version<'a>> {
    let all = |paths: Vec<String>| paths.iter().filter_map(|path| read(path, state)).collect::<Vec<_>>();
    let mut noted = all(place::notes(desired, service));
    if noted.is_empty() {
        noted = all(vec![place::note_by_name(&desired.data, &service.name)]);
    }
    noted.extend(all(real(desired, service, state)));
    noted
}

/// The notes by where the data really is: a link leads there today, and another one or none tomorrow.
fn real(desired: &Desired, service: &Service, state: &HostState) -> Vec<String> {
    place::notes_at(desired, service, |source| state.real(source))
}

/// Where it is noted of a service's data: by what that is called, and by where it is.
fn paths(desired: &Desired, service: &Service, state: &HostState) -> BTreeSet<String> {
    place::notes(desired, service).into_iter().chain(real(desired, service, state)).collect()
}

/// The step that notes which version opens data, before it does.
pub fn note(
    id: StepId,
    service: &Service,
    source: Source<'_>,
    desired: &Desired,
    state: &HostState,
) -> Option<Step> {
    match service.data {
        Data::AnyVersion => return None,
        Data::OneWay { .. } => {}
    }
    let comes = match source {
        Source::Named(image) => Version::of(image, state),
        Source::Made(version) => version,
    };
    let mut paths = paths(desired, service, state);
    paths.retain(|path| !read(path, state).is_some_and(|old| old.is_like(&comes)));
    if paths.is_empty() {
        return None;
    }
    let why = paths.iter().map(|path| {
        let old = read(path, state).map_or("none", |old| old.image);
        format!("{path}: {old} -> {}", comes.image)
    });
    let undo = Undo::Nothing("whether the version ran is seen when its start is taken back");
    let why: Vec<String> = why.collect();
    let notes = paths.into_iter().map(|path| (found(&path, state), path)).map(|(seen, path)| (path, seen));
    let (image, known) = match source {
        Source::Made(Version { image, id }) => (image, id),
        Source::Named(image) => (image, None),
    };
    let note = VersionNote { image: image.to_owned(), id: known.map(str::to_owned), notes: notes.collect() };
    Some(Step::safe(id, Change::VersionNote(note), undo).because(why))
}

/// The notes as they are.
pub fn as_before(service: &Service, desired: &Desired, state: &HostState) -> Vec<(String, Option<String>)> {
    let noted = |path: String| (text(&path, state).map(str::to_owned), path);
    paths(desired, service, state).into_iter().map(noted).map(|(text, path)| (path, text)).collect()
}

/// The image on the first line, and what it was on the second; the first pryvctl wrote no second.
fn read<'a>(path: &str, state: &'a HostState) -> Option<Version<'a>> {
    let mut lines = text(path, state)?.lines().map(str::trim).filter(|line| !line.is_empty());
    Some(Version { image: lines.next()?, id: lines.next() })
}

fn text<'a>(path: &str, state: &'a HostState) -> Option<&'a str> {
    state.file(Path::new(path))?.text.as_deref()
}

fn found(path: &str, state: &HostState) -> Seen {
    seen(state.file(Path::new(path)))
}
