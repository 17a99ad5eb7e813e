//! A host in memory that carries out steps, so that tests can ask where a plan leads. It refuses what Docker refuses.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    path::{Path, PathBuf},
};

use super::{
    control::edit,
    crossing::{note, version::Version},
    cutover::{ServiceMap, table},
    data,
    file::sha256,
    leftover::is_up,
    step::Step,
};
use crate::{
    change::{Call, Change, Container, Means, listed},
    facts::state::{ContainerState, FileState, HostState, NetworkState},
    facts::written::At,
    model::{
        command::Command,
        desired::{Data, Desired, Protocol, UpdateOrder},
        place,
    },
};

/// Carries out one step.
pub fn carry_out(step: &Step, state: &mut HostState, desired: &Desired) {
    act(step, state, desired);
    count(state);
}

/// Counts what is in the folders that we made.
fn count(state: &mut HostState) {
    let there = |path: &&PathBuf| state.file(path).is_some();
    let files = state.files.keys().chain(state.written.files.keys()).filter(there);
    let made =
        state.written.folders.iter().filter(|(_, found)| found.known().is_some()).map(|(path, _)| path);
    let folders = state.folders.iter().filter(|(_, found)| found.is_some()).map(|(path, _)| path).chain(made);
    let all: BTreeSet<PathBuf> = files.chain(folders).cloned().collect();
    for (folder, found) in &mut state.written.folders {
        let At::There((_, count)) = found else { continue };
        *count = all.iter().filter(|path| path.parent() == Some(folder)).count();
    }
}

fn act(step: &Step, state: &mut HostState, desired: &Desired) {
    if step.action.apply(state) {
        let is_edited =
            matches!(&step.action, Change::Edit(edit) if edit.path == Path::new(place::SSHD_CONFIG));
        if is_edited || matches!(step.action, Change::SshdReload(_)) {
            read_sshd(state);
        }
        return;
    }
    match step.action.means() {
        Means::Script(command) => run(&step.id, &command, state, desired),
        Means::Call(call) => self::call(call, state, desired),
        Means::Probe { .. } => {}
    }
}

fn call(call: &Call, state: &mut HostState, desired: &Desired) {
    match call {
        Call::Pull { image } => drop(state.images.insert(image.clone(), sha256(image))),
        Call::CreateNetwork(network) => {
            let subnets = vec![network.subnet.to_string(), network.subnet6.to_string()];
            let old = state.networks.insert(
                network.name.clone(),
                NetworkState { subnets, ours: true, internal: network.internal, ..NetworkState::default() },
            );
            assert_eq!(old, None, "{} is made twice", network.name);
        }
        Call::CreateVolume(name) => assert!(state.volumes.insert(name.clone()), "{name} is made twice"),
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
            let before = state.containers.len();
            state.containers.retain(|found| found.name != *container);
            assert_eq!(state.containers.len() + 1, before, "{container} is not there");
        }
    }
}

/// A version opens only data that is noted as its own, and that nobody else has open.
fn reads((name, service): (&str, &str), version: Version<'_>, state: &HostState, desired: &Desired) {
    let Some(service) = desired.services.iter().find(|wanted| wanted.name.as_str() == service) else {
        return;
    };
    let up = state.containers.iter().filter(|found| is_up(found) && found.name != name);
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
    state.containers.iter_mut().find(|found| found.name == name).unwrap_or_else(|| panic!("no {name}"))
}

