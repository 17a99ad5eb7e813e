//! One number for a step or a plan: the same number, the same doings. It is of JSON with sorted fields which is written here and
//! nowhere else, so that it does not depend on how this program happens to name and order its own things.

use crate::change::{Apt, Call, Change, Container, FileWrite, Means, PackagePurge, Packages, Whose};
use std::time::Duration;

use serde_json::{Value, json};

use super::{
    Plan,
    crossing::Crossing,
    file::sha256,
    rollout::{Moment, hook::whole},
    step::{Agreed, Step},
};
use crate::model::{
    canonical,
    command::{Command, Rights},
    desired::{HealthProbe, Network},
    name::HostName,
    secret::Secret,
};

impl Step {
    /// Of everything it does and of its way back, contents of files included; not of its reasons. SHA-256 in lower-case hex.
    pub fn digest(&self) -> String {
        let Self {
            id,
            why: _,
            change,
            save,
            files,
            check,
            proof,
            undo,
            risk,
            look_again,
            crosses,
            agreed: _,
        } = self;
        let optional = |script: &Option<Command>| script.as_ref().map(command);
        hash(&json!({
            "id": id.to_string(),
            "action": doing(change),
            "save": optional(save),
            "files": files,
            "check": optional(check),
            "proof": optional(proof),
            "undo": optional(&undo.command()),
            "guarded": risk.needs_guard(),
            "look_again": look_again,
            "crosses": crosses.iter().map(crossing).collect::<Vec<_>>(),
        }))
    }
}

impl Plan {
    /// Of everything it does, and of the reasons that were read with it.
    pub fn digest(&self) -> String {
        let steps = self.steps.iter().map(|step| json!({ "step": step.digest(), "why": step.why }));
        hash(&Value::Array(steps.collect()))
    }

    /// The steps that do something else than was agreed to, by their names.
    pub fn beyond(&self, agreed: &Self) -> Vec<String> {
        let digests: Vec<String> = agreed.steps.iter().map(Step::digest).collect();
        let same = |step: &Step| digests.contains(&step.digest());
        let read = |step: &Step| {
            let mut others = agreed.steps.iter();
            others.any(|other| (&other.id, &other.why, other.risk) == (&step.id, &step.why, step.risk))
        };
        let within = |step: &Step| match step.agreed {
            Agreed::Always => true,
            Agreed::AsRead => same(step) || read(step),
            Agreed::Exactly => same(step),
        };
        self.steps.iter().filter(|step| !within(step)).map(|step| step.id.to_string()).collect()
    }
}

/// Of the plans of several hosts.
pub fn of_all(plans: &[(HostName, Plan)]) -> String {
    let plans = plans.iter().map(|(host, plan)| json!([host, plan.digest()]));
    hash(&Value::Array(plans.collect()))
}

/// Of JSON, whatever the order of its fields.
pub fn hash(value: &Value) -> String {
    sha256(&canonical::text(value))
}

fn secret(content: &Secret) -> String {
    sha256(content.expose())
}

