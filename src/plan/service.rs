//! Services: what runs, in which slot, and how a new container takes over from an old one.

use std::time::Duration;

use super::{
    Conflict,
    crossing::{
        Crossing,
        note::{Source, note},
    },
    cutover::{Switch, addresses},
    data,
    decision::{Decision, containers, decide},
    drain::leaving,
    leftover::{Stopped, grace, is_up, leftover, retire},
    release::Keeping,
    reload,
    step::{ServiceStep, ServicesStep, Step, StepId, Undo},
};
use crate::{
    change::{Call, Change, Container, ContainerGone, Leaving, ReloadDone, Returns, ServiceMap},
    facts::state::{ContainerState, HostState},
    model::desired::{Desired, Service, Slot, UpdateOrder},
};

/// How long a container may take to become healthy whose service says nothing about it.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// What is done about a service: in its turn, and after every service had its turn.
#[derive(Debug, Default)]
pub struct Steps {
    /// The container that has to prove itself, and for how long: one that takes over from another longer than one that
    /// serves where none did.
    pub new: Option<(String, Duration)>,
    /// In its turn.
    pub now: Vec<Step>,
    /// Containers that get no new connections any more and are to drain.
    pub drain: Vec<Leaving>,
    /// When they have.
    pub after: Vec<Step>,
}

/// The steps of one service; the switch is turned with them.
pub fn steps(
    service: &Service,
    desired: &Desired,
    state: &HostState,
    switch: &mut Switch<'_>,
    keeping: &Keeping,
) -> Result<Steps, Conflict> {
    let turn = Turn { service, desired, state };
    let (now, serves, window) = match decide(service, desired, state, &switch.map) {
        Decision::Keep(found, slot) => (turn.keep(found, slot, switch), found.name.clone(), Duration::ZERO),
        Decision::Replace { slot, old } => {
            let name = service.container(&desired.platform, slot);
            if state.docker.foreign_containers.contains(&name) {
                return Err(Conflict {
                    thing: format!("container {name}"),
                    found: "a container that pryvctl did not create has this name".to_owned(),
                    way_out: format!("rename it: docker rename {name} NEWNAME"),
                });
            }
            let old = old.or_else(|| turn.in_the_way(&name).next());
            let window = if old.is_some() { service.rollout.monitor } else { Duration::ZERO };
            (turn.replace(slot, old, switch), name, window)
        }
    };
    let waits = now.iter().any(|step| matches!(step.change.call(), Some(Call::AwaitHealthy { .. })));
    let mut steps = Steps { new: waits.then(|| (serves.clone(), window)), now, ..Steps::default() };
    for found in containers(service, state).filter(|found| found.name != serves) {
        turn.retire(found, keeping, &mut steps);
    }
    Ok(steps)
}

/// Whether a step stops a container.
pub fn takes_away(step: &Step, name: &str) -> bool {
    matches!(step.change.call(), Some(Call::Stop { container, .. }) if container == name)
}

/// One service's turn.
struct Turn<'a> {
    service: &'a Service,
    desired: &'a Desired,
    state: &'a HostState,
}

