//! The way out: what is ours goes, what is not stays, and data stays unless it was asked for.

use std::{collections::BTreeSet, path::Path};

pub use super::goal::Volumes;
use super::{
    Conflict, Plan, boot, control,
    file::{of_others, own, seen},
    firewall,
    leftover::{Stopped, leftover},
    registry,
    release::Keeping,
    sshd,
    step::{FirewallStep, ReleaseStep, ServicesStep, Step, StepId, Undo},
    written::{self, original},
};
use crate::{
    change::{
        Change, FileRemoval, LastFile, NetworkRemoval, ReleaseRemoval, TableRemoval, UnitRemoval,
        VolumeRemoval, services::table,
    },
    facts::state::HostState,
    model::{
        desired::{Desired, ManagedFile, Mount, MountSource},
        place,
    },
};

/// The way from what is to a host without us. Packages of Docker and of our own needs, and folders stay.
///
/// # Errors
/// sshd was moved from a port that the inventory does not name.
pub fn plan(desired: &Desired, state: &HostState, volumes: Volumes) -> Result<Plan, Conflict> {
    sshd::way_back(desired, state)?;
    let containers =
        state.docker.containers.iter().flat_map(|found| leftover(found, Stopped::from(found), desired));
    let networks =
        state.docker.networks.iter().filter(|(_, found)| found.ours).map(|(name, _)| network(name));
    let mut steps: Vec<Step> = containers.chain(networks).collect();
    match volumes {
        Volumes::Keep => {}
        Volumes::Remove => {
            let ours = desired.volumes.iter().filter(|name| state.docker.volumes.contains(*name));
            steps.extend(ours.map(|name| volume(name)));
            steps.extend(notes(desired, state));
        }
    }
    steps.extend(desired.files.iter().filter_map(|file| given_up(file, state, removed)));
    steps.extend(services(state));
    steps.extend(access(state));
    steps.extend(traces(desired, state));
    steps.extend(control::undo::steps(desired, state));
    steps.extend(control::undo::forget(desired, state));
    steps.extend(written::half_written(state));
    steps.extend(written::uninstall(desired, state, &steps));
    Ok(Plan { steps })
}

fn network(name: &str) -> Step {
    let gone = Change::NetworkRemoval(NetworkRemoval(name.to_owned()));
    let undo = Undo::Nothing("an install makes it again");
    Step::safe(StepId::Network(name.to_owned()), gone, undo).because([format!("{name}: -> none")])
}

fn volume(name: &str) -> Step {
    let gone = Change::VolumeRemoval(VolumeRemoval(name.to_owned()));
    let undo = Undo::Nothing("its data is gone, as asked");
    Step::safe(StepId::Volume(name.to_owned()), gone, undo)
        .because([format!("{name}: -> none, with everything in it")])
}

/// What is known of data that goes with its volumes; data in folders stays, and what is known of it too.
fn notes<'a>(desired: &'a Desired, state: &'a HostState) -> impl Iterator<Item = Step> + 'a {
    let in_folder = |mount: &Mount| !mount.read_only && matches!(mount.source, MountSource::Bind(_));
    let gone = desired.services.iter().filter(move |service| !service.spec.mounts.iter().any(in_folder));
    let paths = gone.flat_map(|service| place::every_note(desired, service));
    paths.collect::<BTreeSet<_>>().into_iter().filter_map(|path| removed_with_folder(Path::new(&path), state))
}

/// The step by which a file of the inventory goes, if it is there and not of others; or by which comes back what others had.
fn given_up(
    file: &ManagedFile,
    state: &HostState,
    removed: impl FnOnce(&Path, &HostState) -> Option<Step>,
) -> Option<Step> {
    if state.ours.written.originals.contains_key(&file.path) {
        original::step(&file.path, state, &Keeping::default())
    } else if of_others(file, state) {
        None
    } else {
        removed(&file.path, state)
    }
}

/// The step that removes a file, if it is there.
fn removed(path: &Path, state: &HostState) -> Option<Step> {
    let found = state.file(path)?;
    let gone = FileRemoval { path: path.to_owned(), seen: seen(Some(found)) };
    Some(removal(path, Change::FileRemoval(gone)))
}

/// The step that removes a file of our own, and its folder with the last of them.
fn removed_with_folder(path: &Path, state: &HostState) -> Option<Step> {
    let found = state.file(path)?;
    let gone = LastFile { path: path.to_owned(), seen: seen(Some(found)) };
    Some(removal(path, Change::LastFile(gone)))
}

