//! Files that change under a container that goes on: it is told, also when a run was killed in between.

use std::{collections::BTreeSet, path::Path};

use super::{
    decision::{Decision, decide},
    file::differs,
    step::{ServiceStep, Step, StepId, Undo},
};
use crate::{
    change::{Change, Claim, FileWrite, ReloadDone, RoleRun, ServiceMap},
    facts::state::HostState,
    model::{
        command::quote,
        desired::{Desired, ManagedFile, OnChange, Service},
        place,
        secret::Secret,
        write::Seen,
    },
};

/// The command that tells a container of a change of a file, if its service reads it and wants to be told.
pub fn message(file: &ManagedFile, service: &str, container: &str) -> Option<String> {
    let (name, on_change) = file.read_by.as_ref()?;
    let container = quote(container);
    let message = match on_change {
        OnChange::Restart | OnChange::None => None,
        OnChange::Reload => Some(format!("docker kill -s HUP {container}\n")),
        OnChange::Signal(signal) => Some(format!("docker kill -s {} {container}\n", quote(signal))),
        OnChange::Run(script) => Some(format!("docker exec {container} sh -c {}\n", quote(script))),
    };
    message.filter(|_| name.as_str() == service)
}

/// Everything a service wants to be told of its files, each once.
pub fn messages(desired: &Desired, service: &str, container: &str) -> String {
    let messages = desired.files.iter().filter_map(|file| message(file, service, container));
    messages.collect::<BTreeSet<_>>().into_iter().collect()
}

/// Marks, before any file is written, the services that have to be told: a run killed in between leaves the mark.
pub fn marks(desired: &Desired, state: &HostState, map: &ServiceMap) -> Vec<Step> {
    let kept = |service: &&Service| matches!(decide(service, desired, state, map), Decision::Keep(..));
    let told = desired.services.iter().filter(kept).filter(|service| changes(service, desired, state));
    told.map(|service| {
        let mark = place::reload_pending(&service.name);
        let made = Change::Write(FileWrite {
            path: mark.into(),
            content: Secret::new(""),
            seen: Seen::Any,
            mode: 0o600,
            uid: 0,
            gid: 0,
            claim: Claim::Listed,
        });
        let undo = Undo::change(Change::ReloadDone(ReloadDone(service.name.clone())));
        Step::safe(StepId::Reload(service.name.to_string()), made, undo)
            .because([format!("{} will have to read its files again", service.name)])
    })
    .collect()
}

/// Whether a service still has to be told of an earlier change.
pub fn is_pending(service: &Service, state: &HostState) -> bool {
    let mark = place::reload_pending(&service.name);
    state.system.files.get(Path::new(&mark)).is_some_and(Option::is_some)
}

/// The step that tells a container that goes on that its files changed.
pub fn step(service: &Service, container: &str, desired: &Desired, state: &HostState) -> Option<Step> {
    if !is_pending(service, state) && !changes(service, desired, state) {
        return None;
    }
    let name = &service.name;
    let run = RoleRun { script: messages(desired, name.as_str(), container), told: Some(name.clone()) };
    let undo = Undo::Nothing("a reload takes up what the files say");
    let step = Step::safe(StepId::Service(name.to_string(), ServiceStep::Reload), Change::RoleRun(run), undo);
    Some(step.because([format!("{container} reads its changed files")]))
}

/// Whether a file of which this service wants to be told is about to change.
fn changes(service: &Service, desired: &Desired, state: &HostState) -> bool {
    let told = |file: &ManagedFile| message(file, service.name.as_str(), "").is_some();
    desired.files.iter().any(|wanted| told(wanted) && differs(wanted, state))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::fixture;

    #[test]
    fn each_wish_is_one_command_and_said_once() {
        let mut desired = fixture::desired();
        let told = [
            OnChange::Run("nginx -s 'reload'".to_owned()),
            OnChange::Signal("USR1".to_owned()),
            OnChange::Reload,
            OnChange::Reload,
            OnChange::Restart,
            OnChange::None,
        ];
        let sample = desired.files[0].clone();
        let file = |on_change| {
            let read_by = Some(("core".parse().unwrap(), on_change));
            ManagedFile { read_by, ..sample.clone() }
        };
        desired.files = told.into_iter().map(file).collect();
        insta::assert_snapshot!(messages(&desired, "core", "acme_core_a"), @r"
        docker exec 'acme_core_a' sh -c 'nginx -s '\''reload'\'''
        docker kill -s 'USR1' 'acme_core_a'
        docker kill -s HUP 'acme_core_a'
        ");
        assert_eq!(messages(&desired, "redis", "acme_redis_a"), "");
    }
}