impl Turn<'_> {
    fn id(&self, step: ServiceStep) -> StepId {
        StepId::Service(self.service.name.to_string(), step)
    }

    /// A container beside the one that serves now.
    fn retire(&self, found: &ContainerState, keeping: &Keeping, steps: &mut Steps) {
        let up = is_up(found) && !steps.now.iter().any(|step| takes_away(step, &found.name));
        let stopped = if up { Stopped::NotYet } else { Stopped::Already };
        let gone = retire(found, stopped, self.desired, keeping);
        match self.service.order {
            UpdateOrder::StartFirst => {
                let leads = !ServiceMap::to(self.service, Slot::A).is_empty();
                steps.drain.extend((up && leads).then(|| leaving(found, grace(found, self.desired))));
                steps.after.extend(gone);
            }
            // Two of them must not run for a moment longer.
            UpdateOrder::StopFirst => steps.now.extend(gone),
        }
    }

    fn keep(&self, found: &ContainerState, slot: Slot, switch: &mut Switch<'_>) -> Vec<Step> {
        let mut steps = Vec::new();
        if !found.serves() {
            steps.push(self.healthy(&found.name));
        }
        steps.extend(self.take_over(slot, switch));
        if !steps.is_empty() {
            steps.extend(self.probes());
        }
        steps.extend(reload::step(self.service, &found.name, self.desired, self.state));
        steps
    }

    fn replace(&self, slot: Slot, old: Option<&ContainerState>, switch: &mut Switch<'_>) -> Vec<Step> {
        let name = self.service.container(&self.desired.platform, slot);
        let mut steps = Vec::new();
        if let Some(found) = self.state.docker.containers.iter().find(|found| found.name == name) {
            steps.extend(leftover(found, Stopped::from(found), self.desired));
        }
        if self.service.order == UpdateOrder::StopFirst {
            let up: Vec<_> = self.in_the_way(&name).collect();
            if !up.is_empty() {
                steps.extend(self.aside(&up, switch));
            }
            steps.extend(up.into_iter().map(|found| self.stop(found)));
        }
        let image = &self.service.spec.image;
        steps.extend(note(
            self.id(ServiceStep::Data),
            self.service,
            Source::Named(image),
            self.desired,
            self.state,
        ));
        steps.push(self.start(&name, slot, old));
        steps.push(self.healthy(&name));
        steps.extend(self.take_over(slot, switch));
        steps.extend(self.probes());
        if reload::is_pending(self.service, self.state) {
            let done = Change::ReloadDone(ReloadDone(self.service.name.clone()));
            let undo = Undo::Nothing("the new container has read its files");
            steps.push(
                Step::safe(self.id(ServiceStep::Reloaded), done, undo)
                    .because(["the new container has read its files"]),
            );
        }
        steps
    }

    /// What has to stop before a new container starts, because it has the data open, perhaps under a name that the service had
    /// before.
    fn in_the_way(&self, name: &str) -> impl Iterator<Item = &ContainerState> {
        let Self { service, desired, state } = *self;
        let alone = service.order == UpdateOrder::StopFirst;
        let up =
            state.docker.containers.iter().filter(move |found| alone && is_up(found) && found.name != name);
        up.filter(move |found| data::is_of(found, service, desired, state))
    }

    fn start(&self, name: &str, slot: Slot, old: Option<&ContainerState>) -> Step {
        let Service { name: service, role, spec, hash, endpoints, .. } = self.service;
        let labels = [
            ("pryvctl.platform", self.desired.platform.as_str()),
            ("pryvctl.role", role.as_str()),
            ("pryvctl.service", service.as_str()),
            ("pryvctl.slot", slot.as_str()),
            ("pryvctl.spec", hash),
            ("pryvctl.restart", spec.restart.as_str()),
        ];
        let mut loopback: Vec<_> = endpoints.iter().map(|end| (end.protocol, end.target)).collect();
        loopback.sort_unstable();
        loopback.dedup();
        let container = Container {
            name: name.to_owned(),
            service: service.clone(),
            role: role.clone(),
            slot,
            spec: spec.clone(),
            loopback,
            labels: labels.map(|(key, value)| (key.to_owned(), value.to_owned())).into(),
        };
        let crossing = Crossing::forward(self.service, self.desired, self.state);
        let undo = match &crossing {
            Some(crossing) => crossing.undo(self.service, name, self.desired, self.state),
            // Others may have spoken with it already: what it wrote it must get the time to keep.
            None => {
                let gone = ContainerGone { name: name.to_owned(), grace: spec.grace() };
                Undo::change(Change::ContainerGone(gone))
            }
        };
        Step::safe(self.id(ServiceStep::Start), Change::Docker(Call::Start(Box::new(container))), undo)
            .because([self.reason(name, old)])
            .because(crossing.iter().map(ToString::to_string))
            .crossing(crossing)
    }

    /// Why a new container is started, from what is there.
    fn reason(&self, name: &str, old: Option<&ContainerState>) -> String {
        let image = &self.service.spec.image;
        match old {
            None => format!("{name}: none runs -> {image}"),
            Some(old) if old.image != *image => format!("{name}: {} ({}) -> {image}", old.image, old.name),
            Some(old) if !self.service.made(&old.hash) => {
                format!("{name}: {} was made from another specification", old.name)
            }
            Some(old) if is_up(old) && old.is_leaving => {
                format!("{name}: {} was being stopped, or does not start again with the host", old.name)
            }
            Some(old) => {
                let health = old.health.as_deref().unwrap_or("no health check");
                format!("{name}: {} is {} ({health})", old.name, old.status)
            }
        }
    }

    fn healthy(&self, name: &str) -> Step {
        let within = self.service.healthy_within;
        let change = Change::Docker(Call::AwaitHealthy { containers: vec![name.to_owned()], within });
        Step::safe(self.id(ServiceStep::Healthy), change, Undo::Nothing("waiting changes nothing"))
            .because([format!("{name} must be healthy within {} s", within.as_secs())])
    }

    fn take_over(&self, slot: Slot, switch: &mut Switch<'_>) -> Option<Step> {
        let next = switch.map.with(&ServiceMap::to(self.service, slot));
        switch.turn(self.id(ServiceStep::CutOver), next)
    }

    /// Nobody may come while none runs: callers are refused at once instead of waiting for a container that is gone.
    fn aside(&self, leaving: &[&ContainerState], switch: &mut Switch<'_>) -> Option<Step> {
        let to_them = switch.map.leading_to(&addresses(leaving));
        let next = switch.map.without(&ServiceMap::to(self.service, Slot::A)).without(&to_them);
        switch.turn(self.id(ServiceStep::Aside), next)
    }

    fn probes(&self) -> impl Iterator<Item = Step> {
        self.service.health.iter().zip(1..).map(|(check, number)| {
            let change = Change::AwaitProbe { probe: check.probe.clone(), within: check.within };
            let undo = Undo::Nothing("asking changes nothing");
            Step::safe(self.id(ServiceStep::Probe(number)), change, undo).because([format!(
                "{} must answer within {} s",
                check.probe,
                check.within.as_secs()
            )])
        })
    }

    /// Only one container may run: the old one makes room, and is started again if the new one fails.
    fn stop(&self, old: &ContainerState) -> Step {
        let change =
            Change::Docker(Call::Stop { container: old.name.clone(), grace: grace(old, self.desired) });
        let undo = Undo::change(Change::Returns(Returns::one(old)));
        Step::safe(self.id(ServiceStep::Stop(old.name.clone())), change, undo)
            .because([format!("{} makes room: only one container of this service may run", old.name)])
    }
}

/// The step that watches new containers, all at once, until Docker has found each healthy and the longest of their windows
/// is over.
pub fn watch(new: &[(String, Duration)]) -> Option<Step> {
    let window = new.iter().map(|(_, window)| *window).max()?;
    let containers: Vec<String> = new.iter().map(|(name, _)| name.clone()).collect();
    let why = format!("{} must stay healthy, for at least {} s", containers.join(" "), window.as_secs());
    let change = Change::Docker(Call::Watch { containers, window });
    let undo = Undo::Nothing("what was replaced is still there to go back to");
    Some(Step::safe(StepId::Services(ServicesStep::Watch), change, undo).because([why]))
}
