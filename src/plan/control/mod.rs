//! Controls: what each finds on a host, and the steps that set what is missing. One file a kind.

mod audit;
mod daemon;
pub mod draft;
pub mod edit;
mod file;
mod fragment;
mod fstab;
pub mod guard;
mod json;
mod kind;
pub mod kinds;
mod line;
pub mod lines;
mod module;
mod mount;
pub mod original;
pub mod package;
pub(super) mod part;
mod permissions;
pub mod score;
mod setting;
mod sshd;
mod sysctl;
pub mod text;
pub mod undo;
mod unit;
pub mod way;
mod without;

use kinds::planned;
pub use part::Part;
use serde::Serialize;

use super::step::Step;
use crate::{
    facts::{control::route::RouteOrigin, state::HostState},
    model::{
        control::{Condition, Control, Level},
        desired::Desired,
    },
};

/// What one control comes to on one host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Assessment {
    /// The control.
    pub id: String,
    /// What it is about.
    pub title: String,
    /// Its level.
    pub level: Level,
    /// Which auditors ask for it.
    #[serde(rename = "ref")]
    pub refs: Vec<String>,
    /// What it may break.
    pub breaks: String,
    /// How it ended.
    pub verdict: Verdict,
    /// Why it does not count here: the reason for skipping it, or what makes it not applicable.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What was looked at.
    pub parts: Vec<Part>,
}

/// How a control ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It is as it must be.
    Pass,
    /// It is not.
    Fail,
    /// The inventory leaves it out.
    Skipped,
    /// It has no meaning on this host.
    NotApplicable,
}

impl Verdict {
    /// The word for it in a table.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Skipped => "skipped",
            Self::NotApplicable => "n/a",
        }
    }
}

impl Assessment {
    /// What was found, and what was wanted, in a few words: of what does not fit, or else of the first part.
    pub fn shown(&self) -> (String, String) {
        let worst = self.parts.iter().find(|part| !part.fits).or(self.parts.first());
        worst.map_or_else(Default::default, |part| (part.found.clone(), part.wanted.clone()))
    }
}

/// What every control of the host's level comes to, sorted by id.
pub fn assess(desired: &Desired, state: &HostState) -> Vec<Assessment> {
    let skipped = &desired.hardening.skipped;
    let controls = desired.hardening.of_level();
    controls
        .map(|control| match (skipped.get(&control.id), judge(control, desired, state)) {
            (Some(reason), _) => assessment(control, Verdict::Skipped, Some(reason.clone()), Vec::new()),
            (None, Err(why)) => assessment(control, Verdict::NotApplicable, Some(why), Vec::new()),
            (None, Ok(parts)) if parts.iter().all(|part| part.fits) => {
                assessment(control, Verdict::Pass, None, parts)
            }
            (None, Ok(parts)) => assessment(control, Verdict::Fail, None, parts),
        })
        .collect()
}

fn assessment(control: &Control, verdict: Verdict, reason: Option<String>, parts: Vec<Part>) -> Assessment {
    Assessment {
        id: control.id.clone(),
        title: control.title.clone(),
        level: control.level,
        refs: control.refs.clone(),
        breaks: control.breaks.clone(),
        verdict,
        reason,
        parts,
    }
}

/// What a control finds, or why it has no meaning here.
fn judge(control: &Control, desired: &Desired, state: &HostState) -> Result<Vec<Part>, String> {
    control.when.iter().try_for_each(|condition| holds(*condition, state))?;
    let there = |name: &&String| is_installed(name, state);
    if let Some(other) = control.unless.iter().find(there) {
        return Err(format!("the host has {other}"));
    }
    if let Some(other) = control.with.iter().find(|name| !there(name)) {
        return Err(format!("the host has no {other}"));
    }
    if let Some(other) = control.needs.as_ref().filter(|other| is_left_out(other, desired, state)) {
        return Err(format!("it needs the packages of {other}"));
    }
    planned(&control.kind).parts(desired, state)
}

/// Whether a control that brings packages is skipped or has its work done by others, and they are not there without it.
fn is_left_out(id: &str, desired: &Desired, state: &HostState) -> bool {
    let Some(control) = desired.hardening.known.get(id) else { return false };
    let there = control.kind.packages().is_some_and(|names| {
        package::parts(names, state).is_ok_and(|parts| parts.iter().all(|part| part.fits))
    });
    let replaced = control.unless.iter().any(|name| is_installed(name, state));
    (desired.hardening.skipped.contains_key(id) || replaced) && !there
}

fn is_installed(name: &str, state: &HostState) -> bool {
    state.hardening.installed.as_ref().is_some_and(|installed| installed.contains(name))
}

fn holds(condition: Condition, state: &HostState) -> Result<(), String> {
    let why = match condition {
        Condition::Machine if state.is_container() => "a container has no kernel of its own",
        Condition::NoSwarm if state.is_in_swarm() => "the host is part of a Docker Swarm",
        Condition::NoRouterAdvertisements if state.hardening.route6 == Some(RouteOrigin::Announced) => {
            "the host's IPv6 route or address comes from router advertisements"
        }
        Condition::Machine | Condition::NoSwarm | Condition::NoRouterAdvertisements => return Ok(()),
    };
    Err(why.to_owned())
}

/// The wanted controls that have a meaning on this host, each with what it finds.
fn applicable<'a>(desired: &'a Desired, state: &HostState) -> Vec<(&'a Control, Vec<Part>)> {
    let wanted = desired.hardening.wanted();
    wanted.filter_map(|control| Some((control, judge(control, desired, state).ok()?))).collect()
}

/// The steps of one plan.
#[derive(Debug, Default)]
pub struct ControlSteps {
    /// What comes before any of them and of what sshd and Docker are told: the record of how things are.
    pub record: Option<Step>,
    /// Packages. They bring files, and settings of logins that a guarded step may be about.
    pub packages: Vec<Step>,
    /// Those that could cut our login.
    pub guarded: Vec<Step>,
    /// The others.
    pub safe: Vec<Step>,
}

impl ControlSteps {
    /// Whether nothing is to be set.
    pub fn is_empty(&self) -> bool {
        [&self.packages, &self.guarded, &self.safe].into_iter().all(Vec::is_empty)
    }
}

/// The steps that set what is missing. What belongs to sshd and to Docker is planned there.
pub fn steps(desired: &Desired, state: &HostState) -> ControlSteps {
    let controls = applicable(desired, state);
    let texts = text::steps(&controls, state);
    let (guarded, files): (Vec<_>, Vec<_>) = texts.into_values().partition(|step| step.risk.needs_guard());
    let (packages, others): (Vec<_>, Vec<_>) =
        kinds::steps(&controls, state).into_iter().partition(|step| step.look_again);
    let (cutting, others): (Vec<_>, Vec<_>) = others.into_iter().partition(|step| step.risk.needs_guard());
    let guarded = guarded.into_iter().chain(cutting).collect();
    let safe = files.into_iter().chain(others).collect();
    ControlSteps { record: original::step(&controls, desired, state), packages, guarded, safe }
}

#[cfg(test)]
mod tests;
