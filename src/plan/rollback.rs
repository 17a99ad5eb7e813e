//! The way back to what served before the last change: the same containers, the same files, the same map. Nothing is
//! pulled and nothing is made; everything it needs was kept on the host.

#[cfg(test)]
mod tests;

use std::path::Path;

use super::{
    Conflict, Plan,
    crossing::{
        Crossing,
        note::{Source, note},
        version::Version,
    },
    cutover::{Switch, addresses},
    data,
    drain::{self, drain},
    file::seen,
    leftover::{Stopped, grace, is_up, leftover},
    release, reload,
    step::{Agreed, BackStep, ServicesStep, Step, StepId, Undo},
    written::others,
};
use crate::{
    change::{
        Call, Change, CopyClaim, FileBack, FileCopy, FileRemoval, Folder, FolderAgain, How, Return, Returns,
        RoleRun, ServiceMap,
    },
    facts::{
        release::{KeptFile, KeptFolder, Release, Served, Was},
        state::{ContainerState, HostState},
        written::At,
    },
    model::desired::{Desired, ManagedFile, Service, UpdateOrder},
};

const NO_UNDO: Undo = Undo::Nothing("it is a way back itself; the next run goes on with it");

/// The way back; empty where nothing was ever changed, or where what served before serves already.
///
/// # Errors
/// A container that served and is gone.
pub fn plan(desired: &Desired, state: &HostState) -> Result<Plan, Vec<Conflict>> {
    let Some(release) = &state.ours.release else { return Ok(Plan::default()) };
    let mut kept = Vec::new();
    let mut conflicts = Vec::new();
    for served in &release.containers {
        match state
            .docker
            .containers
            .iter()
            .find(|found| found.name == served.name && found.hash == served.hash)
        {
            Some(found) => kept.push(found),
            None => conflicts.push(gone(served)),
        }
    }
    if !conflicts.is_empty() {
        return Err(conflicts);
    }
    kept.sort_by_key(|found| {
        desired.services.iter().position(|service| service.name.as_str() == found.service)
    });
    let way = Way { desired, state, release };
    let mut switch = Switch::of(desired, state);
    let ports = release.ports.iter().map(|led| ((led.protocol, led.port), led.to));
    let map = ServiceMap { inside: release.inside.clone(), ..ServiceMap::from_entries(ports) };
    // Before it took over it passed its own check, which Docker may not have run yet.
    let arrived = switch.map == map;
    let is_waited_for = |found: &&&ContainerState| !(found.serves() || arrived && found.is_starting());
    let mut steps: Vec<Step> = way.folders().chain(way.files()).collect();
    steps.extend(switch.structure());
    let idle = kept.iter().copied().filter(|found| !(found.serves() || found.is_starting()));
    let idle: Vec<_> = idle.collect();
    let rivals: Vec<_> = idle.iter().flat_map(|found| way.rivals(found)).collect();
    // Callers of a service that makes room are refused at once.
    let aside = switch.map.without(&switch.map.leading_to(&addresses(&rivals)));
    steps.extend(switch.turn(StepId::Services(ServicesStep::Aside), aside));
    steps.extend(idle.iter().filter_map(|found| way.note(found)));
    steps.extend(way.start(&idle));
    steps.extend(way.healthy(kept.iter().filter(is_waited_for).copied()));
    steps.extend(switch.turn(StepId::Services(ServicesStep::CutOver), map));
    steps.extend(switch.at_boot());
    steps.extend(kept.iter().filter_map(|found| way.reload(found)));
    let made_room = |found: &ContainerState| rivals.iter().any(|other| other.name == found.name);
    let leaving = way.others().filter(|found| is_up(found) && !made_room(found));
    let leaving: Vec<_> = leaving.map(|found| drain::leaving(found, grace(found, desired))).collect();
    steps.extend(drain(leaving));
    for found in way.others() {
        let stopped = if made_room(found) { Stopped::Already } else { Stopped::from(found) };
        steps.extend(leftover(found, stopped, desired));
    }
    steps.extend(release.unfinished.then(|| release::end("the previous containers serve again")));
    Ok(Plan { steps })
}

