//! What Docker stands on and we do not own: where it broke, it is mended in the gentlest way.

pub mod checks;
mod rules;
#[cfg(test)]
mod tests;

use std::time::Duration;

use serde_json::Value;

use super::{
    engine::{LIVE_RESTORE, RESTART},
    leftover::{grace, whole_seconds},
    step::{Step, Undo},
};
use crate::{
    change::{Change, Sysctls},
    facts::{
        control::route::RouteOrigin,
        state::{Asleep, ContainerState, HostState},
    },
    model::{
        command::{Command, quote},
        desired::Desired,
    },
};

const CONTAINERD: &str = "containerd.service";

const LIVE: &str = "live-restore";

const NO_UNDO: Undo = Undo::Nothing("it was so before somebody changed it");

/// Waits until Docker answers.
const ANSWERS: &str = r#"turns=0
until docker info >/dev/null 2>&1; do
turns=$((turns+1)); [ $turns -lt 240 ] || { echo 'Docker does not answer within 120 s' >&2; exit 1; }; sleep 0.5
done
"#;

/// Waits until Docker has found out again how our containers are: after its start all are "starting", and without containerd
/// no check passes. One that does not get well is the next look's business.
const SETTLED: &str = r#"turns=0
while [ $turns -lt 120 ] && [ -n "$(docker ps -q --filter label=pryvctl.platform --filter health=starting --filter health=unhealthy)" ]; do
turns=$((turns+1)); sleep 0.5
done"#;

/// What follows a start of dockerd or containerd.
fn awake() -> String {
    format!("{ANSWERS}{}{}{SETTLED}", checks::BEGIN, checks::OURS)
}

/// The step without which nothing else can be planned: Docker cannot be asked for its containers.
pub fn wake(state: &HostState) -> Option<Step> {
    let asleep = state.asleep?;
    let (script, why) = match asleep {
        Asleep::Stopped => (
            "systemctl reset-failed containerd docker 2>/dev/null || true; systemctl start docker".to_owned(),
            "docker.service: not running -> started; what else is to be done shows when it answers"
                .to_owned(),
        ),
        Asleep::Deaf => (deaf(state), format!("/run/docker.sock: gone -> dockerd restarts; {}", cost(state))),
    };
    let action = Change::Run(Command::root(format!("{script}\n{}", awake())).within(RESTART));
    Some(Step::safe("engine.start", action, NO_UNDO).because([why]).looked_after())
}

/// Only systemd can make the socket again, and not while dockerd has it. dockerd cannot be asked whether it has taken up
/// live-restore, so it is told to, and its journal says when it did. Where it does not, nothing is stopped: the plan said
/// that containers go on.
fn deaf(state: &HostState) -> String {
    let take_up = if is_live(state) && !is_switched_on(state) { TAKE_UP } else { "" };
    format!(
        "{take_up}systemctl stop docker.socket docker.service
rm -f /run/docker.sock
systemctl reset-failed docker.socket docker.service 2>/dev/null || true
systemctl start docker.socket docker.service"
    )
}

const TAKE_UP: &str = r#"since=$(date +%s); systemctl reload docker || true; turns=0
until journalctl -q -o cat -u docker --since "@$since" | grep -q 'Reloaded configuration.*live-restore[\\"]*: *true'; do
turns=$((turns+1)); [ $turns -lt 40 ] || {
echo 'dockerd does not say that it has taken up live-restore, and without it a restart would stop every container: systemctl restart docker' >&2
exit 1; }
sleep 0.5
done
"#;

/// The steps that mend what a Docker that answers stands on. A container that fell ill meanwhile may be well again when they are
/// done, so what else is to be done is planned after another look.
pub fn steps(desired: &Desired, state: &HostState) -> Vec<Step> {
    if state.engine.is_none() {
        return Vec::new();
    }
    let mut steps: Vec<Step> = containerd(state)
        .into_iter()
        .chain(forwarding(state))
        .chain(bridges(state))
        .chain(restart(desired, state))
        .chain(checks::step(state))
        .collect();
    if let Some(last) = steps.last_mut().filter(|_| state.containers.iter().any(ContainerState::is_ill)) {
        last.look_again = true;
        last.why.push("what else is to be done shows when the containers have been checked again".to_owned());
    }
    steps
}

fn containerd(state: &HostState) -> Option<Step> {
    let unit = state.units.get(CONTAINERD)?;
    (unit.exists && !unit.active && !unit.masked).then(|| {
        let script = format!(
            "systemctl reset-failed {CONTAINERD} 2>/dev/null || true; systemctl start {CONTAINERD}\n{}",
            awake()
        );
        let action = Change::Run(Command::root(script).within(RESTART));
        let why = [format!("{CONTAINERD}: not running -> started; running containers go on")];
        Step::safe("engine.containerd", action, NO_UNDO).because(why)
    })
}