fn start(container: &Container, state: &mut HostState) {
    let name = &container.name;
    assert!(state.engine.is_some(), "{name} starts without Docker");
    assert!(state.images.contains_key(&container.spec.image), "{name} starts without its image");
    assert!(state.containers.iter().all(|found| found.name != *name), "{name} is there already");
    assert!(!state.foreign_containers.contains(name), "{name} is not ours");
    let mut addresses = BTreeMap::new();
    for place in &container.spec.networks {
        assert!(state.networks.contains_key(&place.network), "{name} starts without {}", place.network);
        let (four, six) = place.at(container.slot);
        let running = state.containers.iter().filter(|found| found.status == "running");
        let mut taken = running.flat_map(|found| found.addresses.values().flatten());
        assert!(!taken.any(|address| *address == four), "{name}: {four} is taken");
        addresses.insert(place.network.clone(), vec![four.into(), six.into()]);
    }
    state.containers.push(ContainerState {
        name: name.clone(),
        role: container.role.to_string(),
        service: container.service.to_string(),
        slot: Some(container.slot),
        hash: container.labels["pryvctl.spec"].clone(),
        restart: container.spec.restart,
        image: container.spec.image.clone(),
        image_id: state.images[&container.spec.image].clone(),
        digest: None,
        stop_timeout: Some(container.spec.grace().as_secs()),
        status: "running".to_owned(),
        health: container.spec.healthcheck.as_ref().map(|_| "starting".to_owned()),
        is_unchecked: false,
        is_leaving: false,
        addresses,
        writes: container.spec.writes().cloned().collect(),
        started: format!("2026-01-01T00:00:{:02}Z", state.containers.len()),
    });
}

fn run(id: &str, command: &Command, state: &mut HostState, desired: &Desired) {
    let stdin = command.stdin.expose();
    match id {
        "engine.daemon-json" => {
            state.daemon_json = Some(serde_json::from_str(stdin).unwrap());
            state.files.insert(place::DAEMON_JSON.into(), Some(super::fixture::found(stdin, 0o644)));
            state.files.insert(place::DOCKER_PENDING.into(), None);
        }
        "registry.hosts-line" => state.hosts_file = Some(stdin.to_owned()),
        "services.table" => load_map(stdin, state, desired),
        "services.retire" | "services.aside" => swap(command, state, desired),
        "services.drain" => {}
        _ => run_of_many(id, command, state, desired),
    }
}

/// The containers that a script does something to, through Docker's API.
fn objects<'a>(script: &'a str, verb: &str) -> Vec<&'a str> {
    let calls = script.split("'/containers/").skip(1);
    let calls = calls.filter_map(|call| call.split_once('\'')?.0.split_once('/'));
    calls.filter(|(_, what)| what.split('?').next() == Some(verb)).map(|(name, _)| name).collect()
}

fn run_of_many(id: &str, command: &Command, state: &mut HostState, desired: &Desired) {
    if id.ends_with(".reload") || id.ends_with(".reloaded") {
        let service = id.split('.').nth(1).unwrap();
        let mark = place::reload_pending(&service.parse().unwrap());
        state.written.files.remove(Path::new(&mark));
        state.files.insert(mark.into(), None);
    } else if let Some(path) = id.strip_prefix("back.file.") {
        let kept = state.release.as_ref().unwrap().files.iter().find(|kept| kept.path == Path::new(path));
        let was = kept.unwrap().was.as_ref().map(|was| FileState {
            sha256: was.sha256.clone(),
            mode: was.mode,
            uid: was.uid,
            gid: was.gid,
            text: None,
        });
        let path = Path::new(path);
        if command.script.contains("writer back ") {
            return listed::back(path, state);
        }
        if command.script.contains("writer keep ") {
            listed::keep(path, state);
        }
        match &was {
            Some(was) => listed::list(path, was, state),
            None => drop(state.written.files.remove(path)),
        }
        state.files.insert(path.to_owned(), was);
    } else if id.starts_with("back.") && id.ends_with(".start") {
        for name in objects(&command.script, "stop") {
            "exited".clone_into(&mut named(state, name).status);
        }
        let started = [objects(&command.script, "start"), objects(&command.script, "restart")].concat();
        assert!(!started.is_empty(), "starts nothing: {}", command.script);
        for name in started {
            let found = named(state, name).clone();
            reads((name, &found.service), Version::in_container(&found), state, desired);
            let found = named(state, name);
            "running".clone_into(&mut found.status);
            found.is_leaving = false;
            found.health = found.health.as_ref().map(|_| "starting".to_owned());
        }
    } else if id.ends_with(".cut-over") || id.ends_with(".aside") {
        swap(command, state, desired);
    } else {
        panic!("the simulated host does not know {id}");
    }
}

