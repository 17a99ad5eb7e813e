//! A host in memory that carries out steps, so that tests can ask where a plan leads. It refuses what Docker refuses.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use super::{
    control::edit,
    crossing::{note, version::Version},
    data,
    file::sha256,
    leftover::is_up,
    step::{Step, Undo},
};
use crate::{
    change::{Call, Change, Container},
    facts::{
        guard::Guard,
        state::{ContainerState, HostState, NetworkState},
        written::At,
    },
    model::{
        desired::{Data, Desired, UpdateOrder},
        place,
    },
};

/// Carries out one step.
pub fn carry_out(step: &Step, state: &mut HostState, desired: &Desired) {
    act(step, state, desired);
    count(state);
}

/// Carries out steps under guard and takes them back, as a host does when no new login confirms them: it is what it was, but
/// for parameters that the kernel keeps until the next boot.
pub fn taken_back(steps: &[Step], state: &mut HostState, desired: &Desired) {
    count(state);
    let mut before = state.clone();
    for step in steps {
        let Change::Sysctl(set) = &step.change else { continue };
        let Undo::Change(back) = &step.undo else { continue };
        let kept = if let Change::KeptSysctls(kept) = &**back { &kept.0[..] } else { &[] };
        before.hardening.sysctl.extend(set.0.iter().filter(|(key, _)| !kept.contains(key)).cloned());
    }
    let ways_back: Vec<&Change> = steps
        .iter()
        .filter_map(|step| if let Undo::Change(back) = &step.undo { Some(&**back) } else { None })
        .collect();
    ways_back.iter().for_each(|back| back.keep(state));
    steps.iter().for_each(|step| carry_out(step, state, desired));
    for back in ways_back.iter().rev() {
        assert!(back.apply(state), "{back:?} is not known in memory");
    }
    state.guard = Guard::default();
    count(state);
    assert_eq!(*state, before);
}

/// Counts what is in the folders that we made.
fn count(state: &mut HostState) {
    let there = |path: &&PathBuf| state.file(path).is_some();
    let files = state.system.files.keys().chain(state.ours.written.files.keys()).filter(there);
    let made =
        state.ours.written.folders.iter().filter(|(_, found)| found.known().is_some()).map(|(path, _)| path);
    let folders =
        state.system.folders.iter().filter(|(_, found)| found.is_some()).map(|(path, _)| path).chain(made);
    let all: BTreeSet<PathBuf> = files.chain(folders).cloned().collect();
    for (folder, found) in &mut state.ours.written.folders {
        let At::There((_, count)) = found else { continue };
        *count = all.iter().filter(|path| path.parent() == Some(folder)).count();
    }
}

fn act(step: &Step, state: &mut HostState, desired: &Desired) {
    if let Some(call) = step.change.call() {
        self::call(call, state, desired);
    }
    step.change.apply(state);
    let is_edited = matches!(&step.change, Change::Edit(edit) if edit.path == Path::new(place::SSHD_CONFIG));
    if is_edited || matches!(step.change, Change::SshdReload(_)) {
        read_sshd(state);
    }
    if let Change::Returns(returns) = &step.change {
        for back in &returns.0 {
            let found = named(state, &back.name).clone();
            reads((&back.name, &found.service), Version::in_container(&found), state, desired);
        }
    }
}

fn call(call: &Call, state: &mut HostState, desired: &Desired) {
    match call {
        Call::Pull { image } => drop(state.docker.images.insert(image.clone(), sha256(image))),
        Call::CreateNetwork(network) => {
            let subnets = vec![network.subnet.to_string(), network.subnet6.to_string()];
            let old = state.docker.networks.insert(
                network.name.clone(),
                NetworkState { subnets, ours: true, internal: network.internal, ..NetworkState::default() },
            );
            assert_eq!(old, None, "{} is made twice", network.name);
        }
        Call::CreateVolume(name) => {
            assert!(state.docker.volumes.insert(name.clone()), "{name} is made twice")
        }
        Call::Start(container) => {
            let version = Version::of(&container.spec.image, state);
            reads((&container.name, container.service.as_str()), version, state, desired);
            start(container, state);
        }
        Call::AwaitHealthy { containers, .. } => {
            for container in containers {
                let found = named(state, container);
                assert_eq!(found.status, "running", "{container} can never become healthy");
                found.health = found.health.as_ref().map(|_| "healthy".to_owned());
            }
        }
        Call::Watch { containers, .. } => {
            for container in containers {
                assert!(named(state, container).serves(), "{container} does not serve");
            }
        }
        Call::Stop { container, .. } => "exited".clone_into(&mut named(state, container).status),
        Call::RemoveContainer { container } => {
            let before = state.docker.containers.len();
            state.docker.containers.retain(|found| found.name != *container);
            assert_eq!(state.docker.containers.len() + 1, before, "{container} is not there");
        }
    }
}

