//! The Docker Engine: whether there is one, whether it answers, and what it says of itself.

use serde::{Deserialize, Serialize};

use super::{Fact, Probe, complaint, state::EngineState, strange};
use crate::model::command::Output;

/// The engine, asked through its command; without the command, what its files tell.
pub struct Engine;

/// An engine as found. No engine at all is [`Fact::Absent`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Docker {
    /// It answers.
    Running {
        /// What the planner needs.
        engine: EngineState,
        /// The storage driver.
        driver: String,
        /// Whether containers outlive a restart of the daemon.
        live_restore: bool,
    },
    /// It is installed without the `docker` command (Debian 13 packs it apart).
    NoCommand {
        /// What its files tell.
        engine: EngineState,
        /// How many containers lie in its data root.
        containers: usize,
    },
    /// It is installed and does not answer.
    Silent(String),
}

/// Ends a question with "absent" where there is no engine or no command to ask it with. A stopped daemon is not
/// asked: its socket unit would start it, and looking changes nothing.
pub(super) const GUARD: &str = r"[ -S /run/docker.sock ] || command -v dockerd >/dev/null || exit 44
command -v docker >/dev/null || exit 44
grep -qsx dockerd /proc/[0-9]*/comm || { echo 'dockerd is not running' >&2; exit 1; }
";

const QUESTION: &str = r#"[ -S /run/docker.sock ] || command -v dockerd >/dev/null || exit 44
if command -v docker >/dev/null; then
grep -qsx dockerd /proc/[0-9]*/comm || { echo 'dockerd is not running' >&2; exit 1; }
timeout 30 docker info --format '{"version":{{json .ServerVersion}},"root":{{json .DockerRootDir}},"driver":{{json .Driver}},"swarm":{{json .Swarm.LocalNodeState}},"live_restore":{{json .LiveRestoreEnabled}}}'
else
dockerd --version
root=$(sed -n 's/.*"data-root"[^"]*"\([^"]*\)".*/\1/p' /etc/docker/daemon.json 2>/dev/null)
root=${root:-/var/lib/docker}
printf '%s\n' "$root"
if [ -s "$root/swarm/docker-state.json" ]; then echo swarm; else echo alone; fi
ls "$root/containers" 2>/dev/null || :
fi"#;

#[derive(Deserialize)]
struct Info {
    version: String,
    root: String,
    driver: String,
    swarm: String,
    live_restore: bool,
}

impl Probe for Engine {
    type Value = Docker;

    fn question(&self) -> String {
        QUESTION.to_owned()
    }

    fn read(&self, output: &Output) -> Fact<Docker> {
        match Fact::read(output, parse) {
            // Whatever keeps the engine from answering, that it does not answer is known.
            Fact::Unreadable(_) if !output.ok() => Fact::Known(Docker::Silent(complaint(output))),
            fact @ (Fact::Known(_) | Fact::Absent | Fact::Unreadable(_)) => fact,
        }
    }
}

fn parse(text: &str) -> Result<Docker, String> {
    if let Some(rest) = text.strip_prefix("Docker version ") {
        return without_command(rest).ok_or_else(|| strange("dockerd", text));
    }
    let info: Info = serde_json::from_str(text.trim()).map_err(|_| strange("docker info", text))?;
    if info.version.is_empty() {
        return Ok(Docker::Silent("it did not tell its version".to_owned()));
    }
    let swarm = info.swarm != "inactive";
    let engine = EngineState { version: info.version, root: info.root.into(), swarm, cli: true };
    Ok(Docker::Running { engine, driver: info.driver, live_restore: info.live_restore })
}

fn without_command(text: &str) -> Option<Docker> {
    let mut lines = text.lines();
    let version = lines.next()?.split(',').next()?.to_owned();
    let root = lines.next()?.into();
    let swarm = match lines.next()? {
        "swarm" => true,
        "alone" => false,
        _ => return None,
    };
    let engine = EngineState { version, root, swarm, cli: false };
    Some(Docker::NoCommand { engine, containers: lines.count() })
}
