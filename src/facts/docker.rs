//! The Docker Engine: whether there is one, whether it answers, and what it says of itself.
//!
//! What is listed is asked of its socket and not by the `docker` command, whose every start costs a host more than the
//! answer: `GET` paths of the Engine API in the shape all versions since 20.10 give.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{Fact, Probe, complaint, strange};
use crate::model::command::Output;

/// A running Docker Engine.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct EngineState {
    /// As in `20.10.24+dfsg1`.
    pub version: String,
    /// The data root.
    pub root: PathBuf,
    /// Whether this host is part of a Swarm.
    pub swarm: bool,
    /// Whether the `docker` command is there, through which the API is reached.
    pub cli: bool,
}

/// Why a Docker Engine does not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asleep {
    /// dockerd does not run.
    Stopped,
    /// dockerd runs, and its socket is gone.
    Deaf,
}

/// The engine, asked through its socket; without the `docker` command, what its files tell.
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

/// A function for scripts: `api PATH` prints what the engine answers to a GET, within 30 s; `api PATH POST JSON ...` makes
/// changes, one after the other until one fails, and takes as long as they take. HTTP/1.0: the answer comes in one piece
/// and ends with the connection. perl-base is on every Debian; a program for sockets is not. Its module with the names of
/// `AF_UNIX` and `SOCK_STREAM` takes longer to load than the rest takes to run, and the `docker` command ten times as long.
pub const API: &str = include_str!("docker/api.sh");

/// A question to an engine: "absent" where there is none, or no command for the steps that follow. A stopped daemon is
/// not asked: its socket unit would start it, and looking changes nothing.
pub(super) fn asked(question: &str) -> String {
    format!("{GUARD}{question}")
}

const GUARD: &str = include_str!("docker/runs.sh");

const QUESTION: &str = include_str!("docker/engine.sh").trim_ascii_end();

/// Some members of what it says, wherever they stand in it.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Info {
    server_version: String,
    docker_root_dir: String,
    driver: String,
    local_node_state: String,
    live_restore_enabled: bool,
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
    let members = text.lines().collect::<Vec<_>>().join(",");
    let info: Info = serde_json::from_str(&format!("{{{members}}}"))
        .map_err(|_| strange("what Docker says of itself", text))?;
    if info.server_version.is_empty() {
        return Ok(Docker::Silent("it did not tell its version".to_owned()));
    }
    let swarm = info.local_node_state != "inactive";
    let (version, root) = (info.server_version, info.docker_root_dir.into());
    let engine = EngineState { version, root, swarm, cli: true };
    Ok(Docker::Running { engine, driver: info.driver, live_restore: info.live_restore_enabled })
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
