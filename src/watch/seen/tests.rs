use std::time::Duration;

use super::*;
use crate::{
    facts::sample::read,
    fleet::{
        inspect::Beyond,
        outcome::{Outcome, Trouble},
    },
    plan::{Goal, Plan, fixture, plan},
};

const QUIET: &str = include_str!("../../facts/sample/tests/quiet.txt");

pub(super) fn report(outcome: Outcome) -> Report {
    Report {
        host: "co1".parse().unwrap(),
        facts: None,
        findings: Vec::new(),
        controls: Vec::new(),
        plan: Plan::default(),
        outcome,
        took: Duration::ZERO,
    }
}

fn of(report: Report) -> Vec<Sign> {
    of_look(&Inspected { report, repairable: None, beyond: None, error: None }, 0).1
}

fn finding(check: &'static str, verdict: Verdict) -> Finding {
    let (found, needed, remedy) = ("this".to_owned(), "that".to_owned(), Some("do it".to_owned()));
    Finding { check, verdict, found, needed, remedy }
}

fn said(signs: &[Sign]) -> Vec<String> {
    signs.iter().map(|sign| format!("{} {}: {}", sign.kind.name(), sign.part, sign.words)).collect()
}

#[test]
fn a_host_as_it_should_be_has_no_sign() {
    assert_eq!(of(report(Outcome::Unchanged)), []);
}

#[test]
fn drift_has_the_lines_of_the_plan() {
    let (desired, state) = (fixture::desired(), fixture::with_docker());
    let plan = plan(&desired, &state, Goal::Install).unwrap();
    let lines = plan.to_string();
    let [drift] = &of(Report { plan, ..report(Outcome::Planned) })[..] else { panic!() };
    assert!(drift.words.starts_with("`pryvctl install` would do ") && drift.words.contains("firewall.table"));
    assert_eq!(drift.details.join("\n"), lines.trim_end());
}

#[test]
fn what_preflight_refuses_and_a_restart_that_is_due_are_signs() {
    let findings = vec![
        finding("memory", Verdict::Failure),
        finding("restart", Verdict::Warning),
        finding("swarm", Verdict::Warning),
        finding("os", Verdict::Ok),
    ];
    let signs = of(Report { findings, ..report(Outcome::NotReady) });
    assert_eq!(
        said(&signs),
        [
            "unfit memory: memory: this instead of that",
            "restart-pending restart: restart: this instead of that",
            "worse swarm: swarm: this instead of that"
        ]
    );
    assert_eq!(signs[0].details, ["do it"]);
}

#[test]
fn what_is_in_the_way_and_a_bug_are_signs() {
    let conflict = report(Outcome::Conflict(vec!["volume x".to_owned()]));
    assert_eq!(
        said(&of(conflict)),
        ["conflict : something that pryvctl does not manage is in the way: volume x"]
    );
    assert_eq!(said(&of(report(Outcome::Died))), ["unfit look: a bug in pryvctl ended the look"]);
}

/// What a run is about to put right is neither said nor over.
#[test]
fn a_lock_is_no_drift_and_no_sign_by_itself() {
    let trouble = Trouble { message: "locked by anna".to_owned(), ..Trouble::default() };
    let findings = vec![finding("memory", Verdict::Failure), finding("restart", Verdict::Warning)];
    let report = Report { findings, ..report(Outcome::Locked(trouble)) };
    let (standing, signs) =
        of_look(&Inspected { report, repairable: None, beyond: Some(Beyond::default()), error: None }, 0);
    assert_eq!(standing, Standing::Locked { why: "locked by anna".to_owned() });
    assert_eq!(said(&signs), ["restart-pending restart: restart: this instead of that"]);
}

#[test]
fn a_clock_that_is_off_is_said_once() {
    let findings = vec![finding("clock", Verdict::Warning)];
    let report = || Report { findings: findings.clone(), ..report(Outcome::Unchanged) };
    let kinds = |ahead| {
        let beyond = Some(Beyond { ahead: Some(ahead), ..Beyond::default() });
        let signs = of_look(&Inspected { report: report(), repairable: None, beyond, error: None }, 0).1;
        signs.iter().map(|sign| sign.kind).collect::<Vec<_>>()
    };
    assert_eq!(kinds(4.0), [SignKind::Clock]);
    assert_eq!(kinds(0.0), [SignKind::Worse], "no time service");
}

#[test]
fn a_container_that_starts_again_and_again_is_a_sign() {
    let (desired, sample) = (fixture::desired(), read(QUIET).unwrap());
    let loops = |number| {
        let signs = of_sample(&desired, &sample, &[("acme_core_a".to_owned(), number)].into());
        said(&signs).into_iter().filter(|sign| sign.starts_with("restart-loop")).collect::<Vec<_>>()
    };
    assert_eq!(loops(2), [""; 0]);
    assert_eq!(
        loops(3),
        [
            "restart-loop acme_core_a: Docker has started container acme_core_a again 3 times within ten minutes"
        ]
    );
}

#[test]
fn a_sample_shows_what_does_not_serve() {
    let desired = fixture::desired();
    let mut sample = read(QUIET).unwrap();
    let signs = |sample: &Sample| said(&of_sample(&desired, sample, &BTreeMap::new()));
    let stopped: Vec<String> = desired
        .services
        .iter()
        .filter(|service| service.name.as_str() != "core")
        .map(|service| format!("service-stopped {0}: no container of service {0} runs", service.name))
        .collect();
    assert_eq!(signs(&sample), stopped, "core serves in slot a, and slot b is kept");
    let containers = sample.containers.as_mut().unwrap();
    containers.get_mut("acme_core_a").unwrap().health = Some("unhealthy".to_owned());
    assert_eq!(
        signs(&sample)[0],
        "service-unhealthy acme_core_a: the health check of container acme_core_a fails"
    );
    containers_of(&mut sample).get_mut("acme_core_a").unwrap().state = "exited".to_owned();
    assert!(signs(&sample).contains(&"service-stopped core: no container of service core runs".to_owned()));
    sample.containers = None;
    assert_eq!(signs(&sample), ["docker-stopped : Docker does not run, or does not answer"]);
}

fn containers_of(sample: &mut Sample) -> &mut std::collections::BTreeMap<String, ContainerUse> {
    sample.containers.as_mut().unwrap()
}
