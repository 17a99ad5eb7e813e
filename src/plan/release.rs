//! The way back to the last release: recorded before a change, kept through it, forgotten with the one after.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use super::{
    Plan,
    cutover::Switch,
    file::differs,
    leftover::is_up,
    step::{Agreed, ReleaseStep, Step, StepId, Undo},
    written,
};
use crate::{
    change::{Change, ReleaseEnd, ReleaseKeep, ServiceMap},
    facts::{
        content::ContentHash,
        release::{KeptFile, KeptFolder, Led, Release, Served, Was},
        state::{ContainerState, FileState, HostState},
    },
    model::desired::{Desired, ManagedFile, Slot},
};

/// The record that holds once a plan is under way, and whether its first step writes it.
#[derive(Debug, Clone, Default)]
pub struct Keeping {
    /// The record; `None`: nothing serves yet, or nothing was ever changed.
    pub release: Option<Release>,
    /// The record is new.
    new: bool,
}

impl Keeping {
    /// Decides what the way back is. An unfinished change keeps the record that was made before it began.
    pub fn of(desired: &Desired, state: &HostState, map: &ServiceMap) -> Self {
        let old = state.ours.release.as_ref();
        let served = served(desired, state, map);
        if old.is_some_and(|old| old.unfinished) || !changes(desired, state, &served) {
            return Self { release: old.cloned(), new: false };
        }
        let retired = old.map(|old| retired(old, &served)).unwrap_or_default();
        let leaving = written::leaving(desired, state);
        let paths = desired.files.iter().map(|want| want.path.as_path());
        let paths = paths.chain(leaving.iter().map(|(path, _)| *path));
        let release = Release {
            containers: served.iter().filter_map(|found| Served::of(found)).collect(),
            inside: map.inside.clone(),
            ports: map.entries().map(|((protocol, port), to)| Led { protocol, port, to }).collect(),
            files: (0..).zip(paths).map(|(place, path)| kept(place, path, state)).collect(),
            folders: KeptFolder::all(&state.ours.written),
            wanted: wanted(desired),
            retired,
            unfinished: true,
        };
        Self { release: Some(release), new: true }
    }

    /// Whether a container stays for the way back.
    pub fn keeps(&self, found: &ContainerState) -> bool {
        self.release.as_ref().is_some_and(|release| release.keeps(found))
    }

    /// Where a copy of a file is kept that is as it was before the change.
    pub fn copy_of(&self, path: &Path, found: &FileState) -> Option<PathBuf> {
        let kept = self.release.as_ref()?.files.iter().find(|kept| kept.path == path)?;
        let same = kept.was.as_ref().is_some_and(|was| was.sha256 == found.sha256);
        kept.kept_at().filter(|_| same)
    }

    /// The step that writes the record and copies the files, before anything is changed.
    pub fn record(&self) -> Option<Step> {
        let release = self.release.as_ref().filter(|_| self.new)?;
        let undo = Undo::Nothing("a record changes nothing");
        let served = release.containers.iter().map(|served| format!("{}: {}", served.name, served.image));
        let keep = Change::ReleaseKeep(ReleaseKeep(Box::new(release.clone())));
        Some(
            Step::safe(StepId::Release(ReleaseStep::Keep), keep, undo)
                .because(["the serving containers are kept for a rollback"])
                .because(served)
                .agreed(Agreed::Always),
        )
    }

    /// The last step: the change has come to its end, and the next one makes a record of its own.
    pub fn end(&self) -> Option<Step> {
        self.release.as_ref().filter(|release| release.unfinished)?;
        Some(end("the new release is complete"))
    }
}

/// What a container is there for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// It runs, or should.
    Serves,
    /// It is stopped, and stays for a `rollback`.
    Kept,
}

impl Part {
    /// How it is with the container.
    pub fn words(self, found: &ContainerState) -> &str {
        match self {
            Self::Kept => "kept for rollback",
            // Docker goes on to say of a stopped one what its last check found, or that it was ill because it stopped.
            Self::Serves if !is_up(found) => &found.status,
            Self::Serves => found.health.as_deref().unwrap_or(&found.status),
        }
    }
}

