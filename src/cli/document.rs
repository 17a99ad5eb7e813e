//! The one document a command prints for programs, as JSON or YAML. The same shape for every command:
//!
//! ```text
//! { command, exit, code,             what ran; how it ended, as a word and as the exit code
//!   message, hint,                   why it ended before any host was asked, and the way out
//!   problems: [{ severity, rule, message, hint, file, line, column }],        of the inventory
//!   hosts:    [{ host, outcome, trouble: { message, hint, details }, milliseconds,
//!                findings: [{ check, verdict, found, needed, remedy }],       of preflight
//!                controls: [{ id, title, level, ref, breaks, verdict, reason,
//!                             parts: [{ place, found, wanted, fits }] }],     of harden --report
//!                scores:   [{ level, pass, fail, skipped, not_applicable }],
//!                plan:     [{ id, why, guarded }],                            what is to be done
//!                lost:     [{ name, service, slot, hash, image }],            what `rollback` would bring back and is gone
//!                facts }],                                                    what was seen
//!   early,                           why an upgrade ended before all hosts had their turn
//!   journal:  [{ number, time, run, who, command, host, what, details }],     of `audit`
//!   faults:   [...],                 what is wrong with the journal
//!   labs:     [{ name, hosts: [{ host, v4, v6, state }] }] }                  of the lab commands
//! ```
//!
//! Keys without a value are left out.
//!
//! `logs` has no end, so it prints an object a line, `{ host, service, time, text }`; as YAML these are the elements of a list.

use serde::Serialize;
use serde_json::Value;

use super::{exit::Exit, halt::Halt};
use crate::{
    facts::{Facts, release::Served},
    fleet::{
        journal::audit::Line,
        outcome::{Report, Trouble},
    },
    lab::HostStatus,
    plan::{
        control::{Assessment, score::Score},
        finding::Finding,
    },
};

/// What a command says to programs.
#[derive(Debug, Serialize)]
pub struct Document<'a> {
    command: &'a str,
    exit: Exit,
    code: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    problems: Vec<Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    hosts: Vec<HostDocument<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    early: Option<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    journal: &'a [Line],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    faults: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    labs: Vec<LabDocument<'a>>,
}

/// One host.
#[derive(Debug, Serialize)]
struct HostDocument<'a> {
    host: &'a str,
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    trouble: Option<Trouble>,
    #[serde(skip_serializing_if = "is_zero")]
    milliseconds: u128,
    findings: &'a [Finding],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    controls: &'a [Assessment],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    scores: Vec<Score>,
    plan: Vec<StepDocument<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    lost: Vec<&'a Served>,
    #[serde(skip_serializing_if = "Option::is_none")]
    facts: Option<&'a Facts>,
}

/// One step.
#[derive(Debug, Serialize)]
struct StepDocument<'a> {
    id: &'a str,
    why: &'a [String],
    guarded: bool,
}

/// One lab.
#[derive(Debug, Serialize)]
struct LabDocument<'a> {
    name: &'a str,
    hosts: Vec<Value>,
}

impl<'a> Document<'a> {
    /// A command and how it ended.
    pub fn new(command: &'a str, exit: Exit) -> Self {
        Self {
            command,
            exit,
            code: exit as u8,
            message: None,
            hint: None,
            problems: Vec::new(),
            hosts: Vec::new(),
            early: None,
            journal: &[],
            faults: Vec::new(),
            labs: Vec::new(),
        }
    }

    /// A command that ended before it could do its work.
    pub fn halted(halt: &'a Halt) -> Self {
        Self {
            message: Some(&halt.message),
            hint: halt.hint.as_deref(),
            problems: halt.problems.clone(),
            ..Self::new("pryvctl", halt.exit)
        }
    }

    /// With what was done on hosts.
    #[must_use]
    pub fn hosts(self, reports: &'a [Report]) -> Self {
        Self { hosts: reports.iter().map(host).collect(), ..self }
    }

    /// With the reason why it ended early.
    #[must_use]
    pub fn early(self, early: Option<&'a str>) -> Self {
        Self { early, ..self }
    }

    /// With a journal and what is wrong with it.
    #[must_use]
    pub fn journal(self, journal: &'a [Line], faults: Vec<String>) -> Self {
        Self { journal, faults, ..self }
    }

    /// With what controls found on hosts.
    #[must_use]
    pub fn hosts_with_controls(self, reports: &'a [Report]) -> Self {
        let with = |report: &'a Report| HostDocument {
            controls: &report.controls,
            scores: Score::of(&report.controls),
            ..host(report)
        };
        Self { hosts: reports.iter().map(with).collect(), ..self }
    }

    /// With a lab.
    #[must_use]
    pub fn lab(mut self, name: &'a str, hosts: &[HostStatus]) -> Self {
        let hosts = hosts.iter().map(|host| {
            let (v4, v6) = (host.addresses.v4, host.addresses.v6);
            serde_json::json!({ "host": host.host, "v4": v4, "v6": v6, "state": host.state })
        });
        self.labs.push(LabDocument { name, hosts: hosts.collect() });
        self
    }
}

fn is_zero(time: &u128) -> bool {
    *time == 0
}

fn host(report: &Report) -> HostDocument<'_> {
    let steps = report.plan.steps.iter();
    HostDocument {
        host: report.host.as_str(),
        outcome: report.outcome.word(),
        trouble: report.outcome.trouble(),
        milliseconds: report.took.as_millis(),
        findings: &report.findings,
        controls: &[],
        scores: Vec::new(),
        plan: steps
            .map(|step| StepDocument { id: &step.id, why: &step.why, guarded: step.risk.needs_guard() })
            .collect(),
        lost: report.lost().collect(),
        facts: report.facts.as_ref(),
    }
}
