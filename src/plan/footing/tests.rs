//! What somebody breaks below Docker is drift, and is mended in the gentlest way.

mod standing;

use serde_json::json;

use super::*;
use crate::{
    facts::{footing::Footing, link::Route, state::NetworkState, state::UnitState},
    plan::{
        Goal,
        tests::{converged, ids, planned},
    },
};

const BRIDGE: &str = "br-0123456789ab";

/// As Docker 20.10 and 26 have them for one network and one container that a port leads to.
const RULES: [&str; 6] = [
    "nat -A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER",
    "nat -A POSTROUTING -s 172.28.0.0/24 ! -o br-0123456789ab -j MASQUERADE",
    "filter -A FORWARD -j DOCKER-USER",
    "filter -A FORWARD -j DOCKER-ISOLATION-STAGE-1",
    "filter -A FORWARD -o br-0123456789ab -j DOCKER",
    "filter -A DOCKER -d 172.28.0.2/32 ! -i br-0123456789ab -o br-0123456789ab -p tcp -m tcp --dport 3000 -j ACCEPT",
];

fn standing() -> (Desired, HostState) {
    let (desired, mut state) = converged();
    let subnets = vec!["172.28.0.0/24".to_owned(), "fd00:28::/64".to_owned()];
    let network =
        NetworkState { subnets, ours: true, bridge: Some(BRIDGE.to_owned()), ..NetworkState::default() };
    state.docker.networks.insert("acme_front".to_owned(), network);
    state.net.links.names = [BRIDGE, "eth0"].map(str::to_owned).into();
    let routes = ["172.28.0.0/24", "fd00:28::/64"].map(|to| to.parse().unwrap());
    state.net.links.routes = routes.map(|to| Route { to, by: BRIDGE.to_owned() }).into();
    let unit = UnitState { exists: true, enabled: true, active: true, masked: false };
    for name in ["containerd.service", "docker.service", "docker.socket"] {
        state.system.units.insert(name.to_owned(), unit);
    }
    state.docker.footing = Some(Footing {
        dockerd: true,
        socket: true,
        forwards: true,
        forwards6: Some(true),
        rules: Some(RULES.map(str::to_owned).into()),
        ..Footing::default()
    });
    (desired, state)
}

fn footing(state: &mut HostState) -> &mut Footing {
    state.docker.footing.as_mut().unwrap()
}

fn switch(state: &mut HostState, key: &str, value: &str) {
    footing(state).switches.insert(key.to_owned(), vec![value.to_owned()]);
}

fn without(state: &mut HostState, part: &str) {
    footing(state).rules.as_mut().unwrap().retain(|rule| !rule.contains(part));
}

#[test]
fn a_host_that_stands_is_left_alone() {
    let (desired, state) = standing();
    assert_eq!(planned(&desired, &state).to_string(), "");
}

#[test]
fn every_rule_that_goes_is_drift() {
    for (gone, line) in [
        ("nat -A PREROUTING", "table nat: no way from PREROUTING to Docker's rules"),
        ("MASQUERADE", "table nat: no masquerading for acme_front"),
        ("filter -A FORWARD -j", "table filter: no way from FORWARD to Docker's rules"),
        (" -o br-", "table filter: no rule for the network acme_front"),
        ("-d 172.28.0.2/32", "table filter: nothing lets packets to acme_core_a pass"),
    ] {
        let (desired, mut state) = standing();
        without(&mut state, gone);
        if gone == "filter -A FORWARD -j" {
            without(&mut state, "-j DOCKER");
        }
        let plan = planned(&desired, &state);
        assert_eq!(ids(&plan), "engine.rules", "{gone}");
        assert!(plan.to_string().contains(line), "{gone}: {plan}");
        assert_eq!(ids(&super::super::plan(&desired, &state, Goal::Harden).unwrap()), "engine.rules");
    }
}

