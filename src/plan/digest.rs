//! One number for a plan or a host: the same number, the same thing.

use sha2::{Digest as _, Sha256};

use super::{
    Plan,
    step::{Action, Step},
};
use crate::{facts::state::HostState, model::name::HostName};

impl Plan {
    /// Of everything it would do, contents of files included. SHA-256 in lower-case hex.
    pub fn digest(&self) -> String {
        let mut hash = Sha256::new();
        for step in &self.steps {
            // `Debug` leaves secrets out; what is written is hashed for itself.
            hash.update(format!("{step:?}\n"));
            hash.update(Sha256::digest(content(step)));
        }
        hex(hash)
    }
}

fn content(step: &Step) -> &str {
    match &step.action {
        Action::Run(command) => command.stdin.expose(),
        Action::Write(file) => file.content.expose(),
        Action::Pull { .. }
        | Action::CreateNetwork(_)
        | Action::CreateVolume(_)
        | Action::Start(_)
        | Action::AwaitHealthy { .. }
        | Action::Watch { .. }
        | Action::AwaitProbe { .. }
        | Action::Stop { .. }
        | Action::RemoveContainer { .. } => "",
    }
}

/// Of the plans of several hosts.
pub fn of_all(plans: &[(HostName, Plan)]) -> String {
    let mut hash = Sha256::new();
    for (host, plan) in plans {
        hash.update(format!("{host} {}\n", plan.digest()));
    }
    hex(hash)
}

/// Of everything on a host that a plan rests on. What changes by itself stays out: health, and when a container
/// started.
pub fn fingerprint(state: &HostState) -> String {
    let mut state = state.clone();
    for found in &mut state.containers {
        found.started.clear();
        found.health = None;
    }
    let mut hash = Sha256::new();
    hash.update(format!("{state:?}"));
    hex(hash)
}

fn hex(hash: Sha256) -> String {
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::secret::Secret,
        plan::{Goal, fixture, plan},
    };

    #[test]
    fn a_secret_that_nobody_sees_makes_another_digest() {
        let mut desired = fixture::desired();
        desired.files[0].shown = false;
        let digest = |desired: &_| plan(desired, &fixture::with_docker(), Goal::Install).unwrap().digest();
        let before = digest(&desired);
        assert_eq!(before, digest(&desired));
        desired.files[0].content = Secret::new("port: 3001\n");
        assert_ne!(before, digest(&desired));
    }

    #[test]
    fn a_host_is_the_same_until_somebody_changes_it() {
        let state = fixture::with_docker();
        let mut changed = state.clone();
        changed.commands.insert("strace".to_owned());
        assert_eq!(fingerprint(&state), fingerprint(&state.clone()));
        assert_ne!(fingerprint(&state), fingerprint(&changed));
    }
}
