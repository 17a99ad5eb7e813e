//! Packages and the Docker daemon's configuration.

use std::{path::Path, time::Duration};

use serde_json::{Map, Value};

use super::{
    Conflict, Goal,
    control::edit::Edit,
    file::{listed, seen},
    registry,
    step::{Step, Undo},
};
use crate::{
    change::{Change, Packages, Whose},
    facts::state::{HostState, Os},
    model::{
        command::Command,
        desired::Desired,
        place,
        write::{self, Access, Put, Seen},
    },
};

/// A restart of dockerd with many containers.
pub(super) const RESTART: Duration = Duration::from_secs(300);

/// A key of `daemon.json` that a hang-up signal suffices for.
const RELOADABLE: &str = "live-restore";

/// Commands a host lacks, and Docker with its configuration.
pub fn steps(desired: &Desired, state: &HostState, goal: Goal) -> Result<Vec<Step>, Conflict> {
    let commands = commands(state);
    Ok(match goal {
        Goal::Soften | Goal::Rollback | Goal::Uninstall(_) => Vec::new(),
        Goal::Harden if state.engine.is_some() => {
            commands.into_iter().chain(daemon(desired, state)?).collect()
        }
        Goal::Harden => commands.into_iter().collect(),
        Goal::Install => {
            // The configuration comes first: dockerd then starts with it, and does not remember an older /etc/hosts.
            let mut steps: Vec<Step> = commands.into_iter().collect();
            steps.extend(registry::ca_file(desired).and_then(|want| listed("registry.ca", &want, state)));
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
        .filter(|(command, _)| !state.commands.contains(*command))
        .map(|(_, package)| *package)
        .collect();
    (!missing.is_empty()).then(|| packages("packages.commands", &missing, state))
}

/// AppArmor's parser confines containers where the kernel has AppArmor; both are only recommended by docker.io.
fn docker(state: &HostState) -> Option<Step> {
    match &state.engine {
        None => {
            let mut names = vec!["docker.io", "apparmor", "ca-certificates"];
            names.extend(separate_cli(&state.os));
            Some(packages("packages.docker", &names, state))
        }
        Some(engine) if !engine.cli => Some(packages("packages.docker-cli", &["docker-cli"], state)),
        Some(_) => None,
    }
}

/// Since Debian 13 the `docker` command is a package of its own.
fn separate_cli(os: &Os) -> Option<&'static str> {
    let version: u32 = os.version.split('.').next().and_then(|major| major.parse().ok()).unwrap_or(0);
    (os.id == "debian" && version >= 13).then_some("docker-cli")
}

/// What a control brought and the platform needs by now stays when the control goes.
fn packages(id: &str, names: &[&str], state: &HostState) -> Step {
    let why = format!("{}: not installed -> installed", names.join(" "));
    let brought = names.iter().filter(|name| state.originals.packages.contains(**name));
    let forgotten = brought.map(|name| (*name).to_owned()).collect();
    let names = names.iter().map(|name| (*name).to_owned()).collect();
    let change = Change::Packages(Packages { names, whose: Whose::Platforms { forgotten } });
    let undo = Undo::Nothing("a package more disturbs nothing; who used it meanwhile is not known");
    Step::safe(id, change, undo).because([why])
}

/// `daemon.json` with our keys; every other key keeps its value.
fn daemon(desired: &Desired, state: &HostState) -> Result<Option<Step>, Conflict> {
    let found = match &state.daemon_json {
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
    let pending = state.files.get(Path::new(place::DOCKER_PENDING)).is_some_and(Option::is_some);
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
    let take_up = match (&state.engine, pending) {
        (None, _) => TakeUp::AtStart,
        (Some(_), false) if changed.iter().all(|(key, _)| *key == RELOADABLE) => TakeUp::Reload,
        (Some(_), _) => TakeUp::Restart,
    };
    why.push(take_up.words(pending).to_owned());
    let changed = changed.iter().map(|(key, value)| ((*key).clone(), (*value).clone())).collect();
    let text = Edit::Members(changed).apply(&daemon_text(state));
    let undo = Undo::Nothing(
        "the step itself brings back the old file if dockerd does not come up with the new one",
    );
    let command = take_up.command(&text, state);
    Ok(Some(Step::safe("engine.daemon-json", Change::Run(command), undo).because(why)))
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
        let switch = |name| Some((name, state.footing.as_ref()?.switch(name)?));
        match names.into_iter().find_map(switch) {
            None => rest.push((key, value)),
            Some((_, said)) if said == *value => {}
            Some((name, _)) => {
                return Err(Conflict {
                    thing: format!("`{key}` in {}", place::DAEMON_JSON),
                    found: format!("dockerd is started with --{name}, and refuses to start where both say something"),
                    way_out: "take the switch out of the unit (`systemctl cat docker`, /etc/default/docker) and restart \
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
    let written = || state.daemon_json.as_ref().map(|value| format!("{value:#}\n"));
    file.and_then(|file| file.text.clone()).or_else(written).unwrap_or_default()
}

/// The step that gives `daemon.json` its old text back, or removes it.
pub fn restore(text: Option<&str>, state: &HostState) -> Step {
    // A restart without live-restore would stop every container, also those that are not ours.
    let take_up = if state.engine.is_some() { TakeUp::Reload } else { TakeUp::AtStart };
    let why = [
        format!("{}: as it was before pryvctl", place::DAEMON_JSON),
        "dockerd takes up the rest when it is next restarted; no container stops now".to_owned(),
        "Docker's own firewall rules for it go at the next boot".to_owned(),
    ];
    let undo = Undo::Nothing("the step itself brings back our file if dockerd does not come up without it");
    // Without a file dockerd does what it does with an empty object.
    let mut command = take_up.command(text.unwrap_or("{}\n"), state);
    if text.is_none() {
        let gone = write::remove(Path::new(place::DAEMON_JSON), &Seen::Any);
        command.script.push_str(&format!(" || exit $?\n{gone}"));
    }
    Step::safe("engine.daemon-json", Change::Run(command), undo).because(why)
}

/// How dockerd learns of a changed configuration.
#[derive(Clone, Copy)]
enum TakeUp {
    /// It is not there yet.
    AtStart,
    /// By a signal.
    Reload,
    /// By a restart.
    Restart,
}

impl TakeUp {
    fn words(self, pending: bool) -> &'static str {
        match self {
            Self::AtStart => "dockerd will start with it",
            Self::Reload => "dockerd reloads; containers go on",
            Self::Restart if pending => "dockerd restarts, as an earlier run was to do",
            Self::Restart => "dockerd restarts; with live-restore containers go on",
        }
    }

    fn command(self, text: &str, state: &HostState) -> Command {
        let found = state.files.get(Path::new(place::DAEMON_JSON));
        let seen = found.map_or(Seen::Any, |found| seen(found.as_ref()));
        let there = state.daemon_json.is_some() || found.is_some_and(Option::is_some);
        let old = if there { Old::There } else { Old::Nothing };
        Command::root(write::script(self.script(text, seen, old))).stdin(text).within(RESTART)
    }

    /// The mark outlives a run that was killed between the file and the restart. After three restarts in a minute systemd
    /// would refuse another.
    fn script(self, text: &str, seen: Seen, old: Old) -> String {
        let [path, mark, copy] = [place::DAEMON_JSON, place::DOCKER_PENDING, DAEMON_KEPT].map(Path::new);
        let put =
            |check: &str| Put { seen: seen.clone(), check: check.to_owned(), ..Put::own(path, text, 0o644) };
        let take_up = match self {
            Self::AtStart => return put("").call(),
            Self::Reload => "systemctl reload docker".to_owned(),
            Self::Restart => {
                format!("{LIVE_RESTORE}systemctl reset-failed docker || true; systemctl restart docker")
            }
        };
        let gone = |path| write::remove(path, &Seen::Any);
        let keep = match old {
            Old::There => write::copy(path, copy, &Seen::Any, Access::Kept),
            Old::Nothing => gone(copy),
        };
        let back = match old {
            Old::There => write::copy(copy, path, &Seen::Any, Access::Kept),
            Old::Nothing => gone(path),
        };
        let undone = write::together([back, gone(mark), gone(copy)]);
        format!(
            "set -e
back() {{ {undone}; }}
{}
{} || {{ code=$?; {}; exit $code; }}
if ! {{ {take_up}; }}; then
back; systemctl reset-failed docker || true; systemctl restart docker; exit 1
fi
{}",
            write::together([Put::own(mark, "", 0o600).call(), keep]),
            put(VALIDATE).call(),
            write::together([gone(mark), gone(copy)]),
            write::together([gone(mark), gone(copy)]),
        )
    }
}

/// Whether there was a `daemon.json` to come back to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Old {
    There,
    Nothing,
}

/// Where the old `daemon.json` lies while dockerd takes up the new one.
const DAEMON_KEPT: &str = "/var/lib/pryvctl/pending/daemon.json";

/// What dockerd says of a new file; an old dockerd cannot be asked.
const VALIDATE: &str =
    "! dockerd --help 2>/dev/null | grep -q -- --validate || dockerd --validate --config-file \"$new\"";

/// Makes live-restore count already for the restart that follows: a reload only sends a signal, and a dockerd that is
/// stopped before it has read its file stops every container. On a busy host systemd's job may fail, so it is asked again.
pub(super) const LIVE_RESTORE: &str = r#"
if grep -q '"live-restore": *true' /etc/docker/daemon.json && docker info >/dev/null 2>&1; then
turns=0
until [ "$(docker info -f '{{.LiveRestoreEnabled}}' 2>/dev/null)" = true ]; do
[ $((turns % 20)) != 0 ] || systemctl reload docker || true
turns=$((turns+1))
[ $turns -lt 100 ] || { back; systemctl reload docker || true
echo 'dockerd does not take up live-restore, and without it a restart would stop every container' >&2; exit 1; }
sleep 0.1
done
fi
"#;
