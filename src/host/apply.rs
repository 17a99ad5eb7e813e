//! Carries out steps. Every choice was made by the planner; here is no `if` about what to do.

mod error;

use std::net::IpAddr;

use bollard::Docker;
use ipnet::IpNet;

pub use self::error::ApplyError;
use super::{
    Session, container,
    docker::{AT_ONCE, within},
    failpoint, health, image, probe,
};
use crate::{
    change::{Apt, Call, Means, Next},
    model::{
        command::{Command, Output},
        desired::{Desired, RegistryAccess},
        name::PlatformName,
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
            Means::Script(command) => self.run(&command).await.map(drop),
            Means::Apt(apt) => self.packages(apt).await,
            Means::Call(call) => self.call(call).await,
            Means::Probe { probe, within } => {
                probe::await_probe(self.session, self.address, probe, within).await
            }
        }
    }

    async fn packages(&self, apt: Apt<'_>) -> Result<(), ApplyError> {
        let mut answers = Vec::new();
        loop {
            match apt.next(&answers)? {
                Next::Ask(question) => answers.push(self.run(&question).await?.stdout),
                Next::Do(command) => return self.run(&command).await.map(drop),
                Next::Nothing => return Ok(()),
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
            Err(ApplyError::Changed(_)) | Ok(_) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Runs a command that must end with 0; what it printed.
    pub async fn run(&self, command: &Command) -> Result<Output, ApplyError> {
        let output =
            self.session.exec(command).await.map_err(|error| ApplyError::Session(Box::new(error)))?;
        if output.ok() { Ok(output) } else { Err(ApplyError::command(&output)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        change::{Change, PackagePurge},
        host::replay::Replay,
        plan::step::{ControlStep, StepId, Undo},
    };

    async fn purged(host: &Replay) -> Result<(), ApplyError> {
        let platform: PlatformName = "acme".parse().unwrap();
        let address = std::net::Ipv4Addr::LOCALHOST.into();
        let hands = Executor {
            session: host,
            docker: None,
            address,
            admin_networks: &[],
            platform: &platform,
            registry: None,
        };
        let purge = PackagePurge { names: vec!["auditd".to_owned()], kept: Vec::new() };
        let undo = Undo::Nothing("a harden installs them again");
        hands.apply(&Step::safe(StepId::Undo(ControlStep::Packages), Change::PackagePurge(purge), undo)).await
    }

    #[tokio::test]
    async fn what_apt_says_chooses_what_is_done() {
        let host = Replay::new().prints("dpkg-query", "installed auditd\n");
        let host = host.prints("apt-get -s purge auditd", "Purg auditd [1]\n").prints("going='auditd'", "");
        assert!(purged(&host).await.is_ok() && host.is_over());
        let host = Replay::new().prints("dpkg-query", "not-installed auditd\n");
        assert!(purged(&host).await.is_ok() && host.is_over());
    }

    #[tokio::test]
    async fn nothing_is_purged_after_a_question_that_failed() {
        let host = Replay::new().prints("dpkg-query", "installed auditd\n");
        let host = host.fails("apt-get -s purge auditd", 100, "E: Unmet dependencies.");
        let said = purged(&host).await.unwrap_err().to_string();
        assert!(said.contains("E: Unmet dependencies.") && host.is_over(), "{said}");
    }
}