fn gone(served: &Served) -> Conflict {
    Conflict {
        thing: format!("container {}", served.name),
        found: format!("it served {} before the last change, and is gone", served.image),
        way_out: "give the inventory its old version, and upgrade".to_owned(),
    }
}

/// One host's way back.
struct Way<'a> {
    desired: &'a Desired,
    state: &'a HostState,
    release: &'a Release,
}

impl<'a> Way<'a> {
    /// Containers of ours that did not serve before.
    fn others(&self) -> impl Iterator<Item = &'a ContainerState> {
        self.state.docker.containers.iter().filter(|found| !self.release.keeps(found))
    }

    fn service(&self, found: &ContainerState) -> Option<&'a Service> {
        self.desired.services.iter().find(|service| service.name.as_str() == found.service)
    }

    /// The service that has its data, if it is wanted under another name now.
    fn heir(&self, found: &ContainerState) -> Option<&'a Service> {
        data::heir(found, self.desired, self.state)
    }

    /// Notes which version opens the data, where that is not so yet.
    fn note(&self, found: &ContainerState) -> Option<Step> {
        let id = StepId::Back(BackStep::Data(found.service.clone()));
        note(id, self.heir(found)?, Source::Made(Version::in_container(found)), self.desired, self.state)
    }

    /// Starts kept containers, all at once, each as soon as what it cannot run beside has stopped; one that is up and
    /// fell ill is started anew.
    fn start(&self, kept: &[&'a ContainerState]) -> Option<Step> {
        let grace = |found| grace(found, self.desired);
        let rivals = |found| self.rivals(found).map(|other| (other.name.clone(), grace(other))).collect();
        let how = |found| if is_up(found) { How::Restart(grace(found)) } else { How::Start };
        let returns = kept.iter().map(|found| {
            let (name, restart) = (found.name.clone(), found.restart);
            Return { name, restart, how: how(found), rivals: rivals(found) }
        });
        let returns = Returns(returns.collect());
        let why = kept.iter().map(|found| format!("{}: {} -> {}", found.name, found.status, found.image));
        let room = returns
            .0
            .iter()
            .flat_map(|back| &back.rivals)
            .map(|(rival, _)| format!("{rival} makes room: only one container of its service may run"));
        let room: Vec<String> = room.collect();
        let crosses = kept
            .iter()
            .filter_map(|found| Crossing::back(self.heir(found)?, found, self.desired, self.state));
        let crosses: Vec<_> = crosses.collect();
        let crossed: Vec<_> = crosses.iter().map(ToString::to_string).collect();
        // Whatever served before is to serve again; one that fell ill since the look, too.
        let agreed = if crosses.is_empty() { Agreed::Always } else { Agreed::Exactly };
        let step =
            Step::safe(StepId::Back(BackStep::Start), Change::Returns(returns), NO_UNDO).agreed(agreed);
        (!kept.is_empty()).then(|| step.because(why.chain(room)).because(crossed).crossing(crosses))
    }

    /// What has to stop before a container starts, because only one may run.
    fn rivals(&self, found: &'a ContainerState) -> impl Iterator<Item = &'a ContainerState> {
        let (desired, state) = (self.desired, self.state);
        let alone = self.service(found).is_none_or(|service| service.order == UpdateOrder::StopFirst);
        self.others()
            .filter(move |other| alone && is_up(other) && data::contend(found, other, desired, state))
    }

    /// They may take as long as the slowest of them.
    fn healthy(&self, kept: impl Iterator<Item = &'a ContainerState>) -> Option<Step> {
        let patience = |found: &ContainerState| {
            self.service(found).map_or(super::service::PATIENCE, |service| service.healthy_within)
        };
        let (containers, patience): (Vec<_>, Vec<_>) =
            kept.map(|found| (found.name.clone(), patience(found))).unzip();
        let within = patience.into_iter().max()?;
        let why = format!("{} must be healthy within {} s", containers.join(" "), within.as_secs());
        let change = Change::Docker(Call::AwaitHealthy { containers, within });
        Some(Step::safe(StepId::Back(BackStep::Healthy), change, NO_UNDO).because([why]))
    }

    /// Folders that the change removed, because they were empty: a container does not start without what it mounts.
    fn folders(&self) -> impl Iterator<Item = Step> {
        let there = |path: &Path| {
            let desired = self.state.system.folders.get(path).is_some_and(Option::is_some);
            desired || self.state.ours.written.folders.get(path).is_some_and(|found| *found != At::Nothing)
        };
        self.release.folders.iter().filter(move |kept| !there(&kept.path)).map(|kept| {
            let KeptFolder { path, mode, uid, gid } = kept;
            let again = FolderAgain(Folder { path: path.clone(), mode: *mode, uid: *uid, gid: *gid });
            let id = StepId::Back(BackStep::Folder(path.clone()));
            let step = Step::safe(id, Change::FolderAgain(again), NO_UNDO);
            step.because([format!("{}: none -> {mode:04o} {uid}:{gid}", path.display())])
        })
    }

    fn files(&self) -> impl Iterator<Item = Step> {
        self.release.files.iter().filter_map(|kept| self.file(kept))
    }

    fn file(&self, kept: &KeptFile) -> Option<Step> {
        let path = kept.path.display().to_string();
        let seen = seen(self.state.file(&kept.path));
        let (change, why) = match (&kept.was, self.found(&kept.path)) {
            (None, None) => return None,
            (Some(was), Some(found)) if *was == found => return None,
            (None, Some(_)) => {
                let gone = FileRemoval { path: kept.path.clone(), seen };
                (Change::FileRemoval(gone), format!("{path}: -> none"))
            }
            (Some(was), _) => {
                (self.as_it_was(kept, was)?, format!("{path}: -> as it was before (not shown)"))
            }
        };
        let others = kept.was.as_ref().is_some_and(|was| self.replaces(kept, was));
        let keeps = others.then(|| others::is_kept(&kept.path));
        let step = Step::safe(StepId::Back(BackStep::File(kept.path.clone())), change, NO_UNDO);
        Some(step.because(keeps).because([why]))
    }

    fn as_it_was(&self, kept: &KeptFile, was: &Was) -> Option<Change> {
        let seen = seen(self.state.file(&kept.path));
        if self.state.ours.written.originals.get(&kept.path).map(Was::of).as_ref() == Some(was) {
            return Some(Change::FileBack(FileBack { path: kept.path.clone(), seen }));
        }
        let claim = if self.replaces(kept, was) { CopyClaim::Instead } else { CopyClaim::Listed };
        let (from, path) = (kept.kept_at()?, kept.path.clone());
        Some(Change::FileCopy(FileCopy { from, path, seen, was: was.clone(), claim }))
    }

    /// Whether others have a file in the place by now.
    fn replaces(&self, kept: &KeptFile, was: &Was) -> bool {
        others::is_others(&kept.path, &was.sha256, self.state)
    }

    fn found(&self, path: &Path) -> Option<Was> {
        self.state.file(path).map(Was::of)
    }

    /// A container that goes on reads the files that were put back.
    fn reload(&self, found: &ContainerState) -> Option<Step> {
        let reads = |file: &&ManagedFile| reload::message(file, &found.service, &found.name).is_some();
        let was = |file: &ManagedFile| self.release.files.iter().find(|kept| kept.path == file.path);
        let changed =
            self.desired.files.iter().filter(reads).filter_map(was).any(|kept| self.file(kept).is_some());
        if !(changed && found.serves()) {
            return None;
        }
        let script = reload::messages(self.desired, &found.service, &found.name);
        let run = Change::RoleRun(RoleRun::new(script));
        let step = Step::safe(StepId::Back(BackStep::Reload(found.service.clone())), run, NO_UNDO);
        Some(step.because([format!("{} reads its changed files", found.name)]))
    }
}
