//! Packages and the Docker daemon's configuration.

use std::path::Path;

use serde_json::{Map, Value};

use super::{
    Conflict, Goal,
    control::edit::Edit,
    file::{listed, seen},
    registry,
    step::{EngineStep, PackagesStep, RegistryStep, Step, StepId, Undo},
};
use crate::{
    change::{Change, DaemonConfig, OldConfig, Packages, TakeUp, Whose},
    facts::state::{HostState, Os},
    model::{desired::Desired, place, write::Seen},
};

/// A key of `daemon.json` that a hang-up signal suffices for.
const RELOADABLE: &str = "live-restore";

/// Commands a host lacks, and Docker with its configuration.
pub fn steps(desired: &Desired, state: &HostState, goal: Goal) -> Result<Vec<Step>, Conflict> {
    let commands = commands(state);
    Ok(match goal {
        Goal::Revert | Goal::Rollback | Goal::Uninstall(_) => Vec::new(),
        Goal::Harden if state.docker.engine.is_some() => {
            commands.into_iter().chain(daemon(desired, state)?).collect()
        }
        Goal::Harden => commands.into_iter().collect(),
        Goal::Install | Goal::Repair(_) => {
            // The configuration comes first: dockerd then starts with it, and does not remember an older /etc/hosts.
            let mut steps: Vec<Step> = commands.into_iter().collect();
            steps.extend(
                registry::ca_file(desired)
                    .and_then(|want| listed(StepId::Registry(RegistryStep::Ca), &want, state)),
            );
            steps.extend(registry::hosts_line(desired, state)?);
            steps.extend(daemon(desired, state)?.into_iter().chain(docker(state)));
            steps
        }
    })
}

/// The commands that every plan's steps use.
pub fn commands(state: &HostState) -> Option<Step> {
    let missing: Vec<&str> = place::COMMANDS
        .iter()
        .filter(|(command, _)| !state.system.commands.contains(*command))
        .map(|(_, package)| *package)
        .collect();
    (!missing.is_empty()).then(|| packages(PackagesStep::Commands, &missing, state))
}

/// AppArmor's parser confines containers where the kernel has AppArmor; both are only recommended by docker.io.
fn docker(state: &HostState) -> Option<Step> {
    match &state.docker.engine {
        None => {
            let mut names = vec!["docker.io", "apparmor", "ca-certificates"];
            names.extend(separate_cli(&state.system.os));
            Some(packages(PackagesStep::Docker, &names, state))
        }
        Some(engine) if !engine.cli => Some(packages(PackagesStep::DockerCli, &["docker-cli"], state)),
        Some(_) => None,
    }
}

/// Since Debian 13 the `docker` command is a package of its own.
fn separate_cli(os: &Os) -> Option<&'static str> {
    let version: u32 = os.version.split('.').next().and_then(|major| major.parse().ok()).unwrap_or(0);
    (os.id == "debian" && version >= 13).then_some("docker-cli")
}

/// What a control brought and the platform needs by now stays when the control goes.
fn packages(step: PackagesStep, names: &[&str], state: &HostState) -> Step {
    let why = format!("{}: not installed -> installed", names.join(" "));
    let brought = names.iter().filter(|name| state.hardening.originals.packages.contains(**name));
    let forgotten = brought.map(|name| (*name).to_owned()).collect();
    let names = names.iter().map(|name| (*name).to_owned()).collect();
    let change = Change::Packages(Packages { names, whose: Whose::Platforms { forgotten } });
    let undo = Undo::Nothing("a package more disturbs nothing; who used it meanwhile is not known");
    Step::safe(StepId::Packages(step), change, undo).because([why])
}