/// What a container is there for, beside the others of its host. A stopped one that is to run is not kept for anything: no
/// other runs in its place, and the plan, where there is one, has a step for its service.
pub fn part(
    found: &ContainerState,
    all: &[ContainerState],
    release: Option<&Release>,
    plan: Option<&Plan>,
) -> Part {
    let replaced = all.iter().any(|other| other.service == found.service && is_up(other));
    let of_its = |step: &Step| matches!(&step.id, StepId::Service(service, _) if *service == found.service);
    let unwanted = || plan.is_some_and(|plan| !plan.steps.iter().any(of_its));
    let kept = release.is_some_and(|release| release.keeps(found));
    if kept && !is_up(found) && (replaced || unwanted()) { Part::Kept } else { Part::Serves }
}

/// Images that only releases older than the last one needed, as far as they are still there. The plan that replaces the
/// last one decides what that is.
pub fn outdated(desired: &Desired, state: &HostState) -> Vec<String> {
    let keeping = Keeping::of(desired, state, &Switch::of(desired, state).map);
    let Some(release) = keeping.release else { return Vec::new() };
    let needed = |image: &&String| {
        let wanted = desired.services.iter().map(|service| &service.spec.image);
        wanted.chain(release.images()).any(|other| other == *image)
    };
    let retired = release.retired.iter().filter(|image| !needed(image));
    retired.filter(|image| state.docker.images.contains_key(*image)).cloned().collect()
}

/// The step that ends a change.
pub fn end(why: &str) -> Step {
    Step::safe(
        StepId::Release(ReleaseStep::End),
        Change::ReleaseEnd(ReleaseEnd),
        Undo::Nothing("the next change makes a record of its own"),
    )
    .because([why])
    .agreed(Agreed::Always)
}

/// Which container of each service serves: the one the kernel leads to, else the one that has been up longest. What took
/// over a moment ago passed its check before that, though Docker has not run it yet.
fn served<'a>(desired: &Desired, state: &'a HostState, map: &ServiceMap) -> Vec<&'a ContainerState> {
    let led = map.targets();
    let is_led =
        |found: &ContainerState| found.addresses.values().flatten().any(|address| led.contains(address));
    let leads = |found: &ContainerState| {
        let service = desired.services.iter().find(|service| service.name.as_str() == found.service);
        service.is_some_and(|service| !ServiceMap::to(service, Slot::A).is_empty())
    };
    let took_over = |found: &ContainerState| found.is_starting() && (is_led(found) || !leads(found));
    let mut served: BTreeMap<&str, &ContainerState> = BTreeMap::new();
    for found in state.docker.containers.iter().filter(|found| found.slot.is_some()) {
        if !(found.serves() || took_over(found)) {
            continue;
        }
        let better =
            |other: &&ContainerState| (is_led(found), &other.started) > (is_led(other), &found.started);
        if served.get(found.service.as_str()).is_none_or(better) {
            served.insert(&found.service, found);
        }
    }
    served.into_values().collect()
}

/// Whether what serves will be another: a repair of what is wanted already is none.
fn changes(desired: &Desired, state: &HostState, served: &[&ContainerState]) -> bool {
    let stays = |found: &&ContainerState| {
        desired
            .services
            .iter()
            .any(|service| service.name.as_str() == found.service && service.made(&found.hash))
    };
    let known = state.ours.release.as_ref().map(|release| &release.wanted);
    let repairs = |want: &ManagedFile| known.is_some_and(|known| known.get(&want.path) == Some(&hash(want)));
    let writes = || desired.files.iter().any(|want| differs(want, state) && !repairs(want));
    let leaves = || !written::leaving(desired, state).is_empty();
    !served.is_empty() && (!served.iter().all(stays) || writes() || leaves())
}

fn wanted(desired: &Desired) -> BTreeMap<PathBuf, ContentHash> {
    desired.files.iter().map(|want| (want.path.clone(), hash(want))).collect()
}

fn hash(want: &ManagedFile) -> ContentHash {
    ContentHash::of(want.content.expose())
}

fn kept(place: usize, path: &Path, state: &HostState) -> KeptFile {
    let was = state.file(path).map(Was::of);
    KeptFile { path: path.to_owned(), was, copy: Some(place.to_string()) }
}

/// Images that only the record before this one needed.
fn retired(old: &Release, served: &[&ContainerState]) -> BTreeSet<String> {
    let needed = |image: &&String| served.iter().any(|found| found.image == **image);
    old.images().chain(&old.retired).filter(|image| !needed(image)).cloned().collect()
}
