//! containerd, bridges, and a Docker that does not answer.

use std::net::IpAddr;

use super::*;
use crate::plan::simulated::carry_out;

#[test]
fn containerd_is_started_and_a_bridge_comes_up() {
    let (desired, mut state) = standing();
    state.system.units.get_mut(CONTAINERD).unwrap().active = false;
    state.net.links.routes.clear();
    insta::assert_snapshot!(planned(&desired, &state), @r"
    engine.containerd
        containerd.service: not running -> started; running containers keep running
    engine.bridges
        br-0123456789ab: down, or without its route -> up, with its addresses and route
    ");
}

/// `ip link set up` gives nothing to a bridge that was up all the time.
#[test]
fn what_was_flushed_from_a_bridge_comes_back() {
    let (desired, mut state) = standing();
    state.net.links.routes.clear();
    let plan = planned(&desired, &state);
    let command = plan.steps[0].change.command().unwrap();
    let script = &command.script;
    let (down, up) = ("ip link set 'br-0123456789ab' down\n", "ip link set 'br-0123456789ab' up\n");
    assert!(script.find(down).unwrap() < script.find(up).unwrap(), "{script}");
    for family in ["-4", "-6"] {
        assert!(script.contains(&format!("ip {family} address replace \"$gateway\" ")), "{script}");
    }
}

#[test]
fn a_bridge_without_its_ipv6_route_is_drift_where_a_container_has_an_address_of_it() {
    let (desired, mut state) = standing();
    state.net.links.routes.retain(|route| route.to.addr().is_ipv4());
    let plan = planned(&desired, &state);
    assert!(plan.to_string().contains("br-0123456789ab: down, or without its route"), "{plan}");
    for found in &mut state.docker.containers {
        found.addresses.values_mut().for_each(|all| all.retain(IpAddr::is_ipv4));
    }
    assert_eq!(planned(&desired, &state).to_string(), "");
}

#[test]
fn checks_that_docker_forgot_begin_again() {
    let (desired, mut state) = standing();
    let core = state.docker.containers.iter_mut().find(|found| found.name == "acme_core_a").unwrap();
    core.is_unchecked = true;
    let plan = planned(&desired, &state);
    insta::assert_snapshot!(plan, @r"
    engine.checks
        acme_core_a: Docker stopped checking its health -> checks again; it pauses for a moment
    ");
    let command = plan.steps[0].change.command().unwrap();
    assert!(command.script.contains("\nchecks 'acme_core_a'\nchecked "), "{}", command.script);
}

/// Without containerd no check passes, and whoever is found ill for that reason is not replaced.
#[test]
fn what_fell_ill_without_containerd_is_checked_again_before_it_is_replaced() {
    let (desired, mut state) = standing();
    state.system.units.get_mut(CONTAINERD).unwrap().active = false;
    state.docker.containers.iter_mut().for_each(|found| found.health = Some("unhealthy".to_owned()));
    let plan = planned(&desired, &state);
    insta::assert_snapshot!(plan, @r"
    engine.containerd
        containerd.service: not running -> started; running containers keep running
        what else is to be done shows when the containers have been checked again
    ");
    assert_eq!(plan.up_to_next_look(), plan.steps);
    state.system.units.get_mut(CONTAINERD).unwrap().active = true;
    assert!(planned(&desired, &state).to_string().contains("service.core.start"));
}

#[test]
fn a_bridge_that_is_gone_comes_with_dockerd_and_its_containers_start_anew() {
    let (desired, mut state) = standing();
    state.net.links.routes.clear();
    state.net.links.names.remove(BRIDGE);
    let plan = planned(&desired, &state);
    insta::assert_snapshot!(plan, @r"
    engine.rules
        br-0123456789ab: the bridge is gone
        dockerd restarts and makes them again; running containers keep running
        acme_redis_a restarts: its network is gone
        acme_core_a restarts: its network is gone
    ");
    let command = plan.steps[0].change.command().unwrap();
    let core = state.docker.containers.iter().find(|found| found.name == "acme_core_a").unwrap();
    let patient = format!(
        "docker restart --time {} 'acme_core_a'",
        crate::change::whole_seconds(grace(core, &desired))
    );
    assert!(command.script.contains(&patient), "{}", command.script);
}

/// Nothing is known of what a sleeping Docker has, so nothing else is planned.
#[test]
fn a_docker_that_sleeps_is_woken_before_anything_else() {
    for (asleep, line) in [
        (Asleep::Stopped, "docker.service: not running -> started"),
        (Asleep::Deaf, "/run/docker.sock: gone -> dockerd restarts; running containers keep running"),
    ] {
        let (desired, mut state) = standing();
        state.docker.asleep = Some(asleep);
        state.docker.containers.clear();
        for goal in [Goal::Harden, Goal::Install, Goal::Rollback] {
            let plan = crate::plan::plan(&desired, &state, goal).unwrap();
            assert_eq!(ids(&plan), "engine.start");
            assert!(plan.to_string().contains(line), "{plan}");
        }
    }
}

/// What `daemon.json` says is not yet what dockerd does.
#[test]
fn a_deaf_docker_is_stopped_only_if_its_containers_go_on() {
    let (_, mut state) = standing();
    state.docker.asleep = Some(Asleep::Deaf);
    let deaf = |state: &HostState| wake(state).unwrap().change.command().unwrap().script;
    let checked = deaf(&state);
    let (asked, stopped) = (checked.find("exit 1").unwrap(), checked.find("systemctl stop").unwrap());
    assert!(asked < stopped && checked.contains("live-restore[\\\\\"]*: *true"), "{checked}");
    switch(&mut state, LIVE, "true");
    assert!(deaf(&state).starts_with("systemctl stop"));
}

/// Containers start with Docker, and with them the ports they publish.
#[test]
fn doors_are_closed_before_a_docker_that_sleeps_is_woken() {
    let (desired, mut state) = standing();
    state.docker.asleep = Some(Asleep::Stopped);
    state.net.tables.clear();
    for (goal, steps) in [
        (Goal::Harden, "firewall.table engine.start"),
        (Goal::Install, "firewall.table engine.start"),
        (Goal::Rollback, "engine.start"),
    ] {
        assert_eq!(ids(&crate::plan::plan(&desired, &state, goal).unwrap()), steps);
    }
    state.system.commands.clear();
    let plan = crate::plan::plan(&desired, &state, Goal::Harden).unwrap();
    assert_eq!(ids(&plan), "packages.commands firewall.table engine.start");
}

#[test]
fn the_way_back_mends_first_what_containers_stand_on() {
    let (mut desired, mut state) = standing();
    crate::plan::tests::upgrade(&mut desired, "core", 2);
    state = crate::plan::tests::reached(&desired, &state);
    footing(&mut state).forwards = false;
    footing(&mut state).rules = None;
    let plan = crate::plan::plan(&desired, &state, Goal::Rollback).unwrap();
    assert!(ids(&plan).starts_with("engine.forwarding back."), "{plan}");
}

/// A kind of change says what it makes of a host: what was mended is mended.
#[test]
fn nothing_is_left_to_mend_when_the_steps_are_done() {
    let breaks: [fn(&mut HostState); 7] = [
        |state| state.docker.asleep = Some(Asleep::Stopped),
        |state| state.docker.asleep = Some(Asleep::Deaf),
        |state| state.system.units.get_mut(CONTAINERD).unwrap().active = false,
        |state| state.net.links.routes.clear(),
        |state| {
            state.net.links.routes.clear();
            state.net.links.names.retain(|name| name != BRIDGE);
        },
        |state| footing(state).rules = Some(Vec::new()),
        |state| state.docker.containers.iter_mut().for_each(|found| found.is_unchecked = true),
    ];
    for (number, broken) in breaks.into_iter().enumerate() {
        let (desired, mut state) = standing();
        broken(&mut state);
        let plan = planned(&desired, &state);
        assert!(!plan.is_empty(), "{number}");
        plan.steps.iter().for_each(|step| carry_out(step, &mut state, &desired));
        assert_eq!(planned(&desired, &state).to_string(), "", "{number}");
    }
}