fn removal(path: &Path, gone: Change) -> Step {
    let id = StepId::File(path.to_owned());
    let path = path.display();
    let undo = Undo::Nothing("an install writes it again");
    Step::safe(id, gone, undo).because([format!("{path}: -> none")])
}

fn services(state: &HostState) -> Option<Step> {
    state.net.tables.get(table::TABLE)?;
    let undo = Undo::Nothing("an install makes it again");
    let gone = Change::TableRemoval(TableRemoval(table::TABLE));
    let step = Step::safe(StepId::Services(ServicesStep::Table), gone, undo);
    Some(step.because(["table inet pryvctl_services: -> none"]))
}

/// The way back from `harden` alone: roles go on, and the tables that lead to them stay.
///
/// # Errors
/// sshd was moved from a port that the inventory does not name.
pub fn soften(desired: &Desired, state: &HostState) -> Result<Plan, Conflict> {
    sshd::way_back(desired, state)?;
    let mut steps = access(state);
    // A restart must not load a table again that opens a port which sshd has left.
    if state.net.tables.contains_key(table::TABLE) {
        steps.extend(boot::services(state));
    } else {
        steps.extend(unit(StepId::Services(ServicesStep::Unit), boot::MAP_UNIT, place::SERVICES_UNIT, state));
    }
    steps.extend(unit(StepId::Firewall(FirewallStep::Unit), boot::UNIT, place::FIREWALL_UNIT, state));
    steps.extend(removed_with_folder(Path::new(place::FIREWALL), state));
    steps.extend(control::undo::steps(desired, state));
    steps.extend(control::undo::forget(desired, state));
    Ok(Plan { steps })
}

/// What stands between the world and sshd, under guard: who opens a door may find that another one was behind it.
fn access(state: &HostState) -> Vec<Step> {
    let mut steps = Vec::new();
    if state.net.tables.contains_key(firewall::TABLE) {
        let gone = Change::TableRemoval(TableRemoval(firewall::TABLE));
        let step = Step::safe(StepId::Firewall(FirewallStep::Table), gone, Undo::Nothing("the guard's own"))
            .because(["table inet pryvctl: -> none; every port that listens is open again"]);
        steps.push(firewall::under_guard(step));
    }
    steps
}

/// The unit, the files it loads, and how the registry was reached.
fn traces(desired: &Desired, state: &HostState) -> Vec<Step> {
    let ours = [place::FIREWALL, place::SERVICES].map(str::to_owned).into_iter();
    let marks = desired.services.iter().map(|service| place::reload_pending(&service.name));
    let files = ours.chain(marks).filter_map(|path| removed_with_folder(Path::new(&path), state));
    let ca = desired.registry.as_ref().and_then(|registry| {
        let text = registry.ca.as_deref().unwrap_or_default();
        let file = own(place::registry_ca(&registry.address), text, 0o644);
        given_up(&file, state, removed_with_folder)
    });
    let hosts_line = registry::without_hosts_line(state);
    let units = [
        unit(StepId::Services(ServicesStep::Unit), boot::MAP_UNIT, place::SERVICES_UNIT, state),
        unit(StepId::Firewall(FirewallStep::Unit), boot::UNIT, place::FIREWALL_UNIT, state),
    ];
    let units = units.into_iter().flatten();
    release(state).into_iter().chain(units).chain(files).chain(ca).chain(hosts_line).collect()
}

fn release(state: &HostState) -> Option<Step> {
    state.ours.release.as_ref().map(|_| {
        let undo = Undo::Nothing("what served before goes with what serves");
        let step =
            Step::safe(StepId::Release(ReleaseStep::Forget), Change::ReleaseRemoval(ReleaseRemoval), undo);
        step.because([format!("{}: -> none", place::RELEASE)])
    })
}

fn unit(id: StepId, name: &'static str, path: &'static str, state: &HostState) -> Option<Step> {
    let there = state.system.units.get(name).is_some_and(|unit| unit.exists);
    there.then(|| {
        let gone = Change::UnitRemoval(UnitRemoval { name, path });
        let undo = Undo::Nothing("an install writes it again");
        let step = Step::safe(id, gone, undo);
        step.because([format!("{name}: -> none")])
    })
}
