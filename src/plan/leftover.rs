//! Containers that serve no one any more: they stop and go.

use std::{collections::BTreeSet, iter, time::Duration};

use super::{
    release::Keeping,
    step::{Step, Undo},
};
use crate::{
    change::{Call, Change},
    facts::{
        docker::API,
        state::{ContainerState, HostState},
    },
    model::{
        command::{Command, quote},
        desired::{Desired, RestartPolicy},
    },
};

/// How long a container may take to stop that does not say so itself and whose service is in no inventory any more: the
/// longest that a shipped role asks for. One that ends sooner is not waited for.
pub const UNKNOWN_GRACE: Duration = Duration::from_secs(120);

/// How long Docker may take for what is not waiting.
const SLACK: Duration = Duration::from_secs(30);

/// How long Docker may take to start containers.
const STARTING: Duration = Duration::from_secs(60);

/// Whether Docker has processes of it.
pub fn is_up(found: &ContainerState) -> bool {
    matches!(found.status.as_str(), "running" | "restarting" | "paused")
}

/// How long a container may take to stop: as long as it was made with or as its service says now, whichever is longer. A
/// database that is killed has to be repaired.
pub fn grace(found: &ContainerState, desired: &Desired) -> Duration {
    let service = desired.services.iter().find(|service| service.name.as_str() == found.service);
    let made_with = found.stop_timeout.map(Duration::from_secs);
    made_with.max(service.map(|service| service.spec.grace())).unwrap_or(UNKNOWN_GRACE)
}

/// As Docker counts it; nothing is killed before its time.
pub fn whole_seconds(grace: Duration) -> u64 {
    grace.as_secs() + u64::from(grace.subsec_nanos() > 0)
}

/// Stops a container as [`Call::Stop`] does, and removes it; none is fine. Its volumes stay.
pub fn gone(name: &str, grace: Duration) -> Command {
    let script = format!(
        "name={}; docker container inspect \"$name\" >/dev/null 2>&1 || exit 0
{{ docker update --restart no \"$name\" && docker stop -t {} \"$name\" && docker rm \"$name\"; }} >/dev/null",
        quote(name),
        whole_seconds(grace)
    );
    Command::root(script).within(grace + SLACK)
}

/// Whether a container has to be stopped before it is removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stopped {
    /// It is not running, or an earlier step stops it.
    Already,
    /// It is up.
    NotYet,
}

impl From<&ContainerState> for Stopped {
    fn from(found: &ContainerState) -> Self {
        if is_up(found) { Self::NotYet } else { Self::Already }
    }
}

/// A container that starts again.
pub struct Return<'a> {
    /// The container.
    pub found: &'a ContainerState,
    /// How it starts.
    pub how: How,
    /// What has to stop before it starts, with the time that may take.
    pub rivals: Vec<(&'a ContainerState, Duration)>,
}

/// How a container starts again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// It is stopped; one that goes on after all is left alone.
    Start,
    /// It is up and fell ill: it ends first, for which it has so long.
    Restart(Duration),
}

/// Starts a container that was stopped.
pub fn bring_back(found: &ContainerState) -> Command {
    change_places(&[Return { found, how: How::Start, rivals: Vec::new() }])
}

/// Starts containers, each as soon as its rivals have ended, and one that runs anew; none waits for another. A container
/// that is stopped loses its restart policy, and gets it back before it starts.
pub fn change_places(returns: &[Return<'_>]) -> Command {
    let chains = returns.iter().map(|back| format!("api{} >/dev/null & pids=\"$pids $!\"\n", back.changes()));
    let script: String = iter::once(API.to_owned()).chain(chains).chain([ALL.to_owned()]).collect();
    let longest = returns.iter().map(Return::stopping).max().unwrap_or_default();
    Command::root(script).within(longest + STARTING)
}

/// Waits for everything that was begun.
const ALL: &str = "for pid in $pids; do wait $pid || failed=1; done\n[ -z \"$failed\" ]\n";

impl Return<'_> {
    /// The arguments of [`API`].
    fn changes(&self) -> String {
        let stops = self.rivals.iter().flat_map(|(rival, grace)| {
            [
                policy(rival, RestartPolicy::No),
                change(rival, &format!("stop?t={}", whole_seconds(*grace)), ""),
            ]
        });
        let verb = match self.how {
            How::Start => "start".to_owned(),
            How::Restart(grace) => format!("restart?t={}", whole_seconds(grace)),
        };
        let start = [policy(self.found, self.found.restart), change(self.found, &verb, "")];
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

fn change(found: &ContainerState, what: &str, body: &str) -> String {
    format!(" {} POST {}", quote(&format!("/containers/{}/{what}", found.name)), quote(body))
}

fn policy(found: &ContainerState, policy: RestartPolicy) -> String {
    change(found, "update", &format!(r#"{{"RestartPolicy":{{"Name":"{}"}}}}"#, policy.as_str()))
}

/// The steps that take away a container that serves no one any more. A group of its own: once it is gone, nothing
/// may lead back to it.
pub fn leftover(found: &ContainerState, stopped: Stopped, desired: &Desired) -> Vec<Step> {
    let name = &found.name;
    let stop = (stopped == Stopped::NotYet).then(|| stop(found, desired, "is no longer needed"));
    let action = Change::Docker(Call::RemoveContainer { container: name.clone() });
    let undo = Undo::Nothing("it served no one any more; its volumes stay");
    let remove = Step::safe(format!("leftover.{name}.remove"), action, undo)
        .because([format!("{name}: {} -> none; volumes stay", found.status)]);
    stop.into_iter().chain([remove]).collect()
}

/// The same for a container that may have to come back: then it stays, stopped.
pub fn retire(found: &ContainerState, stopped: Stopped, desired: &Desired, keeping: &Keeping) -> Vec<Step> {
    if !keeping.keeps(found) {
        return leftover(found, stopped, desired);
    }
    match stopped {
        Stopped::Already => Vec::new(),
        Stopped::NotYet => vec![stop(found, desired, "is kept for the way back")],
    }
}

fn stop(found: &ContainerState, desired: &Desired, why: &str) -> Step {
    let name = &found.name;
    let action = Change::Docker(Call::Stop { container: name.clone(), grace: grace(found, desired) });
    let undo = Undo::Run(bring_back(found));
    Step::safe(format!("leftover.{name}.stop"), action, undo).because([format!("{name} {why}")])
}

/// The steps that take away containers of ours whose service is no longer wanted; some made room before.
pub fn leftovers(
    desired: &Desired,
    state: &HostState,
    keeping: &Keeping,
    made_room: impl Fn(&str) -> bool,
) -> Vec<Step> {
    let stopped =
        |found: &ContainerState| if made_room(&found.name) { Stopped::Already } else { Stopped::from(found) };
    let wanted: BTreeSet<&str> = desired.services.iter().map(|service| service.name.as_str()).collect();
    state
        .containers
        .iter()
        .filter(|found| !wanted.contains(found.service.as_str()))
        .flat_map(|found| retire(found, stopped(found), desired, keeping))
        .collect()
}
