//! What Docker stands on and we do not own: where it broke, it is mended in the gentlest way.

pub mod checks;
mod rules;
#[cfg(test)]
mod tests;
mod way;

use serde_json::Value;

use self::way::{NO_UNDO, says};
use super::{
    leftover::grace,
    step::{EngineStep, Step, StepId},
};
use crate::{
    change::{Bridges, Change, ContainerdStart, EngineRestart, EngineStart, Sysctls, engine::CONTAINERD},
    facts::{
        control::route::RouteOrigin,
        state::{Asleep, ContainerState, HostState},
    },
    model::desired::Desired,
};

const LIVE: &str = "live-restore";

/// The step without which nothing else can be planned: Docker cannot be asked for its containers.
pub fn wake(state: &HostState) -> Option<Step> {
    let asleep = state.docker.asleep?;
    let (start, why) = match asleep {
        Asleep::Stopped => (
            EngineStart::Stopped,
            "docker.service: not running -> started; what else is to be done shows when it answers"
                .to_owned(),
        ),
        Asleep::Deaf => (
            EngineStart::Deaf { take_up: is_live(state) && !is_switched_on(state) },
            format!("/run/docker.sock: gone -> dockerd restarts; {}", cost(state)),
        ),
    };
    Some(
        Step::safe(StepId::Engine(EngineStep::Start), Change::EngineStart(start), NO_UNDO)
            .because([why])
            .looked_after(),
    )
}

/// The steps that mend what a Docker that answers stands on. A container that fell ill meanwhile may be well again when they are
/// done, so what else is to be done is planned after another look.
pub fn steps(desired: &Desired, state: &HostState) -> Vec<Step> {
    if state.docker.engine.is_none() {
        return Vec::new();
    }
    let mut steps: Vec<Step> = containerd(state)
        .into_iter()
        .chain(forwarding(state))
        .chain(bridges(state))
        .chain(restart(desired, state))
        .chain(checks::step(state))
        .collect();
    if let Some(last) =
        steps.last_mut().filter(|_| state.docker.containers.iter().any(ContainerState::is_ill))
    {
        last.look_again = true;
        last.why.push("what else is to be done shows when the containers have been checked again".to_owned());
    }
    steps
}

fn containerd(state: &HostState) -> Option<Step> {
    let unit = state.system.units.get(CONTAINERD)?;
    (unit.exists && !unit.active && !unit.masked).then(|| {
        let why = [format!("{CONTAINERD}: not running -> started; running containers keep running")];
        Step::safe(StepId::Engine(EngineStep::Containerd), Change::ContainerdStart(ContainerdStart), NO_UNDO)
            .because(why)
    })
}

/// Docker switches it on when it starts, and never looks again. A host that forwards IPv6 drops the default route that a
/// router announced, and with it the login of whoever came over IPv6: there it stays off.
fn forwarding(state: &HostState) -> Option<Step> {
    let footing = state.docker.footing.as_ref()?;
    if rules::ours(state).all(|(_, network)| network.bridge.is_none())
        || says(state, "ip-forward", &Value::Bool(false))
    {
        return None;
    }
    let has_six =
        rules::ours(state).any(|(_, network)| network.subnets.iter().any(|subnet| subnet.contains(':')));
    let six = has_six && state.hardening.route6 != Some(RouteOrigin::Announced);
    let off = [
        ("net.ipv4.ip_forward", footing.forwards),
        ("net.ipv6.conf.all.forwarding", !six || footing.forwards6.unwrap_or(true)),
    ];
    let off: Vec<&str> = off.into_iter().filter(|(_, on)| !on).map(|(key, _)| key).collect();
    (!off.is_empty()).then(|| {
        let on = off.iter().map(|key| ((*key).to_owned(), "1".to_owned())).collect();
        let why = off.iter().map(|key| format!("{key}: 0 -> 1, without which no packet reaches a container"));
        Step::safe(StepId::Engine(EngineStep::Forwarding), Change::Sysctl(Sysctls(on)), NO_UNDO).because(why)
    })
}

/// The route to a network's containers goes with its bridge when somebody takes that down, and so do its IPv6 addresses, which
/// do not come back by themselves: Docker knows the ones that its containers go by. Whoever flushes addresses or routes leaves
/// the bridge up, and Docker never looks again.
fn bridges(state: &HostState) -> Option<Step> {
    let unreached: Vec<&str> = rules::unreached(state).collect();
    let is_down = |bridge: &str| unreached.contains(&bridge) && state.net.links.names.contains(bridge);
    let down: Vec<(String, String)> = rules::ours(state)
        .filter_map(|(name, network)| Some((name, network.bridge.as_deref()?)))
        .filter(|(_, bridge)| is_down(bridge))
        .map(|(name, bridge)| (name.to_owned(), bridge.to_owned()))
        .collect();
    let why = down.iter().map(|(_, bridge)| {
        format!("{bridge}: down, or without its route -> up, with its addresses and route")
    });
    let why: Vec<String> = why.collect();
    (!down.is_empty()).then(|| {
        Step::safe(StepId::Engine(EngineStep::Bridges), Change::Bridges(Bridges(down)), NO_UNDO).because(why)
    })
}

/// dockerd makes its rules and bridges when it starts, and at no other time.
fn restart(desired: &Desired, state: &HostState) -> Option<Step> {
    let gone: Vec<&str> =
        rules::unreached(state).filter(|bridge| !state.net.links.names.contains(*bridge)).collect();
    let mut why = rules::missing(desired, state);
    why.extend(gone.iter().map(|bridge| format!("{bridge}: the bridge is gone")));
    if why.is_empty() {
        return None;
    }
    why.push(format!("dockerd restarts and makes them again; {}", cost(state)));
    // A container whose bridge went has lost its end of it.
    let cut_off = rules::attached(state, &gone).map(|found| (found.name.clone(), grace(found, desired)));
    let cut_off: Vec<_> = cut_off.collect();
    why.extend(cut_off.iter().map(|(name, _)| format!("{name} restarts: its network is gone")));
    let restart = Change::EngineRestart(EngineRestart::of(&cut_off, is_live(state)));
    Some(Step::safe(StepId::Engine(EngineStep::Rules), restart, NO_UNDO).because(why))
}

/// What a restart of dockerd costs.
fn cost(state: &HostState) -> &'static str {
    if is_live(state) {
        "running containers keep running"
    } else {
        "without live-restore all containers of this host stop, and start again"
    }
}

fn is_live(state: &HostState) -> bool {
    !state.is_in_swarm() && says(state, LIVE, &Value::Bool(true))
}

/// Whether dockerd was started with it, and so has it for sure.
fn is_switched_on(state: &HostState) -> bool {
    let switch = state.docker.footing.as_ref().and_then(|footing| footing.switch(LIVE));
    switch == Some(Value::Bool(true))
}
