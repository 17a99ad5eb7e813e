//! What steps of controls do to the host in memory.

use std::path::{Path, PathBuf};

use crate::{
    facts::{
        content::ContentHash,
        control::original::Originals,
        state::{FileState, HostState},
    },
    model::command::Command,
    plan::{control::edit, fixture},
};

/// Carries out a step of controls; `false`: it is none.
pub fn run(id: &str, command: &Command, state: &mut HostState) -> bool {
    let stdin = command.stdin.expose();
    match id {
        "control.packages" => install(&command.script, state),
        "undo.packages" => {
            let list = command.script.split("${Package}\\n' ").nth(1).unwrap().split(" 2>").next().unwrap();
            for gone in list.split(' ') {
                state.installed.as_mut().unwrap().remove(gone);
                state.originals.packages.remove(gone);
            }
        }
        "originals.record" => record(&command.script, state),
        "originals.given-up" => {
            let (_, forgotten) = command.script.rsplit_once("forget ").unwrap();
            for line in quoted(forgotten).into_iter().flat_map(str::lines) {
                let id = line.strip_prefix("control ").unwrap();
                assert!(state.originals.controls.remove(id), "{line} is not recorded");
            }
        }
        "originals.remove" => state.originals = Originals::default(),
        _ => match id.strip_prefix("control.").or_else(|| id.strip_prefix("undo.")) {
            Some(path) if path.starts_with('/') => file(Path::new(path), &command.script, stdin, state),
            Some(_) | None => return false,
        },
    }
    true
}

/// Words between quotes.
fn quoted(line: &str) -> Vec<&str> {
    line.split('\'').skip(1).step_by(2).collect()
}

fn install(script: &str, state: &mut HostState) {
    let names = script.split("--no-remove --no-install-recommends ").nth(1).unwrap().lines().next().unwrap();
    let before = state.installed.get_or_insert_default();
    for name in names.split(' ').take_while(|word| *word != "|") {
        before.insert(name.to_owned());
        state.originals.packages.insert(name.to_owned());
    }
}

fn record(script: &str, state: &mut HostState) {
    for line in script.lines().filter(|line| line.starts_with("keep_") && !line.contains("()")) {
        let word = line.split(' ').nth(1).unwrap();
        let name = if word.starts_with('\'') { quoted(line)[0] } else { word };
        let path = PathBuf::from(name);
        let kept = &mut state.originals;
        match line.split(' ').next().unwrap() {
            "keep_file" => {
                kept.files.entry(path.clone()).or_insert(state.files.get(&path).cloned().flatten());
            }
            "keep_control" => drop(kept.controls.insert(name.to_owned())),
            "keep_brought" => drop(kept.files.entry(path).or_insert(None)),
            "keep_sysctl" => {
                kept.sysctl.entry(name.to_owned()).or_insert(state.sysctl[name].clone());
            }
            "keep_mount" => {
                kept.mounts.entry(path.clone()).or_insert(state.mounts[&path].options.join(","));
            }
            "keep_rights" => {
                let found = state.rights.values().find_map(|found| found.get(&path)).unwrap();
                kept.rights.entry(path).or_insert(*found);
            }
            "keep_unit" => {
                let unit = state.units[name];
                let at_boot = if unit.enabled { "enabled" } else { "disabled" };
                let at_boot = if unit.masked { "masked" } else { at_boot };
                let now = if unit.active { "active" } else { "inactive" };
                kept.units.entry(name.to_owned()).or_insert((at_boot.to_owned(), now.to_owned()));
            }
            other => panic!("{other}"),
        }
    }
}

fn file(path: &Path, script: &str, stdin: &str, state: &mut HostState) {
    let call = script.rsplit_once("\nset -e; ").map_or(script, |(_, call)| call);
    if call.starts_with("writer remove") {
        state.files.insert(path.to_owned(), None);
    } else if call.contains("writer copy '/var/lib/pryvctl/originals") {
        let copy = state.originals.files[path].clone().expect("there is no copy");
        let text = copy.text.clone().unwrap();
        state.files.insert(path.to_owned(), Some(FileState { ..with_hash(copy, &text) }));
    } else {
        let words = call.strip_prefix(&format!("writer put '{}' ", path.display())).unwrap();
        let [seen, _, mode] = words.split(' ').take(3).collect::<Vec<_>>()[..] else { panic!("{call}") };
        let found = state.files.get(path).and_then(Option::as_ref);
        assert_eq!(
            seen,
            found.map_or("absent", |file| file.sha256.expose()),
            "{path:?}: planned from something else"
        );
        let now = found.map(|file| file.mode);
        let mode = u32::from_str_radix(mode, 8).ok().or(now).expect("rights of a file that is not there");
        state.files.insert(path.to_owned(), Some(fixture::found(stdin, mode)));
    }
    let now = state.files[path].clone();
    for found in state.rights.values_mut() {
        if let (Some(found), Some(file)) = (found.get_mut(path), &now) {
            found.mode = file.mode;
        }
    }
}

fn with_hash(file: FileState, text: &str) -> FileState {
    FileState { sha256: ContentHash::of(text), ..file }
}

/// What `sshd -T` would say of our block: the first value of each directive, and every port.
pub fn read_block(main: &str, sshd: &mut std::collections::BTreeMap<String, Vec<String>>) {
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
