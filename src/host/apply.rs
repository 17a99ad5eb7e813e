//! Carries out steps. Every choice was made by the planner; here is no `if` about what to do.

use std::net::IpAddr;

use bollard::Docker;
use ipnet::IpNet;

use super::{
    Session, container,
    docker::{AT_ONCE, within},
    error::{causes, short},
    failpoint, health, image, probe,
};
use crate::{
    change::{Call, Means},
    model::{
        command::{Command, Exit, Output},
        desired::{Desired, RegistryAccess},
        name::PlatformName,
        write::{CHANGED, CHANGED_SAYS},
    },
    plan::step::Step,
};

/// What a host needs at hand to carry out steps.
pub struct Executor<'a, S> {
    /// The connection.
    pub session: &'a S,
    /// The Docker API, opened by the first step that speaks it: Docker may be installed by an earlier one.
    pub docker: Option<&'a Docker>,
    /// The host's own address, for checks of its ports.
    pub address: IpAddr,
    /// From where administrators may log in.
    pub admin_networks: &'a [IpNet],
    /// Whose things are made.
    pub platform: &'a PlatformName,
    /// Where images come from.
    pub registry: Option<&'a RegistryAccess>,
}

impl<'a, S: Session> Executor<'a, S> {
    /// The hands on one host.
    pub fn new(session: &'a S, docker: Option<&'a Docker>, desired: &'a Desired) -> Self {
        Self {
            session,
            docker,
            address: desired.address,
            admin_networks: &desired.firewall.admin_networks,
            platform: &desired.platform,
            registry: desired.registry.as_ref(),
        }
    }

    /// Carries out one step.
    pub async fn apply(&self, step: &Step) -> Result<(), ApplyError> {
        failpoint::inside(&step.id.to_string(), self.carry_out(step)).await
    }

    async fn carry_out(&self, step: &Step) -> Result<(), ApplyError> {
        match step.change.means() {
            Means::Script(command) => self.run(&command).await,
            Means::Call(call) => self.call(call).await,
            Means::Probe { probe, within } => {
                probe::await_probe(self.session, self.address, probe, within).await
            }
        }
    }

    async fn call(&self, call: &Call) -> Result<(), ApplyError> {
        let docker = self.docker.ok_or(ApplyError::NoDocker)?;
        let refused =
            |what, name: &str, error: bollard::errors::Error| ApplyError::docker(what, name, &error);
        match call {
            Call::Pull { image } => image::pull(docker, image, self.registry).await,
            Call::CreateNetwork(network) => {
                let made = within(AT_ONCE, container::create_network(docker, self.platform, network)).await;
                made.map_err(|error| refused("create network", &network.name, error))
            }
            Call::CreateVolume(name) => {
                let made = within(AT_ONCE, container::create_volume(docker, self.platform, name)).await;
                made.map_err(|error| refused("create volume", name, error))
            }
            Call::Start(new) => {
                let started = within(AT_ONCE, container::start(docker, new)).await;
                started.map_err(|error| refused("start", &new.name, error))
            }
            Call::AwaitHealthy { containers, within } => {
                health::await_healthy(docker, containers, *within).await
            }
            Call::Watch { containers, window } => health::watch(docker, containers, *window).await,
            Call::Stop { container, grace } => {
                let stopped = within(*grace + AT_ONCE, container::stop(docker, container, *grace)).await;
                stopped.map_err(|error| refused("stop", container, error))
            }
            Call::RemoveContainer { container } => {
                let removed = within(AT_ONCE, container::remove(docker, container)).await;
                removed.map_err(|error| refused("remove", container, error))
            }
        }
    }

