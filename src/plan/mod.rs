//! The difference between what we want and what is: an ordered list of steps. Empty = converged.

pub mod boot;
mod conflict;
pub mod control;
pub mod crossing;
pub mod cutover;
pub mod data;
mod decision;
pub mod digest;
pub mod docker;
mod draft;
pub mod drain;
pub mod engine;
pub mod file;
pub mod finding;
pub mod firewall;
pub mod footing;
pub mod foreign;
mod goal;
pub mod leftover;
mod ordered;
pub mod preflight;
mod registry;
pub mod release;
pub mod reload;
pub mod repair;
pub mod rollback;
pub mod rollout;
pub mod scan;
pub mod service;
pub mod serving;
pub mod sshd;
mod standing;
pub mod step;
pub mod uninstall;
pub mod written;

#[cfg(test)]
mod convergence;
#[cfg(test)]
pub(crate) mod fixture;
#[cfg(test)]
mod simulated;
#[cfg(test)]
mod tests;

pub use conflict::Conflict;
use cutover::Switch;
use draft::Draft;
pub use goal::Goal;
pub use ordered::Plan;
use release::Keeping;
use step::Step;

use crate::{
    facts::state::HostState,
    model::desired::{Desired, Protocol, Service},
};

/// The way from what is to what we want.
///
/// # Errors
/// Something in the way that we may not touch; all of it at once, and then nothing is planned.
pub fn plan(desired: &Desired, state: &HostState, goal: Goal) -> Result<Plan, Vec<Conflict>> {
    if let Goal::Repair(repairs) = goal {
        return Ok(repair::cut(plan(desired, state, Goal::Install)?, desired, state, repairs).plan);
    }
    if let Some(step) = footing::wake(state) {
        // Containers start with Docker, and with them the ports they publish. A table that is there is the next look's
        // business: what it has to say of Docker's networks is not known now.
        let doors = goal.closes_doors() && !state.net.tables.contains_key(firewall::TABLE);
        let doors = doors.then(|| engine::commands(state).into_iter().chain(firewall::steps(desired, state)));
        return Ok(Plan { steps: doors.into_iter().flatten().chain([step]).collect() });
    }
    match goal {
        Goal::Uninstall(volumes) => return uninstall::plan(desired, state, volumes).map_err(|no| vec![no]),
        Goal::Rollback => {
            return rollback::plan(desired, state).map(|plan| on_firm_ground(plan, desired, state));
        }
        Goal::Revert => return uninstall::soften(desired, state).map_err(|no| vec![no]),
        Goal::Harden | Goal::Install | Goal::Repair(_) => {}
    }
    let mut draft = Draft::default();
    let controls = control::steps(desired, state);
    let (engine, sshd) = (engine::steps(desired, state, goal), sshd::steps(desired, state));
    if !controls.is_empty() || engine.iter().chain(&sshd).any(|steps| !steps.is_empty()) {
        draft.take(Ok(controls.record.into_iter().collect()));
    }
    draft.take(Ok(control::undo::given_up(desired, state)));
    draft.take(Ok(controls.packages));
    draft.take(engine.map(|steps| draft.others(steps)).map_err(|conflict| vec![conflict]));
    draft.take(Ok(firewall::steps(desired, state)));
    draft.take(sshd.map_err(|conflict| vec![conflict]));
    draft.take(Ok(controls.guarded));
    draft.take(Ok(boot::steps(desired, state)));
    // What is loaded at boot names both ports before the next look closes the old one: at no moment would a restart end with
    // a port open that sshd does not listen on.
    if sshd::leaving(desired, state).is_some() {
        draft.look_again();
    }
    // Doors are closed before Docker is touched.
    let ground = footing::steps(desired, state);
    let waits = is_looked_after(&ground);
    draft.take(Ok(ground));
    // Where the way in was not confirmed, nothing else is changed.
    draft.take(Ok(controls.safe));
    draft.take(Ok(written::half_written(state).into_iter().collect()));
    match goal {
        Goal::Harden | Goal::Revert | Goal::Rollback | Goal::Uninstall(_) => {}
        Goal::Install | Goal::Repair(_) if waits => {}
        Goal::Install | Goal::Repair(_) => install(&mut draft, desired, state),
    }
    if draft.conflicts.is_empty() { Ok(Plan { steps: draft.steps }) } else { Err(draft.conflicts) }
}

/// What Docker stands on is mended before containers start.
fn on_firm_ground(plan: Plan, desired: &Desired, state: &HostState) -> Plan {
    if plan.is_empty() {
        return plan;
    }
    let ground = footing::steps(desired, state);
    let rest = if is_looked_after(&ground) { Vec::new() } else { plan.steps };
    Plan { steps: ground.into_iter().chain(rest).collect() }
}

fn is_looked_after(steps: &[Step]) -> bool {
    steps.last().is_some_and(|step| step.look_again)
}

/// Everything is written, made and pulled before the first container is touched.
fn install(draft: &mut Draft, desired: &Desired, state: &HostState) {
    let mut switch = Switch::of(desired, state);
    let keeping = Keeping::of(desired, state, &switch.map);
    let mut draining = drain::unwanted(desired, state, &switch.map);
    draft.take(Ok(keeping.record().into_iter().collect()));
    draft.take(Ok(written::note(desired, state).into_iter().collect()));
    draft.take(Ok(reload::marks(desired, state, &switch.map)));
    draft.take(Ok(file::steps(desired, state)));
    draft.take(docker::networks(desired, state));
    draft.take(Ok(docker::volumes(desired, state)));
    draft.take(Ok(docker::pulls(desired, state, &switch.map)));
    draft.take(Ok(switch.structure().into_iter().collect()));
    let (mut new, mut after) = (Vec::new(), Vec::new());
    for service in &desired.services {
        draft.take(takes_ssh(service, desired).map_or(Ok(Vec::new()), |conflict| Err(vec![conflict])));
        match service::steps(service, desired, state, &mut switch, &keeping) {
            Ok(steps) => {
                new.extend(steps.new);
                draft.steps.extend(steps.now);
                draining.extend(steps.drain);
                after.extend(steps.after);
            }
            Err(conflict) => draft.conflicts.push(conflict),
        }
    }
    draft.take(Ok(switch.retire().into_iter().collect()));
    draft.take(Ok(switch.at_boot().into_iter().collect()));
    draft.take(Ok(service::watch(&new).into_iter().collect()));
    draining.retain(|leaving| !draft.stops(&leaving.name));
    // Until here every old container still runs: to take a service back is to switch back.
    draft.take(Ok(drain::drain(draining).into_iter().collect()));
    draft.take(Ok(after));
    draft.take(Ok(leftover::leftovers(desired, state, &keeping, |name| draft.stops(name))));
    draft.take(Ok(written::steps(desired, state, &keeping)));
    draft.take(Ok(keeping.end().into_iter().collect()));
}

/// A redirection of sshd's port would cut every login, before the filter table sees it.
fn takes_ssh(service: &Service, desired: &Desired) -> Option<Conflict> {
    let taken =
        |end: &crate::model::desired::Endpoint| end.protocol == Protocol::Tcp && end.port == desired.ssh_port;
    service.endpoints.iter().any(taken).then(|| Conflict {
        thing: format!("service {}", service.name),
        found: format!("wants port {}, where sshd listens", desired.ssh_port),
        way_out: "give one of them another port".to_owned(),
    })
}