/// Elements of our map in a text of nft, one `key : value` at a time.
fn read_map(text: &str) -> ServiceMap {
    let mut map = ServiceMap::default();
    let values = |text: &str| text.replace(" . ", " ");
    for (key, value) in text.split(['{', '}', ',', '\n']).filter_map(|part| part.trim().split_once(" : ")) {
        add(&mut map, &format!("{} {}", values(key), values(value)));
    }
    map
}

/// The whole table, kept for the next boot too.
fn load_map(text: &str, state: &mut HostState, desired: &Desired) {
    let listing = table::listing(desired, state.conntrack.timeouts, &read_map(text));
    state.tables.insert(table::TABLE.to_owned(), listing);
    state.files.insert(place::SERVICES.into(), Some(super::fixture::found(text, 0o600)));
}

/// Carries out the transaction, and holds it against the text that is kept for the next boot.
fn swap(command: &Command, state: &mut HostState, desired: &Desired) {
    let found = state.tables.get(table::TABLE).expect("the map is changed before it is there");
    let mut map = ServiceMap::read(found);
    let transaction =
        command.script.split("<<NFT\n").nth(1).and_then(|rest| rest.split("NFT\n").next()).unwrap();
    for line in transaction.lines() {
        let (_, rest) = line.split_once(&format!(" element inet {} ", table::TABLE)).unwrap();
        let (name, element) = rest.split_once(" { ").unwrap();
        let element = element.trim_end_matches(" }").replace(" . ", " ");
        // The sets follow from the maps.
        if name.starts_with("second") {
            continue;
        }
        if line.starts_with("delete") {
            let place = if name == "inside" { "0.0.0.0" } else { "0.0.0.0 0" };
            let key = one(&format!("{element} {place}"), name);
            assert_ne!(map.without(&key), map, "{line}: there is none");
            map = map.without(&key);
        } else {
            let come = one(&element.replace(" : ", " "), name);
            assert!(!come.is_empty() && map.without(&come) == map, "{line}: there is one");
            map = map.with(&come);
        }
    }
    assert_eq!(map, read_map(command.stdin.expose()), "another map is kept for the next boot");
    load_map(command.stdin.expose(), state, desired);
}

/// Adds the element a line says, if it says one.
fn add(map: &mut ServiceMap, line: &str) {
    let words: Vec<&str> = line.split(' ').collect();
    let protocol = match words.first() {
        Some(&"tcp") => Protocol::Tcp,
        Some(_) | None => Protocol::Udp,
    };
    match words[..] {
        [own, to] => {
            let (Ok(own), Ok(to)) = (own.parse(), to.parse()) else { return };
            map.inside.insert(own, to);
        }
        [_, port, to, target] => {
            let (Ok(port), Ok(to), Ok(target)) = (port.parse(), to.parse(), target.parse()) else { return };
            match to {
                IpAddr::V4(to) => drop(map.four.insert((protocol, port), (to, target))),
                IpAddr::V6(to) => drop(map.six.insert((protocol, port), (to, target))),
            }
        }
        _ => {}
    }
}

/// One element of a map.
fn one(line: &str, name: &str) -> ServiceMap {
    let mut map = ServiceMap::default();
    add(&mut map, &if name == "services6" { line.replace("0.0.0.0", "::") } else { line.to_owned() });
    map
}

/// What `sshd -T` would say: it reads the files, whether sshd has taken them up or not.
fn read_sshd(state: &mut HostState) {
    let main = state.files[Path::new(place::SSHD_CONFIG)].as_ref().unwrap().text.clone().unwrap();
    read_block(&main, &mut state.sshd);
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