    /// Takes one step back. What somebody wrote since stays: it is neither ours nor what was before.
    pub async fn undo(&self, step: &Step) -> Result<(), ApplyError> {
        let Some(back) = step.undo.command() else { return Ok(()) };
        match self.run(&back).await {
            Err(ApplyError::Changed(_)) | Ok(()) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Runs a command that must end with 0.
    pub async fn run(&self, command: &Command) -> Result<(), ApplyError> {
        let output =
            self.session.exec(command).await.map_err(|error| ApplyError::Session(Box::new(error)))?;
        if output.ok() { Ok(()) } else { Err(ApplyError::command(&output)) }
    }
}

/// Why a step failed.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// The connection failed under it.
    #[error("{0}")]
    Session(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A script ended with an error.
    #[error("{exit}: {said}")]
    Command {
        /// How it ended.
        exit: String,
        /// The last lines it printed.
        said: String,
    },
    /// A file is not what it was when it was looked at, and was left alone.
    #[error("{0}")]
    Changed(String),
    /// An image could not be pulled.
    #[error("cannot pull {image}: {reason}")]
    Pull {
        /// The image.
        image: String,
        /// Docker's words.
        reason: String,
        /// The way out.
        hint: &'static str,
    },
    /// Docker refused.
    #[error("cannot {what} {name}: {reason}")]
    Docker {
        /// What was asked.
        what: &'static str,
        /// Of what.
        name: String,
        /// Docker's words.
        reason: String,
    },
    /// A container did not become healthy.
    #[error("{container} is not healthy: {why}")]
    Unhealthy {
        /// The container.
        container: String,
        /// Why we stopped waiting.
        why: String,
        /// What the last health check printed.
        last_check: Option<String>,
        /// The container's last lines.
        log: Vec<String>,
    },
    /// A health check from the host failed.
    #[error("health check {probe} did not succeed within {seconds} s; last answer: {last}")]
    Probe {
        /// What was asked.
        probe: String,
        /// The longest wait.
        seconds: u64,
        /// The last answer.
        last: String,
    },
    /// A step needs Docker and Docker does not answer.
    #[error("docker does not answer on this host")]
    NoDocker,
}

/// How many lines of a failing script are shown.
const TAIL: usize = 8;

impl ApplyError {
    /// Docker refused.
    pub fn docker(what: &'static str, name: &str, error: &bollard::errors::Error) -> Self {
        Self::Docker { what, name: name.to_owned(), reason: causes(error) }
    }

    /// A script ended with an error.
    pub fn command(output: &Output) -> Self {
        let lines: Vec<&str> = output.stderr.lines().chain(output.stdout.lines()).collect();
        let said = lines[lines.len().saturating_sub(TAIL)..].iter().map(|line| short(line));
        let said = said.collect::<Vec<_>>().join("\n");
        // A command of a role may end with the same code, and says something else.
        if output.exit == Exit::Code(CHANGED)
            && output.stderr.lines().any(|line| line.ends_with(CHANGED_SAYS))
        {
            return Self::Changed(said);
        }
        Self::Command { exit: output.exit.to_string(), said }
    }

    /// The way out, where there is one beyond the message.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Pull { hint, .. } => Some((*hint).to_owned()),
            Self::Command { said, .. } if said.contains("No space left on device") => {
                Some("free space on the host (`df -h` shows where), then run again".to_owned())
            }
            Self::Changed(_) => Some("run again; the current state is read first".to_owned()),
            Self::NoDocker => Some("look at `systemctl status docker` on the host".to_owned()),
            Self::Unhealthy { .. } => Some("fix the image or its configuration, then run again".to_owned()),
            Self::Session(_) | Self::Command { .. } | Self::Docker { .. } | Self::Probe { .. } => None,
        }
    }

    /// Lines that explain the failure: the last health check and the log.
    pub fn details(&self) -> Vec<String> {
        match self {
            Self::Unhealthy { last_check, log, .. } => {
                let check = last_check.iter().map(|check| format!("last check: {check}"));
                check.chain(log.iter().map(|line| format!("log: {line}"))).collect()
            }
            Self::Session(_)
            | Self::Command { .. }
            | Self::Changed(_)
            | Self::Pull { .. }
            | Self::Docker { .. }
            | Self::Probe { .. }
            | Self::NoDocker => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_writer_says_that_a_file_changed() {
        let ended = |stderr: &str| Output {
            stderr: stderr.to_owned(),
            exit: Exit::Code(CHANGED),
            ..Output::default()
        };
        let said = ApplyError::command(&ended("/etc/x: changed since it was looked at\n"));
        assert!(matches!(said, ApplyError::Changed(_)), "{said}");
        for of_a_role in ["", "cannot reload: remote error in protocol\n"] {
            let said = ApplyError::command(&ended(of_a_role));
            assert!(matches!(said, ApplyError::Command { .. }), "{said}");
        }
    }
}