/// Docker switches it on when it starts, and never looks again. A host that forwards IPv6 drops the default route that a
/// router announced, and with it the login of whoever came over IPv6: there it stays off.
fn forwarding(state: &HostState) -> Option<Step> {
    let footing = state.footing.as_ref()?;
    if rules::ours(state).all(|(_, network)| network.bridge.is_none())
        || says(state, "ip-forward", &Value::Bool(false))
    {
        return None;
    }
    let has_six =
        rules::ours(state).any(|(_, network)| network.subnets.iter().any(|subnet| subnet.contains(':')));
    let six = has_six && state.route6 != Some(RouteOrigin::Announced);
    let off = [
        ("net.ipv4.ip_forward", footing.forwards),
        ("net.ipv6.conf.all.forwarding", !six || footing.forwards6.unwrap_or(true)),
    ];
    let off: Vec<&str> = off.into_iter().filter(|(_, on)| !on).map(|(key, _)| key).collect();
    (!off.is_empty()).then(|| {
        let on = off.iter().map(|key| ((*key).to_owned(), "1".to_owned())).collect();
        let why = off.iter().map(|key| format!("{key}: 0 -> 1, without which no packet reaches a container"));
        Step::safe("engine.forwarding", Change::Sysctl(Sysctls(on)), NO_UNDO).because(why)
    })
}

/// The route to a network's containers goes with its bridge when somebody takes that down, and so do its IPv6 addresses, which
/// do not come back by themselves: Docker knows the ones that its containers go by. Whoever flushes addresses or routes leaves
/// the bridge up, and Docker never looks again.
fn bridges(state: &HostState) -> Option<Step> {
    let unreached: Vec<&str> = rules::unreached(state).collect();
    let is_down = |bridge: &str| unreached.contains(&bridge) && state.links.names.contains(bridge);
    let down: Vec<(&str, &str)> = rules::ours(state)
        .filter_map(|(name, network)| Some((name, network.bridge.as_deref()?)))
        .filter(|(_, bridge)| is_down(bridge))
        .collect();
    (!down.is_empty()).then(|| {
        let script: String = down.iter().map(|(name, bridge)| up(&quote(name), &quote(bridge))).collect();
        let why = down.iter().map(|(_, bridge)| {
            format!("{bridge}: down, or without its route -> up, with its addresses and route")
        });
        Step::safe("engine.bridges", Change::Run(Command::root(format!("set -e\n{script}"))), NO_UNDO)
            .because(why)
    })
}

/// Down and up: the kernel makes routes and link-local addresses of a bridge that is up already at no other time.
fn up(network: &str, bridge: &str) -> String {
    let gateways = "{{range $name, $end := .NetworkSettings.Networks}}{{$name}} {{$end.IPv6Gateway}}/{{$end.GlobalIPv6PrefixLen}}{{println}}\
                    {{$name}} {{$end.Gateway}}/{{$end.IPPrefixLen}}{{println}}{{end}}";
    format!(
        "ip link set {bridge} down
ip link set {bridge} up
docker ps -q --filter network={network} | xargs -r docker inspect -f '{gateways}' | sort -u |
while read -r name gateway; do
case $name,$gateway in
{network},*:*) ip -6 address replace \"$gateway\" dev {bridge} nodad ;;
{network},[0-9]*) ip -4 address replace \"$gateway\" brd + dev {bridge} ;;
esac
done
"
    )
}

/// dockerd makes its rules and bridges when it starts, and at no other time.
fn restart(desired: &Desired, state: &HostState) -> Option<Step> {
    let gone: Vec<&str> =
        rules::unreached(state).filter(|bridge| !state.links.names.contains(*bridge)).collect();
    let mut why = rules::missing(desired, state);
    why.extend(gone.iter().map(|bridge| format!("{bridge}: the bridge is gone")));
    if why.is_empty() {
        return None;
    }
    why.push(format!("dockerd restarts and makes them again; {}", cost(state)));
    let mut script = format!(
        "back() {{ :; }}{LIVE_RESTORE}systemctl reset-failed docker 2>/dev/null || true; systemctl restart docker\n"
    );
    // A container whose bridge went has lost its end of it.
    let mut within = RESTART + Duration::from_secs(60);
    for found in rules::attached(state, &gone) {
        let grace = grace(found, desired);
        why.push(format!("{} restarts: its network is gone", found.name));
        let (name, seconds) = (quote(&found.name), whole_seconds(grace));
        script = format!("{script}docker restart --time {seconds} {name} >/dev/null\n");
        within += grace;
    }
    let action = Change::Run(Command::root(format!("{script}{}", awake())).within(within));
    Some(Step::safe("engine.rules", action, NO_UNDO).because(why))
}

/// What a restart of dockerd costs.
fn cost(state: &HostState) -> &'static str {
    if is_live(state) {
        "running containers go on"
    } else {
        "without live-restore all containers of this host stop, and start again"
    }
}

fn is_live(state: &HostState) -> bool {
    !state.is_in_swarm() && says(state, LIVE, &Value::Bool(true))
}

/// Whether dockerd was started with it, and so has it for sure.
fn is_switched_on(state: &HostState) -> bool {
    let switch = state.footing.as_ref().and_then(|footing| footing.switch(LIVE));
    switch == Some(Value::Bool(true))
}

/// What dockerd was told.
fn says(state: &HostState, key: &str, value: &Value) -> bool {
    state.daemon_option(key).as_ref() == Some(value)
}