#[test]
fn what_a_restart_costs_is_said() {
    let (desired, mut state) = standing();
    footing(&mut state).rules = Some(Vec::new());
    insta::assert_snapshot!(planned(&desired, &state), @r"
    engine.rules
        table nat: no way from PREROUTING to Docker's rules
        table filter: no way from FORWARD to Docker's rules
        table filter: no rule for the network acme_front
        table nat: no masquerading for acme_front
        table filter: nothing lets packets to acme_core_a pass
        dockerd restarts and makes them again; running containers keep running
    ");
    state.docker.engine.as_mut().unwrap().swarm = true;
    let said = restart(&desired, &state).unwrap().why;
    assert!(said.last().unwrap().contains("all containers of this host stop"), "{said:?}");
}

/// Whoever told Docker to keep its hands off the packet filter misses nothing.
#[test]
fn rules_that_are_not_dockers_task_are_not_missed() {
    for (key, value) in [("iptables", json!(false)), ("firewall-backend", json!("nftables"))] {
        let (desired, mut state) = standing();
        footing(&mut state).rules = Some(Vec::new());
        state.docker.daemon_json.as_mut().unwrap()[key] = value;
        assert_eq!(restart(&desired, &state), None, "{key}");
    }
    let (desired, mut state) = standing();
    without(&mut state, "MASQUERADE");
    state.docker.daemon_json.as_mut().unwrap()["ip-masq"] = json!(false);
    assert_eq!(restart(&desired, &state), None);
}

/// A switch on dockerd's command line stands above the file.
#[test]
fn what_dockerd_was_started_with_counts() {
    let (desired, mut state) = standing();
    footing(&mut state).rules = Some(Vec::new());
    switch(&mut state, "iptables", "false");
    assert_eq!(restart(&desired, &state), None);
    let (desired, mut state) = standing();
    without(&mut state, "MASQUERADE");
    state.docker.daemon_json.as_mut().unwrap()["ip-masq"] = json!(true);
    switch(&mut state, "ip-masq", "0");
    assert_eq!(restart(&desired, &state), None);
    state.docker.daemon_json.as_mut().unwrap()["live-restore"] = json!(false);
    assert!(!is_live(&state));
    switch(&mut state, "live-restore", "");
    assert!(is_live(&state));
}

#[test]
fn dockerd_refuses_what_both_its_command_line_and_its_file_say() {
    let (mut desired, mut state) = standing();
    desired.engine.daemon.insert("log-opts".to_owned(), json!({ "max-size": "10m" }));
    desired.engine.daemon.insert("icc".to_owned(), json!(false));
    switch(&mut state, "icc", "false");
    let plan = planned(&desired, &state).to_string();
    assert!(plan.contains("log-opts") && !plan.contains("icc"), "{plan}");
    switch(&mut state, "log-opt", "");
    let conflicts = super::super::plan(&desired, &state, Goal::Harden).unwrap_err();
    insta::assert_snapshot!(conflicts[0], @"`log-opts` in /etc/docker/daemon.json: dockerd is started with --log-opt; dockerd refuses to start if the option is also in daemon.json; remove the option from the unit (`systemctl cat docker`, /etc/default/docker) and restart Docker, or skip the control");
}

/// The site's own jump is none of Docker's.
#[test]
fn a_way_to_the_sites_rules_is_no_way_to_dockers() {
    let (desired, mut state) = standing();
    without(&mut state, "-j DOCKER-ISOLATION-STAGE-1");
    without(&mut state, "FORWARD -o");
    footing(&mut state)
        .rules
        .as_mut()
        .unwrap()
        .push(format!("filter -A DOCKER-BRIDGE -o {BRIDGE} -j DOCKER"));
    let missing = rules::missing(&desired, &state);
    assert_eq!(missing, ["table filter: no way from FORWARD to Docker's rules"]);
}

/// With `bridge: none` and networks that reach no outside Docker makes no way to them.
#[test]
fn networks_without_an_outside_need_no_way_to_it() {
    let (mut desired, mut state) = standing();
    desired.services.clear();
    state.docker.networks.values_mut().for_each(|network| network.internal = true);
    footing(&mut state).rules = Some(vec![format!("filter -A DOCKER-ISOLATION-STAGE-1 -o {BRIDGE} -j DROP")]);
    assert_eq!(rules::missing(&desired, &state), Vec::<String>::new());
    state.docker.networks.insert(
        "bridge".to_owned(),
        NetworkState {
            subnets: vec!["172.17.0.0/16".to_owned()],
            bridge: Some("docker0".to_owned()),
            ..NetworkState::default()
        },
    );
    assert_eq!(rules::missing(&desired, &state).len(), 2);
}

/// Docker 27 makes rules for IPv6 by itself, an older one where it is told to.
#[test]
fn rules_for_ipv6_are_missed_where_docker_makes_them() {
    let (desired, mut state) = standing();
    footing(&mut state).rules6 = Some(Vec::new());
    state.docker.engine.as_mut().unwrap().version = "26.1.5+dfsg1".to_owned();
    assert_eq!(rules::missing(&desired, &state), Vec::<String>::new());
    state.docker.engine.as_mut().unwrap().version = "28.3.0".to_owned();
    let all = [
        "table ip6 nat: no way from PREROUTING to Docker's rules",
        "table ip6 filter: no way from FORWARD to Docker's rules",
        "table ip6 filter: no rule for the network acme_front",
        "table ip6 nat: no masquerading for acme_front",
    ];
    assert_eq!(rules::missing(&desired, &state), all);
    state.docker.engine.as_mut().unwrap().version = "20.10.24".to_owned();
    state.docker.daemon_json.as_mut().unwrap()["ip6tables"] = json!(true);
    switch(&mut state, "experimental", "true");
    assert_eq!(rules::missing(&desired, &state), all);
    footing(&mut state).rules6 = Some(
        RULES.map(|rule| rule.replace("172.28.0.0/24", "fd00:28::/64").replace("172.28.0.2/32", "")).into(),
    );
    assert_eq!(rules::missing(&desired, &state), Vec::<String>::new());
}

#[test]
fn forwarding_is_switched_on_again() {
    let (desired, mut state) = standing();
    footing(&mut state).forwards = false;
    footing(&mut state).forwards6 = Some(false);
    insta::assert_snapshot!(planned(&desired, &state), @r"
    engine.forwarding
        net.ipv4.ip_forward: 0 -> 1, without which no packet reaches a container
        net.ipv6.conf.all.forwarding: 0 -> 1, without which no packet reaches a container
    ");
    // The kernel would take the route away over which the administrator came.
    state.hardening.route6 = Some(RouteOrigin::Announced);
    assert_eq!(forwarding(&state).unwrap().why.len(), 1);
    state.docker.daemon_json.as_mut().unwrap()["ip-forward"] = json!(false);
    assert_eq!(forwarding(&state), None);
}
