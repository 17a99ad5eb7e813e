//! What a look and a sample say of a host, as signs. All their words are here.

use super::sign::{Sign, SignKind};
use crate::{
    facts::sample::{ContainerUse, Sample},
    fleet::outcome::{Outcome, Report, names},
    host::{Fault, HostError, HostKeyFault},
    model::desired::{Desired, Service, Slot},
    plan::{
        control::Verdict as Held,
        finding::{Finding, Verdict},
    },
};

/// Why a host gives no answer or does not let us in.
pub fn of_error(error: &HostError) -> Sign {
    let is_key =
        matches!(&*error.fault, Fault::HostKey(HostKeyFault::Changed { .. } | HostKeyFault::Revoked { .. }));
    let kind = if is_key { SignKind::HostKey } else { SignKind::Away };
    Sign::new(kind, "", error.words())
}

/// What a look came to. A host that was not seen says nothing of itself.
pub fn of_report(report: &Report) -> Vec<Sign> {
    let mut signs: Vec<Sign> = of_outcome(report).into_iter().collect();
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

fn of_outcome(report: &Report) -> Option<Sign> {
    match &report.outcome {
        Outcome::Planned => Some(drift(report)),
        Outcome::Conflict(found) => Some(
            Sign::new(
                SignKind::Conflict,
                "",
                format!("something that pryvctl does not manage is in the way: {}", found.join("; ")),
            )
            .details(found.clone()),
        ),
        Outcome::Unreachable(trouble) => Some(Sign::new(SignKind::Away, "", trouble.message.clone())),
        Outcome::Locked(trouble) | Outcome::LockLost(trouble) => {
            Some(Sign::new(SignKind::Lock, "", trouble.message.clone()))
        }
        Outcome::Died => Some(Sign::new(SignKind::Unfit, "look", "a bug in pryvctl ended the look")),
        // What keeps it from being ready stands among the findings.
        Outcome::NotReady
        | Outcome::Looked
        | Outcome::Unchanged
        | Outcome::Changed { .. }
        | Outcome::LeftAlone
        | Outcome::Failed { .. }
        | Outcome::WentBack { .. }
        | Outcome::TakenBack
        | Outcome::Stopped { .. }
        | Outcome::NotConverged { .. }
        | Outcome::Exposed { .. }
        | Outcome::Silent { .. } => None,
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
        Verdict::Warning => return None,
    };
    let Finding { check, found, needed, remedy, .. } = finding;
    let words = format!("{check}: {found} instead of {needed}");
    Some(Sign::new(kind, *check, words).details(remedy.iter().cloned().collect()))
}

/// What a sample says of a host's services.
pub fn of_sample(desired: &Desired, sample: &Sample) -> Vec<Sign> {
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
    signs
}

#[cfg(test)]
mod tests;
