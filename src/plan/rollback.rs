//! The way back to what served before the last change: the same containers, the same files, the same map. Nothing is
//! pulled and nothing is made; everything it needs was kept on the host.

use std::{collections::BTreeSet, net::IpAddr, path::Path};

use super::{
    Conflict, Plan,
    cutover::{ServiceMap, Switch},
    leftover::{GRACE, Stopped, bring_back, drain, is_up, leftover},
    release, reload,
    step::{Action, Step, Undo},
};
use crate::{
    facts::{
        release::{KeptFile, Release, Served, Was},
        state::{ContainerState, HostState},
    },
    model::{
        command::{Command, quote},
        desired::{Desired, ManagedFile, Service, UpdateOrder},
    },
};

const NO_UNDO: Undo = Undo::Nothing("it is a way back itself; the next run goes on with it");

/// The way back; empty where nothing was ever changed, or where what served before serves already.
///
/// # Errors
/// A container that served and is gone.
pub fn plan(desired: &Desired, state: &HostState) -> Result<Plan, Vec<Conflict>> {
    let Some(release) = &state.release else { return Ok(Plan::default()) };
    let mut kept = Vec::new();
    let mut conflicts = Vec::new();
    for served in &release.containers {
        match state.containers.iter().find(|found| found.name == served.name && found.hash == served.hash) {
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
    let mut steps: Vec<Step> = way.files();
    steps.extend(switch.structure());
    let idle = kept.iter().copied().filter(|found| !(found.serves() || found.is_starting()));
    let (alone, beside): (Vec<_>, Vec<_>) = idle.partition(|found| way.rivals(found).next().is_some());
    steps.extend(way.start("beside", &beside));
    steps.extend(beside.iter().map(|found| way.healthy(found)));
    // Callers of a service that makes room are refused at once, and only from here on.
    let aside = switch.map.without(&switch.map.leading_to(&way.making_room(&kept)));
    steps.extend(switch.turn("services.aside", aside));
    steps.extend(alone.iter().flat_map(|found| way.rivals(found)).map(|other| way.make_room(other)));
    steps.extend(way.start("alone", &alone));
    let rest = kept.iter().filter(|found| !beside.contains(found));
    steps.extend(rest.filter(is_waited_for).map(|found| way.healthy(found)));
    steps.extend(switch.turn("services.cut-over", map));
    steps.extend(switch.at_boot());
    steps.extend(kept.iter().filter_map(|found| way.reload(found)));
    let stopped: Vec<String> = steps.iter().filter_map(stops).collect();
    let leaving = way.others().filter(|found| is_up(found) && !stopped.contains(&found.name));
    steps.extend(drain(leaving.map(|found| (found.name.as_str(), way.grace(found)))));
    for found in way.others() {
        let stopped = if stopped.contains(&found.name) { Stopped::Already } else { Stopped::from(found) };
        steps.extend(leftover(found, stopped, way.grace(found)));
    }
    steps.extend(release.unfinished.then(|| release::end("what served before serves again")));
    Ok(Plan { steps })
}

fn gone(served: &Served) -> Conflict {
    Conflict {
        thing: format!("container {}", served.name),
        found: format!("it served {} before the last change, and is gone", served.image),
        way_out: "give the inventory its old version, and upgrade".to_owned(),
    }
}

fn stops(step: &Step) -> Option<String> {
    if let Action::Stop { container, .. } = &step.action { Some(container.clone()) } else { None }
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
        self.state.containers.iter().filter(|found| !self.release.keeps(found))
    }

    fn service(&self, found: &ContainerState) -> Option<&'a Service> {
        self.desired.services.iter().find(|service| service.name.as_str() == found.service)
    }

    fn grace(&self, found: &ContainerState) -> std::time::Duration {
        self.service(found).map_or(GRACE, |service| service.grace)
    }

    /// Starts kept containers, all at once; one that is up and fell ill is started anew.
    fn start(&self, which: &str, kept: &[&ContainerState]) -> Vec<Step> {
        let why = |found: &&ContainerState| format!("{}: {} -> {}", found.name, found.status, found.image);
        let (ill, stopped): (Vec<_>, Vec<_>) = kept.iter().copied().partition(|found| is_up(found));
        let anew = ill.iter().map(|found| {
            let action = Action::Run(Command::root(format!("docker restart {}", quote(&found.name))));
            Step::safe(format!("back.{}.start", found.service), action, NO_UNDO).because([why(found)])
        });
        let names: Vec<&str> = stopped.iter().map(|found| found.name.as_str()).collect();
        let together = (!names.is_empty()).then(|| {
            let action = Action::Run(bring_back(&names));
            Step::safe(format!("back.{which}.start"), action, NO_UNDO).because(stopped.iter().map(why))
        });
        together.into_iter().chain(anew).collect()
    }

    /// What has to stop before a container starts, because only one may run.
    fn rivals(&self, found: &'a ContainerState) -> impl Iterator<Item = &'a ContainerState> {
        let alone = self.service(found).is_none_or(|service| service.order == UpdateOrder::StopFirst);
        self.others().filter(move |other| alone && other.service == found.service && is_up(other))
    }

    /// The addresses of everything that has to stop before others start.
    fn making_room(&self, kept: &[&'a ContainerState]) -> BTreeSet<IpAddr> {
        let starting = kept.iter().filter(|found| !found.serves());
        let rivals = starting.flat_map(|found| self.rivals(found));
        rivals.flat_map(|other| other.addresses.values().flatten()).copied().collect()
    }

    fn make_room(&self, other: &ContainerState) -> Step {
        let action = Action::Stop { container: other.name.clone(), grace: self.grace(other) };
        let undo = Undo::Run(bring_back(&[&other.name]));
        let why = format!("{} makes room: only one container of this service may run", other.name);
        Step::safe(format!("back.{}.stop-{}", other.service, other.name), action, undo).because([why])
    }

    fn healthy(&self, found: &ContainerState) -> Step {
        let within = self.service(found).map_or(super::service::PATIENCE, |service| service.healthy_within);
        let action = Action::AwaitHealthy { container: found.name.clone(), within };
        Step::safe(format!("back.{}.healthy", found.service), action, NO_UNDO).because([format!(
            "{} must be healthy within {} s",
            found.name,
            within.as_secs()
        )])
    }

    fn files(&self) -> Vec<Step> {
        self.release.files.iter().filter_map(|kept| self.file(kept)).collect()
    }

    fn file(&self, kept: &KeptFile) -> Option<Step> {
        let path = kept.path.display().to_string();
        let (script, why) = match (&kept.was, self.found(&kept.path)) {
            (None, None) => return None,
            (Some(was), Some(found)) if *was == found => return None,
            (None, Some(_)) => (format!("rm -f {}", quote(&path)), format!("{path}: -> none")),
            (Some(was), _) => (restore(&path, was), format!("{path}: -> as it was before (not shown)")),
        };
        Some(
            Step::safe(format!("back.file.{path}"), Action::Run(Command::root(script)), NO_UNDO)
                .because([why]),
        )
    }

    fn found(&self, path: &Path) -> Option<Was> {
        let found = self.state.files.get(path)?.as_ref()?;
        Some(Was { sha256: found.sha256.clone(), mode: found.mode, uid: found.uid, gid: found.gid })
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
        let action = Action::Run(Command::root(reload::messages(self.desired, &found.service, &found.name)));
        let step = Step::safe(format!("back.{}.reload", found.service), action, NO_UNDO);
        Some(step.because([format!("{} reads its changed files", found.name)]))
    }
}

fn restore(path: &str, was: &Was) -> String {
    let (path, copy) = (quote(path), quote(&was.copy().display().to_string()));
    format!(
        "set -e; new={path}.pryvctl-new; trap 'rm -f $new' EXIT; cp {copy} $new; chown {}:{} $new; chmod {:o} $new; \
         mv -f $new {path}",
        was.uid, was.gid, was.mode
    )
}