/// A version opens only data that is noted as its own, and that nobody else has open.
fn reads((name, service): (&str, &str), version: Version<'_>, state: &HostState, desired: &Desired) {
    let Some(service) = desired.services.iter().find(|wanted| wanted.name.as_str() == service) else {
        return;
    };
    let up = state.docker.containers.iter().filter(|found| is_up(found) && found.name != name);
    for other in up.filter(|found| data::is_of(found, service, desired, state)) {
        assert_eq!(service.order, UpdateOrder::StartFirst, "{name} opens data that {} has open", other.name);
    }
    if service.data == Data::AnyVersion {
        return;
    }
    let noted = note::noted(service, desired, state);
    assert!(!noted.is_empty(), "{name} opens data and nobody notes it");
    for note in noted {
        assert!(note.is_like(&version), "{version:?} opens data that is noted as that of {note:?}");
    }
}

fn named<'a>(state: &'a mut HostState, name: &str) -> &'a mut ContainerState {
    state.docker.containers.iter_mut().find(|found| found.name == name).unwrap_or_else(|| panic!("no {name}"))
}

fn start(container: &Container, state: &mut HostState) {
    let name = &container.name;
    assert!(state.docker.engine.is_some(), "{name} starts without Docker");
    assert!(state.docker.images.contains_key(&container.spec.image), "{name} starts without its image");
    assert!(state.docker.containers.iter().all(|found| found.name != *name), "{name} is there already");
    assert!(!state.docker.foreign_containers.contains(name), "{name} is not ours");
    let mut addresses = BTreeMap::new();
    for place in &container.spec.networks {
        assert!(
            state.docker.networks.contains_key(&place.network),
            "{name} starts without {}",
            place.network
        );
        let (four, six) = place.at(container.slot);
        let running = state.docker.containers.iter().filter(|found| found.status == "running");
        let mut taken = running.flat_map(|found| found.addresses.values().flatten());
        assert!(!taken.any(|address| *address == four), "{name}: {four} is taken");
        addresses.insert(place.network.clone(), vec![four.into(), six.into()]);
    }
    state.docker.containers.push(ContainerState {
        name: name.clone(),
        role: container.role.to_string(),
        service: container.service.to_string(),
        slot: Some(container.slot),
        hash: container.labels["pryvctl.spec"].clone(),
        restart: container.spec.restart,
        image: container.spec.image.clone(),
        image_id: state.docker.images[&container.spec.image].clone(),
        digest: None,
        stop_timeout: Some(container.spec.grace().as_secs()),
        status: "running".to_owned(),
        health: container.spec.healthcheck.as_ref().map(|_| "starting".to_owned()),
        is_unchecked: false,
        is_leaving: false,
        addresses,
        writes: container.spec.writes().cloned().collect(),
        started: format!("2026-01-01T00:00:{:02}Z", state.docker.containers.len()),
    });
}

/// What `sshd -T` would say: it reads the files, whether sshd has taken them up or not.
fn read_sshd(state: &mut HostState) {
    let main = state.system.files[Path::new(place::SSHD_CONFIG)].as_ref().unwrap().text.clone().unwrap();
    read_block(&main, &mut state.ssh.sshd);
}

/// What `sshd -T` would say of our block: the first value of each directive, and every port.
fn read_block(main: &str, sshd: &mut BTreeMap<String, Vec<String>>) {
    let lines = edit::block(main).unwrap_or_default().lines();
    let lines: Vec<(&str, &str)> = lines.filter_map(|line| line.split_once(' ')).collect();
    let ports: Vec<String> =
        lines.iter().filter(|(key, _)| *key == "Port").map(|(_, port)| (*port).to_owned()).collect();
    for (key, value) in lines.iter().filter(|(key, _)| !["Include", "Port"].contains(key)) {
        sshd.insert(key.to_lowercase(), vec![(*value).to_owned()]);
    }
    if !ports.is_empty() {
        sshd.insert("port".to_owned(), ports);
    }
}
