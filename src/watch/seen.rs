//! What a look and a sample say of a host, as signs. All their words are here.

mod beyond;

use std::collections::BTreeMap;

use super::{
    sign::{Sign, SignKind},
    standing::{Standing, in_the_way},
};
use crate::{
    app::exit::Exit,
    facts::sample::{ContainerUse, Sample},
    fleet::{
        inspect::Inspected,
        outcome::{Report, names},
    },
    host::{Fault, HostError, HostKeyFault},
    model::desired::{Desired, Service, Slot},
    plan::{
        control::Verdict as Held,
        finding::{Finding, Verdict},
    },
};

pub use beyond::unseen;
use beyond::{UNDER_WAY, of_beyond};

/// Restarts of a container within ten minutes that are a loop: one or two are a restart of what it waits for.
const LOOP: u64 = 3;

/// Why a host gives no answer or does not let us in.
pub fn of_error(error: &HostError) -> Sign {
    let is_key = matches!(
        &*error.fault,
        Fault::HostKey(
            HostKeyFault::Changed { .. }
                | HostKeyFault::NotPinned { .. }
                | HostKeyFault::Swapped { .. }
                | HostKeyFault::Revoked { .. }
        )
    );
    let kind = if is_key { SignKind::HostKey } else { SignKind::Away };
    Sign::new(kind, "", error.words())
}

/// What a look came to, at that time, in seconds since 1970. A host that was not seen says nothing of itself.
pub fn of_look(seen: &Inspected, at: i64) -> (Standing, Vec<Sign>) {
    let standing = Standing::of(&seen.report);
    let mut signs = of_report(&standing, &seen.report);
    signs.extend(seen.error.iter().map(of_error).filter(|sign| sign.kind == SignKind::HostKey));
    signs.extend(seen.beyond.iter().flat_map(|beyond| of_beyond(beyond, at)));
    // A clock that is off is one sign.
    if signs.iter().any(|sign| sign.kind == SignKind::Clock) {
        signs.retain(|sign| sign.kind != SignKind::Worse || sign.part != "clock");
    }
    if matches!(standing, Standing::Locked { .. }) {
        signs.retain(|sign| !UNDER_WAY.contains(&sign.kind));
    }
    (standing, signs)
}

fn of_report(standing: &Standing, report: &Report) -> Vec<Sign> {
    let mut signs: Vec<Sign> = of_standing(standing, report).into_iter().collect();
    signs.extend(report.findings.iter().filter_map(of_finding));
    let failed = report.controls.iter().filter(|control| control.verdict == Held::Fail);
    signs.extend(failed.map(|control| {
        let (found, wanted) = control.shown();
        Sign::new(
            SignKind::Control,
            &control.id,
            format!("control {} does not hold: {found} instead of {wanted}", control.id),
        )
    }));
    signs
}

fn of_standing(standing: &Standing, report: &Report) -> Option<Sign> {
    match standing {
        Standing::Drifted { .. } => Some(drift(report)),
        Standing::Unfit { findings, exit: Exit::NotConverged } => {
            Some(Sign::new(SignKind::Conflict, "", in_the_way(findings)).details(findings.clone()))
        }
        Standing::Unfit { findings, exit: Exit::Bug } => {
            Some(Sign::new(SignKind::Unfit, "look", findings.join("; ")))
        }
        // What keeps a host from being ready stands among the findings; that it is away is said by samples, and whether a lock
        // is held for too long by the lock.
        Standing::Well | Standing::Unfit { .. } | Standing::Locked { .. } | Standing::Away { .. } => None,
    }
}

#[expect(clippy::cast_precision_loss, reason = "a plan has a few hundred steps at most")]
fn drift(report: &Report) -> Sign {
    let steps = &report.plan.steps;
    let details =
        steps.iter().flat_map(|step| step.to_string().lines().map(str::to_owned).collect::<Vec<_>>());
    Sign::new(SignKind::Drift, "", format!("`pryvctl install` would do {}", names(steps).join(", ")))
        .number(steps.len() as f64)
        .details(details.collect())
}

/// The check by which preflight tells that a restart is due.
const RESTART: [&str; 2] = ["restart", "newer-kernel"];

fn of_finding(finding: &Finding) -> Option<Sign> {
    let kind = match finding.verdict {
        Verdict::Ok => return None,
        Verdict::Failure => SignKind::Unfit,
        Verdict::Warning if RESTART.contains(&finding.check) => SignKind::RestartPending,
        // Whether it was there when watching began, who keeps them knows.
        Verdict::Warning => SignKind::Worse,
    };
    let Finding { check, found, needed, remedy, .. } = finding;
    let words = format!("{check}: {found} instead of {needed}");
    Some(Sign::new(kind, *check, words).details(remedy.iter().cloned().collect()))
}

/// What a sample says of a host's services; `restarts`: of each container, within the last ten minutes.
pub fn of_sample(desired: &Desired, sample: &Sample, restarts: &BTreeMap<String, u64>) -> Vec<Sign> {
    if desired.services.is_empty() {
        return Vec::new();
    }
    let Some(containers) = &sample.containers else {
        return vec![Sign::new(SignKind::DockerStopped, "", "Docker does not run, or does not answer")];
    };
    let ill = containers.iter().filter(|(_, found)| found.health.as_deref() == Some("unhealthy"));
    let mut signs: Vec<Sign> = ill
        .map(|(name, _)| {
            let words = format!("the health check of container {name} fails");
            Sign::new(SignKind::ServiceUnhealthy, name, words)
        })
        .collect();
    let of = |service: &Service| {
        [Slot::A, Slot::B]
            .map(|slot| containers.get(&service.container(&desired.platform, slot)))
            .into_iter()
            .flatten()
            .collect::<Vec<&ContainerUse>>()
    };
    let stopped = desired.services.iter().filter(|one| of(one).iter().all(|found| found.state != "running"));
    signs.extend(stopped.map(|service| {
        let words = format!("no container of service {} runs", service.name);
        Sign::new(SignKind::ServiceStopped, service.name.as_str(), words)
    }));
    signs.extend(restarts.iter().filter(|(_, number)| **number >= LOOP).map(|(name, number)| {
        let words = format!("Docker has started container {name} again {number} times within ten minutes");
        let number = u32::try_from(*number).unwrap_or(u32::MAX);
        Sign::new(SignKind::RestartLoop, name, words).number(f64::from(number))
    }));
    signs
}

#[cfg(test)]
mod tests;