/// `daemon.json` with our keys; every other key keeps its value.
fn daemon(desired: &Desired, state: &HostState) -> Result<Option<Step>, Conflict> {
    let found = match &state.docker.daemon_json {
        None => Map::new(),
        Some(Value::Object(found)) => found.clone(),
        Some(_) => {
            return Err(Conflict {
                thing: place::DAEMON_JSON.to_owned(),
                found: "is no JSON object".to_owned(),
                way_out: "repair or remove it".to_owned(),
            });
        }
    };
    // dockerd refuses to start with live-restore on a swarm host.
    let wanted = desired.engine.daemon.iter().filter(|(key, _)| !(state.is_in_swarm() && *key == RELOADABLE));
    let wanted = unswitched(wanted, state)?;
    let changed: Vec<(&String, &Value)> =
        wanted.into_iter().filter(|(key, value)| found.get(*key) != Some(*value)).collect();
    let pending = state.system.files.get(Path::new(place::DOCKER_PENDING)).is_some_and(Option::is_some);
    if changed.is_empty() && !pending {
        return Ok(None);
    }
    let mut why: Vec<String> = changed
        .iter()
        .map(|(key, value)| {
            let old = found.get(*key).map_or_else(|| "unset".to_owned(), Value::to_string);
            format!("{}: {key}: {old} -> {value}", place::DAEMON_JSON)
        })
        .collect();
    let take_up = match (&state.docker.engine, pending) {
        (None, _) => TakeUp::AtStart,
        (Some(_), false) if changed.iter().all(|(key, _)| *key == RELOADABLE) => TakeUp::Reload,
        (Some(_), _) => TakeUp::Restart,
    };
    why.push(words(take_up, pending).to_owned());
    let changed = changed.iter().map(|(key, value)| ((*key).clone(), (*value).clone())).collect();
    let text = Edit::Members(changed).apply(&daemon_text(state));
    let undo = Undo::Nothing(
        "the step itself brings back the old file if dockerd does not come up with the new one",
    );
    Ok(Some(
        Step::safe(StepId::Engine(EngineStep::DaemonJson), config(Some(text), take_up, state), undo)
            .because(why),
    ))
}

/// The keys that dockerd was not given on its command line: it refuses to start where both say something.
fn unswitched<'a>(
    wanted: impl Iterator<Item = (&'a String, &'a Value)>,
    state: &HostState,
) -> Result<Vec<(&'a String, &'a Value)>, Conflict> {
    let mut rest = Vec::new();
    for (key, value) in wanted {
        // A switch that may be given several times has its name in the singular.
        let names = [key.as_str(), key.strip_suffix('s').unwrap_or(key)];
        let switch = |name| Some((name, state.docker.footing.as_ref()?.switch(name)?));
        match names.into_iter().find_map(switch) {
            None => rest.push((key, value)),
            Some((_, said)) if said == *value => {}
            Some((name, _)) => {
                return Err(Conflict {
                    thing: format!("`{key}` in {}", place::DAEMON_JSON),
                    found: format!("dockerd is started with --{name}; dockerd refuses to start if the option is also in daemon.json"),
                    way_out: "remove the option from the unit (`systemctl cat docker`, /etc/default/docker) and restart \
                              Docker, or skip the control"
                        .to_owned(),
                });
            }
        }
    }
    Ok(rest)
}

/// The text of `daemon.json`; where it was not read, one that says the same.
fn daemon_text(state: &HostState) -> String {
    let file = state.file(Path::new(place::DAEMON_JSON));
    let written = || state.docker.daemon_json.as_ref().map(|value| format!("{value:#}\n"));
    file.and_then(|file| file.text.clone()).or_else(written).unwrap_or_default()
}

/// The step that gives `daemon.json` its old text back, or removes it.
pub fn restore(text: Option<&str>, state: &HostState) -> Step {
    // A restart without live-restore would stop every container, also those that are not ours.
    let take_up = if state.docker.engine.is_some() { TakeUp::Reload } else { TakeUp::AtStart };
    let why = [
        format!("{}: as it was before pryvctl", place::DAEMON_JSON),
        "dockerd takes up the rest when it is next restarted; no container stops now".to_owned(),
        "Docker's own firewall rules for it go at the next boot".to_owned(),
    ];
    let undo = Undo::Nothing("the step itself brings back our file if dockerd does not come up without it");
    let change = config(text.map(str::to_owned), take_up, state);
    Step::safe(StepId::Engine(EngineStep::DaemonJson), change, undo).because(why)
}

/// The change of `daemon.json`, from what was found.
fn config(text: Option<String>, take_up: TakeUp, state: &HostState) -> Change {
    let found = state.system.files.get(Path::new(place::DAEMON_JSON));
    let seen = found.map_or(Seen::Any, |found| seen(found.as_ref()));
    let there = state.docker.daemon_json.is_some() || found.is_some_and(Option::is_some);
    let old = if there { OldConfig::There } else { OldConfig::Nothing };
    Change::DaemonConfig(DaemonConfig { text, seen, old, take_up })
}

/// What dockerd does with it, in words.
fn words(take_up: TakeUp, pending: bool) -> &'static str {
    match take_up {
        TakeUp::AtStart => "dockerd reads it when it starts",
        TakeUp::Reload => "dockerd reloads; containers keep running",
        TakeUp::Restart if pending => "dockerd restarts; an earlier run did not finish this",
        TakeUp::Restart => "dockerd restarts; with live-restore containers keep running",
    }
}