fn crossing(crossing: &Crossing) -> Value {
    let backup: Vec<_> = crossing.backup.iter().map(|hook| whole(hook, Moment::Backup)).collect();
    json!({ "data": crossing.to_string(), "backup": backup })
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

fn command(command: &Command) -> Value {
    // `under` and `most` say how it is carried out, not what it does.
    let Command { script, stdin, rights, within, under: _, most: _ } = command;
    let rights = match rights {
        Rights::Root => "root",
        Rights::Login => "login",
    };
    json!({ "script": script, "stdin": secret(stdin), "rights": rights, "within": millis(*within) })
}

fn doing(change: &Change) -> Value {
    if let Change::Write(file) = change {
        return json!({ "write": self::file(file) });
    }
    match change.means() {
        Means::Script(script) => json!({ "run": command(&script) }),
        Means::Apt(apt) => packages(apt),
        Means::Call(call) => self::call(call),
        Means::Probe { probe, within } => json!({ "probe": self::probe(probe), "within": millis(within) }),
    }
}

fn packages(apt: Apt<'_>) -> Value {
    match apt {
        Apt::Install(Packages { names, whose }) => match whose {
            Whose::Controls => json!({ "install": names }),
            Whose::Platforms { forgotten } => json!({ "install": names, "forget": forgotten }),
        },
        Apt::Purge(PackagePurge { names, kept }) => json!({ "purge": names, "kept": kept }),
    }
}

fn call(call: &Call) -> Value {
    match call {
        Call::Pull { image } => json!({ "pull": image }),
        Call::CreateNetwork(network) => json!({ "network": self::network(network) }),
        Call::CreateVolume(name) => json!({ "volume": name }),
        Call::Start(container) => json!({ "start": self::container(container) }),
        Call::AwaitHealthy { containers, within } => {
            json!({ "healthy": containers, "within": millis(*within) })
        }
        Call::Watch { containers, window } => json!({ "watch": containers, "window": millis(*window) }),
        Call::Stop { container, grace } => json!({ "stop": container, "grace": millis(*grace) }),
        Call::RemoveContainer { container } => json!({ "remove": container }),
    }
}

fn file(file: &FileWrite) -> Value {
    let FileWrite { path, content, seen, mode, uid, gid, claim } = file;
    json!({
        "path": path, "content": secret(content), "seen": seen.word(), "mode": mode, "uid": uid, "gid": gid,
        "claim": claim.word(),
    })
}

fn probe(probe: &HealthProbe) -> Value {
    match probe {
        HealthProbe::Http(url) => json!({ "http": url }),
        HealthProbe::Tcp(port) => json!({ "tcp": port }),
        HealthProbe::Dns(name) => json!({ "dns": name }),
        HealthProbe::Run(script) => json!({ "run": script }),
    }
}

fn network(network: &Network) -> Value {
    let Network { name, subnet, subnet6, internal } = network;
    json!({ "name": name, "subnet": subnet, "subnet6": subnet6, "internal": internal })
}

fn container(container: &Container) -> Value {
    let Container { name, service, role, slot, spec, loopback, labels } = container;
    json!({
        "name": name, "service": service, "role": role, "slot": slot, "spec": canonical::told(spec),
        "memory": spec.memory.map(|bytes| bytes.0), "loopback": loopback, "labels": labels,
    })
}

#[cfg(test)]
mod tests {
    use crate::{
        model::secret::Secret,
        plan::{
            Goal, fixture, plan,
            tests::{converged, planned, upgrade},
        },
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

    /// A plan does not show what is in it, and would say the same.
    #[test]
    fn a_hidden_file_that_somebody_changed_meanwhile_makes_another_plan() {
        let (mut desired, mut state) = converged();
        desired.files[0].shown = false;
        desired.files[0].content = Secret::new("port: 3001\n");
        let agreed = planned(&desired, &state);
        let path = desired.files[0].path.clone();
        state.system.files.insert(path, Some(fixture::found("port: 3002\n", 0o640)));
        let now = planned(&desired, &state);
        assert_eq!(now.to_string(), agreed.to_string());
        assert!(now.digest() != agreed.digest() && !now.beyond(&agreed).is_empty());
    }

    /// An image that nobody here needs and a tool that somebody installed are no change of what was read.
    #[test]
    fn what_a_plan_does_not_rest_on_may_change() {
        let (mut desired, state) = converged();
        upgrade(&mut desired, "core", 2);
        let mut changed = state.clone();
        changed.docker.images.insert("debian:13".to_owned(), "1".to_owned());
        changed.system.commands.insert("strace".to_owned());
        changed.docker.foreign_containers.insert("sleeper".to_owned());
        for found in &mut changed.docker.containers {
            "2027-01-01T00:00:00Z".clone_into(&mut found.started);
        }
        assert_eq!(planned(&desired, &changed).digest(), planned(&desired, &state).digest());
        changed.docker.containers.iter_mut().for_each(|found| found.stop_timeout = Some(300));
        assert_ne!(planned(&desired, &changed).digest(), planned(&desired, &state).digest());
    }

    /// What a step is called says nothing of what it does.
    #[test]
    fn a_step_of_the_same_name_that_does_something_else_was_not_agreed_to() {
        let (mut desired, state) = converged();
        upgrade(&mut desired, "core", 2);
        let agreed = planned(&desired, &state);
        let mut pulled = state.clone();
        pulled.docker.images.insert("registry.test:5000/core:2".to_owned(), "2".to_owned());
        assert_eq!(planned(&desired, &pulled).beyond(&agreed), [""; 0]);
        desired.services[1].spec.read_only = true;
        assert_eq!(planned(&desired, &state).beyond(&agreed), ["service.core.start"]);
    }

    /// A container that is ill for a moment, or well by now: others are watched, drained and kept.
    #[test]
    fn the_health_of_containers_is_no_new_plan() {
        let (mut desired, state) = converged();
        upgrade(&mut desired, "core", 2);
        let mut starting = state.clone();
        let redis = starting.docker.containers.iter_mut().find(|found| found.service == "redis").unwrap();
        redis.health = Some("starting".to_owned());
        let [well, ill] = [&state, &starting].map(|state| planned(&desired, state));
        assert_ne!(well.digest(), ill.digest());
        assert_eq!([well.beyond(&ill), ill.beyond(&well)], [[""; 0]; 2]);
        let redis = starting.docker.containers.iter_mut().find(|found| found.service == "redis").unwrap();
        redis.health = Some("unhealthy".to_owned());
        let replaced = planned(&desired, &starting).beyond(&well);
        assert!(replaced.contains(&"service.redis.start".to_owned()), "{replaced:?}");
    }

    /// What is kept of a file that others write in may be another text by now; what is overwritten may not.
    #[test]
    fn a_line_of_others_beside_ours_is_no_new_plan() {
        let (mut desired, mut state) = converged();
        let umask = |text: &str| Some(fixture::found(text, 0o644));
        state.system.files.insert("/etc/login.defs".into(), umask("UMASK 022\n"));
        let agreed = planned(&desired, &state);
        state.system.files.insert("/etc/login.defs".into(), umask("UMASK 022\n# by hand\n"));
        assert_ne!(planned(&desired, &state).digest(), agreed.digest());
        assert_eq!(planned(&desired, &state).beyond(&agreed), [""; 0]);
        state.system.files.insert("/etc/login.defs".into(), umask("UMASK 077\n"));
        assert_eq!(planned(&desired, &state).beyond(&agreed), ["control./etc/login.defs"]);
        desired.files[0].content = Secret::new("port: 3001\n");
        let agreed = planned(&desired, &state);
        state.system.files.insert(desired.files[0].path.clone(), Some(fixture::found("by hand\n", 0o640)));
        assert_eq!(planned(&desired, &state).beyond(&agreed), ["file./var/pryv/core/core.yml"]);
    }
}
