//! Containers that were stopped start again, and one that was started goes.

use std::{iter, time::Duration};

use super::Kind;
use crate::{
    facts::{docker::API, state::ContainerState},
    model::{
        command::{Command, quote},
        desired::RestartPolicy,
    },
};

/// How long Docker may take for what is not waiting.
const SLACK: Duration = Duration::from_secs(30);

/// How long Docker may take to start containers.
const STARTING: Duration = Duration::from_secs(60);

/// As Docker counts it; nothing is killed before its time.
pub fn whole_seconds(grace: Duration) -> u64 {
    grace.as_secs() + u64::from(grace.subsec_nanos() > 0)
}

/// A container that starts again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Return {
    /// Its name.
    pub name: String,
    /// The restart policy that it was made with.
    pub restart: RestartPolicy,
    /// How it starts.
    pub how: How,
    /// What has to stop before it starts, with the time that may take.
    pub rivals: Vec<(String, Duration)>,
}

/// How a container starts again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// It is stopped; one that goes on after all is left alone.
    Start,
    /// It is up and fell ill: it ends first, for which it has so long.
    Restart(Duration),
}

/// Containers start, each as soon as its rivals have ended, and one that runs anew; none waits for another. A container
/// that is stopped loses its restart policy, and gets it back before it starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Returns(pub Vec<Return>);

impl Returns {
    /// One container that was stopped.
    pub fn one(found: &ContainerState) -> Self {
        let (name, restart) = (found.name.clone(), found.restart);
        Self(vec![Return { name, restart, how: How::Start, rivals: Vec::new() }])
    }
}

/// Waits for everything that was begun.
const ALL: &str = "for pid in $pids; do wait $pid || failed=1; done\n[ -z \"$failed\" ]\n";

impl Kind for Returns {
    fn command(&self) -> Command {
        let chains =
            self.0.iter().map(|back| format!("api{} >/dev/null & pids=\"$pids $!\"\n", back.calls()));
        let script: String = iter::once(API.to_owned()).chain(chains).chain([ALL.to_owned()]).collect();
        let longest = self.0.iter().map(Return::stopping).max().unwrap_or_default();
        Command::root(script).within(longest + STARTING)
    }

    #[cfg(test)]
    fn apply(&self, state: &mut crate::facts::state::HostState) {
        let found = |name: &String| {
            let at = state.docker.containers.iter().position(|found| found.name == *name);
            at.unwrap_or_else(|| panic!("no {name}"))
        };
        let stopped: Vec<usize> =
            self.0.iter().flat_map(|back| &back.rivals).map(|(name, _)| found(name)).collect();
        let started: Vec<usize> = self.0.iter().map(|back| found(&back.name)).collect();
        stopped.into_iter().for_each(|at| "exited".clone_into(&mut state.docker.containers[at].status));
        for at in started {
            let found = &mut state.docker.containers[at];
            "running".clone_into(&mut found.status);
            found.is_leaving = false;
            found.health = found.health.as_ref().map(|_| "starting".to_owned());
        }
    }
}

impl Return {
    /// The arguments of [`API`].
    fn calls(&self) -> String {
        let stops = self.rivals.iter().flat_map(|(rival, grace)| {
            [policy(rival, RestartPolicy::No), call(rival, &format!("stop?t={}", whole_seconds(*grace)), "")]
        });
        let verb = match self.how {
            How::Start => "start".to_owned(),
            How::Restart(grace) => format!("restart?t={}", whole_seconds(grace)),
        };
        let start = [policy(&self.name, self.restart), call(&self.name, &verb, "")];
        stops.chain(start).collect()
    }

    /// How long it may take until all that has to stop has stopped.
    fn stopping(&self) -> Duration {
        let own = match self.how {
            How::Start => Duration::ZERO,
            How::Restart(grace) => grace,
        };
        self.rivals.iter().map(|(_, grace)| *grace).sum::<Duration>() + own
    }
}

fn call(container: &str, what: &str, body: &str) -> String {
    format!(" {} POST {}", quote(&format!("/containers/{container}/{what}")), quote(body))
}

fn policy(container: &str, policy: RestartPolicy) -> String {
    call(container, "update", &format!(r#"{{"RestartPolicy":{{"Name":"{}"}}}}"#, policy.as_str()))
}

/// A container stops as [`Call::Stop`](super::Call::Stop) does, and goes; none is fine. Its volumes stay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContainerGone {
    /// Its name.
    pub name: String,
    /// The longest wait before it is killed.
    pub grace: Duration,
}

impl Kind for ContainerGone {
    fn command(&self) -> Command {
        let script = format!(
            "name={}; docker container inspect \"$name\" >/dev/null 2>&1 || exit 0
{{ docker update --restart no \"$name\" && docker stop -t {} \"$name\" && docker rm \"$name\"; }} >/dev/null",
            quote(&self.name),
            whole_seconds(self.grace)
        );
        Command::root(script).within(self.grace + SLACK)
    }

    #[cfg(test)]
    fn apply(&self, state: &mut crate::facts::state::HostState) {
        state.docker.containers.retain(|found| found.name != self.name);
    }
}
