use std::time::Duration;

use super::*;
use crate::{
    facts::sample::read,
    fleet::outcome::Trouble,
    plan::{Goal, Plan, fixture, plan},
};

const QUIET: &str = include_str!("../../facts/sample/tests/quiet.txt");

fn report(outcome: Outcome) -> Report {
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

fn finding(check: &'static str, verdict: Verdict) -> Finding {
    let (found, needed, remedy) = ("this".to_owned(), "that".to_owned(), Some("do it".to_owned()));
    Finding { check, verdict, found, needed, remedy }
}

fn said(signs: &[Sign]) -> Vec<String> {
    signs.iter().map(|sign| format!("{} {}: {}", sign.kind.name(), sign.part, sign.words)).collect()
}

#[test]
fn a_host_as_it_should_be_has_no_sign() {
    assert_eq!(of_report(&report(Outcome::Unchanged)), []);
}

#[test]
fn drift_has_the_lines_of_the_plan() {
    let (desired, state) = (fixture::desired(), fixture::with_docker());
    let plan = plan(&desired, &state, Goal::Install).unwrap();
    let lines = plan.to_string();
    let [drift] = &of_report(&Report { plan, ..report(Outcome::Planned) })[..] else { panic!() };
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
    let signs = of_report(&Report { findings, ..report(Outcome::NotReady) });
    assert_eq!(
        said(&signs),
        [
            "unfit memory: memory: this instead of that",
            "restart-pending restart: restart: this instead of that"
        ]
    );
    assert_eq!(signs[0].details, ["do it"]);
}

#[test]
fn a_lock_is_no_drift() {
    let trouble = Trouble { message: "locked by anna".to_owned(), ..Trouble::default() };
    assert_eq!(said(&of_report(&report(Outcome::Locked(trouble)))), ["lock : locked by anna"]);
}

#[test]
fn a_sample_shows_what_does_not_serve() {
    let desired = fixture::desired();
    let mut sample = read(QUIET).unwrap();
    let signs = |sample: &Sample| said(&of_sample(&desired, sample));
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
