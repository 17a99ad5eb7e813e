//! The Docker Engine.

use serde_json::Value;

use super::judge::{judge, version};
use crate::{
    facts::{Fact, Facts, docker::Docker, state::EngineState},
    model::desired::Desired,
    plan::finding::Finding,
};

pub(super) fn checks(desired: &Desired, facts: &Facts) -> Vec<Finding> {
    let mut findings = vec![docker(desired, facts)];
    if let Fact::Known(Docker::Running { engine, .. } | Docker::NoCommand { engine, .. }) = &facts.docker {
        findings.extend(live_restore(desired, engine));
    }
    findings
}

fn docker(desired: &Desired, facts: &Facts) -> Finding {
    let (major, minor) = desired.engine.oldest;
    let needed = format!("Docker {major}.{minor:02} or newer");
    if facts.docker == Fact::Absent {
        return Finding::ok("docker", "absent; `install` brings the distribution's", needed);
    }
    let remedy = "`docker info` must work as root";
    judge("docker", &needed, &facts.docker, remedy, |docker| match docker {
        Docker::Silent(why) => {
            let finding = Finding::ok("docker", format!("no answer: {why}"), &needed);
            match facts.asleep() {
                Some(_) => finding.warning("`install` starts it; `journalctl -u docker` says why it stopped"),
                None => {
                    finding.failure("`systemctl start docker`; `journalctl -u docker` says why it stopped")
                }
            }
        }
        Docker::Running { engine, .. } => aged(engine, desired.engine.oldest, &needed),
        Docker::NoCommand { engine, containers } => {
            let finding = aged(engine, desired.engine.oldest, &needed);
            let found = format!("{} without the `docker` command", engine.version);
            match (finding.remedy.is_some(), containers) {
                (true, _) => finding,
                (false, 0) => Finding { found, ..finding }.warning("`install` brings package docker-cli"),
                (false, 1..) => Finding { found, ..finding }
                    .failure("`apt-get install docker-cli`: there are containers that have to be asked for"),
            }
        }
    })
}

fn aged(engine: &EngineState, oldest: (u32, u32), needed: &str) -> Finding {
    let finding = Finding::ok("docker", &engine.version, needed);
    match version(&engine.version) {
        Some(found) if found >= oldest => finding,
        Some(_) => finding.failure("upgrade Docker: `apt-get update && apt-get install docker.io`"),
        None => finding.warning("its version is not a number; `docker version` shows it"),
    }
}

/// A daemon in a Swarm refuses to start with live-restore.
fn live_restore(desired: &Desired, engine: &EngineState) -> Option<Finding> {
    if desired.engine.daemon.get("live-restore") != Some(&Value::Bool(true)) {
        return None;
    }
    let needed = "no Swarm, because live-restore excludes it";
    Some(if engine.swarm {
        Finding::ok("swarm", "member of a Swarm", needed).warning(
            "live-restore is left out here: containers stop while dockerd restarts. Or `docker swarm leave`",
        )
    } else {
        Finding::ok("swarm", "none", needed)
    })
}
