//! Whole plans: what they say, and where they lead.

mod back;
mod containers;
mod guarded;
mod repair;
mod replaced;
mod scripts;
mod written;

use std::path::Path;

use super::{Goal, Plan, fixture, plan, simulated::carry_out, uninstall, uninstall::Volumes};
use crate::{
    change::{Change, Means, Next, ServiceMap, ServiceTable, services::table},
    facts::{
        conntrack::Timeouts,
        state::{HostState, NetworkState},
    },
    model::{
        desired::{Desired, Protocol, Slot, UpdateOrder},
        place,
    },
};

/// Carries out the first steps of the plan, or all of them.
pub(super) fn after(desired: &Desired, state: &HostState, goal: Goal, steps: usize) -> HostState {
    let mut state = state.clone();
    for step in plan(desired, &state, goal).unwrap().steps.iter().take(steps) {
        carry_out(step, &mut state, desired);
    }
    state
}

pub(super) fn reached(desired: &Desired, state: &HostState) -> HostState {
    after(desired, state, Goal::Install, usize::MAX)
}

pub(super) fn planned(desired: &Desired, state: &HostState) -> Plan {
    plan(desired, state, Goal::Install).unwrap()
}

pub(super) fn ids(plan: &Plan) -> String {
    plan.steps.iter().map(|step| step.id.to_string()).collect::<Vec<_>>().join(" ")
}

/// Wants another version of a service.
pub(super) fn upgrade(desired: &mut Desired, name: &str, version: u8) {
    let service = desired.services.iter_mut().find(|service| service.name.as_str() == name).unwrap();
    service.spec.image = format!("registry.test:5000/{name}:{version}");
    service.hash = format!("{name}-{version}");
}

/// A host on which everything is as it must be.
pub(super) fn converged() -> (Desired, HostState) {
    let desired = fixture::desired();
    let state = reached(&desired, &fixture::with_docker());
    assert_eq!(planned(&desired, &state).to_string(), "");
    (desired, state)
}

#[test]
fn what_docker_needs_does_not_go_with_a_control() {
    let mut state = fixture::bare();
    state.hardening.originals.packages.extend(["apparmor".to_owned(), "auditd".to_owned()]);
    let plan = planned(&fixture::desired(), &state);
    let docker = plan.steps.iter().find(|step| step.id == "packages.docker").unwrap();
    let Means::Apt(apt) = docker.change.means() else { panic!("no packages") };
    let Ok(Next::Do(command)) = apt.next(&[String::new()]) else { panic!("nothing is done") };
    assert_eq!(command.script.lines().last(), Some("forget 'package apparmor'"));
}

#[test]
fn a_bare_host() {
    let desired = fixture::desired();
    insta::assert_snapshot!(planned(&desired, &fixture::bare()), @r#"
    originals.record
        4 originals are recorded for `harden --undo`
    packages.commands
        curl nftables: not installed -> installed
    registry.ca
        /etc/docker/certs.d/registry.test:5000/ca.crt: none -> 0644 0:0
    registry.hosts-line
        /etc/hosts: none -> 10.0.0.9 registry.test # pryvctl
    engine.daemon-json
        /etc/docker/daemon.json: live-restore: unset -> true
        /etc/docker/daemon.json: log-driver: unset -> "local"
        dockerd reads it when it starts
    packages.docker
        docker.io apparmor ca-certificates docker-cli: not installed -> installed
    firewall.table
        table inet pryvctl: none -> everything from outside is dropped, except
          22/tcp from 10.0.0.0/8, fd00:1::/64 (ssh)
          443/tcp from everywhere (role single)
          80/tcp from everywhere (role single)
          6379/tcp from 10.0.0.6/32, 10.0.0.7/32 (role redis)
    sshd.match
        /etc/ssh/sshd_config.d/00-pryvctl.conf: none -> 0600 0:0
    sshd.block
        /etc/ssh/sshd_config: our block at its top
        MaxAuthTries: 6 -> 3
        PasswordAuthentication: yes -> no
    sshd.reload
        sshd reloads its changed files; open sessions stay
    services.unit
        /etc/systemd/system/pryvctl-services.service: none -> 0644 0:0
    services.boot
        pryvctl-services.service: not enabled, not active -> enabled, active
    firewall.file
        /etc/pryvctl/firewall.json: what was confirmed is loaded at boot
    firewall.unit
        /etc/systemd/system/pryvctl-firewall.service: none -> 0644 0:0
    firewall.boot
        pryvctl-firewall.service: not enabled, not active -> enabled, active
    control./etc/login.defs
        account.umask: /etc/login.defs: UMASK: 022 -> 027
    folder./var/pryv/core
        /var/pryv/core: none -> 0750 9999:9999
    file./var/pryv/core/core.yml
        /var/pryv/core/core.yml: none -> 0640 0:0
    network.acme_front
        acme_front: none -> 172.28.0.0/24 and fd00:28::/64
    volume.acme_redis
        acme_redis: none -> empty
    image.registry.test:5000/core:1
        registry.test:5000/core:1: not on the host -> pulled
    image.registry.test:5000/redis:1
        registry.test:5000/redis:1: not on the host -> pulled
    services.table
        table inet pryvctl_services: none -> the map from ports to containers
    service.redis.start
        acme_redis_a: none runs -> registry.test:5000/redis:1
    service.redis.healthy
        acme_redis_a must be healthy within 60 s
    service.redis.cut-over
        172.28.255.2: none -> 172.28.0.4
    service.core.start
        acme_core_a: none runs -> registry.test:5000/core:1
    service.core.healthy
        acme_core_a must be healthy within 60 s
    service.core.cut-over
        443/tcp: none -> 172.28.0.2:3000
        443/tcp: none -> [fd00:28::2]:3000
        172.28.255.1: none -> 172.28.0.2
    service.core.probe-1
        https://10.0.0.5/status must answer within 90 s
    services.watch
        acme_redis_a acme_core_a must stay healthy, for at least 0 s
    "#);
    let done = reached(&desired, &fixture::bare());
    assert_eq!(planned(&desired, &done).to_string(), "");
}

#[test]
fn hardening_touches_no_docker() {
    let desired = fixture::desired();
    let plan = plan(&desired, &fixture::bare(), Goal::Harden).unwrap();
    insta::assert_snapshot!(ids(&plan), @"originals.record packages.commands firewall.table sshd.match sshd.block sshd.reload services.unit services.boot firewall.file firewall.unit firewall.boot control./etc/login.defs");
    let done = after(&desired, &fixture::bare(), Goal::Harden, usize::MAX);
    assert!(super::plan(&desired, &done, Goal::Harden).unwrap().is_empty());
}

#[test]
fn drift_is_named_and_goes() {
    let (mut desired, mut state) = converged();
    desired.hardening = super::fixture::hardening(4);
    desired.firewall.openings.remove(1);
    let conf = state.system.files.get_mut(Path::new("/var/pryv/core/core.yml")).unwrap().as_mut().unwrap();
    *conf = super::fixture::found("port: 3001\n", 0o644);
    state.docker.daemon_json = Some(serde_json::json!({ "live-restore": true, "dns": ["9.9.9.9"] }));
    state.system.files.remove(Path::new(place::DAEMON_JSON));
    insta::assert_snapshot!(planned(&desired, &state), @r#"
    engine.daemon-json
        /etc/docker/daemon.json: log-driver: unset -> "local"
        dockerd restarts; with live-restore containers keep running
    firewall.table
        table inet pryvctl is not as it should be
        - set open1: [443,80]
        + set open1: [443]
    sshd.block
        /etc/ssh/sshd_config: our block at its top
        sshd.attempts: sshd: MaxAuthTries: 3, not in our block -> 4
    sshd.reload
        sshd reloads its changed files; open sessions stay
    firewall.file
        /etc/pryvctl/firewall.json: what was confirmed is loaded at boot
    release.keep
        the serving containers are kept for a rollback
        acme_core_a: registry.test:5000/core:1
        acme_redis_a: registry.test:5000/redis:1
    reload.core
        core will have to read its files again
    file./var/pryv/core/core.yml
        /var/pryv/core/core.yml: 0644 0:0 -> 0640 0:0
        --- /var/pryv/core/core.yml
        +++ /var/pryv/core/core.yml
        @@ -1 +1 @@
        -port: 3001
        +port: 3000
    service.core.reload
        acme_core_a reads its changed files
    release.end
        the new release is complete
    "#);
    let done = reached(&desired, &state);
    assert!(planned(&desired, &done).is_empty());
    assert_eq!(done.docker.daemon_json.unwrap()["dns"], serde_json::json!(["9.9.9.9"]));
}

#[test]
fn a_rule_added_by_hand_goes() {
    let (desired, mut state) = converged();
    let table = state.net.tables.get_mut("pryvctl").unwrap();
    let rule = serde_json::json!({ "rule": { "family": "inet", "table": "pryvctl", "chain": "input",
        "expr": [{ "match": { "op": "==", "left": { "payload": { "protocol": "tcp", "field": "dport" } }, "right": 8080 } },
            { "accept": null }] } });
    table["nftables"].as_array_mut().unwrap().push(rule);
    insta::assert_snapshot!(planned(&desired, &state), @r#"
    firewall.table
        table inet pryvctl is not as it should be
        - rules of input: [{"match":{"left":{"payload":{"field":"dport","protocol":"tcp"}},"op":"==","right":8080}},{"accept":null}]
    "#);
}

#[test]
fn what_is_not_ours_is_in_the_way_and_stays() {
    let mut desired = fixture::desired();
    desired.services[1].endpoints[0].port = 22;
    let mut state = fixture::with_docker();
    state.docker.foreign_containers.insert("acme_redis_a".to_owned());
    let subnets = vec!["172.28.0.0/16".to_owned()];
    state.docker.networks.insert("theirs".to_owned(), NetworkState { subnets, ..NetworkState::default() });
    state.system.hosts_file = Some("10.0.0.8 registry.test".to_owned());
    let conflicts = plan(&desired, &state, Goal::Install).unwrap_err();
    let words: Vec<String> = conflicts.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(words.join("\n"), @r#"
    registry.test in /etc/hosts: a line that pryvctl did not write says `10.0.0.8 registry.test`; remove the line, or leave `registry.ip` (10.0.0.9) out of the inventory
    network acme_front: network theirs has some of its addresses; set another `container_network` for the platform
    container acme_redis_a: a container that pryvctl did not create has this name; rename it: docker rename acme_redis_a NEWNAME
    service core: wants port 22, where sshd listens; give one of them another port
    "#);
}

#[test]
fn only_guarded_steps_can_cut_ssh_and_they_carry_their_way_back() {
    let plan = planned(&fixture::desired(), &fixture::bare());
    let guarded: Vec<_> = plan.steps.iter().filter(|step| step.risk.needs_guard()).collect();
    let names: Vec<_> = guarded.iter().map(|step| step.id.to_string()).collect();
    assert_eq!(names, ["firewall.table", "sshd.match", "sshd.block", "sshd.reload"]);
    for step in &guarded {
        assert!(step.save.as_ref().is_some_and(|save| save.stdin.expose().is_empty()), "{}", step.id);
    }
    let boot = plan.steps.iter().position(|step| step.id == "firewall.file").unwrap();
    assert!(
        plan.steps[boot..].iter().all(|step| !step.risk.needs_guard()),
        "the boot file waits for the guard"
    );
}

#[test]
fn uninstalling_leaves_data_and_what_is_not_ours() {
    let (desired, mut state) = converged();
    state.docker.foreign_containers.insert("theirs".to_owned());
    insta::assert_snapshot!(ids(&uninstall::plan(&desired, &state, Volumes::Keep).unwrap()), @"leftover.acme_redis_a.stop leftover.acme_redis_a.remove leftover.acme_core_a.stop leftover.acme_core_a.remove network.acme_front file./var/pryv/core/core.yml services.table firewall.table services.unit firewall.unit file./etc/pryvctl/firewall.json file./etc/pryvctl/services.nft file./etc/docker/certs.d/registry.test:5000/ca.crt registry.hosts-line undo./etc/login.defs undo./etc/ssh/sshd_config undo./etc/ssh/sshd_config.d/00-pryvctl.conf sshd.reload originals.remove leftover.folder./etc/docker/certs.d/registry.test:5000 leftover.folder./etc/docker/certs.d written.forget");
    let with_volumes = ids(&uninstall::plan(&desired, &state, Volumes::Remove).unwrap());
    assert!(with_volumes.contains("volume.acme_redis") && !with_volumes.contains("theirs"));
    assert!(uninstall::plan(&desired, &fixture::with_docker(), Volumes::Remove).unwrap().is_empty());
}

#[test]
fn sshd_that_reads_something_else_first_gets_our_block_on_top() {
    let desired = fixture::desired();
    let mut state = fixture::with_docker();
    let text = "PasswordAuthentication yes\nInclude /etc/ssh/sshd_config.d/*.conf\n";
    state.system.files.insert(place::SSHD_CONFIG.into(), Some(super::fixture::found(text, 0o644)));
    let plan = plan(&desired, &state, Goal::Harden).unwrap();
    assert!(ids(&plan).contains("firewall.table sshd.match sshd.block sshd.reload"), "{plan}");
    let mut done = after(&desired, &state, Goal::Harden, usize::MAX);
    assert!(super::plan(&desired, &done, Goal::Harden).unwrap().is_empty());
    done.ssh.sshd.insert("passwordauthentication".to_owned(), vec!["yes".to_owned()]);
    let conflicts = super::plan(&desired, &done, Goal::Harden).unwrap_err();
    assert_eq!(conflicts[0].thing, "sshd");
}

/// The recorded units are what systemd is told.
#[test]
fn units_are_as_recorded() {
    let steps = super::boot::steps(&fixture::desired(), &HostState::default());
    let text = |id: &str| {
        let step = steps.iter().find(|step| step.id == id).unwrap();
        let Change::Write(file) = &step.change else { panic!("{step}") };
        file.content.expose().to_owned()
    };
    let firewall = include_str!("../../../tests/data/nft/pryvctl-firewall.service");
    assert_eq!(text("firewall.unit"), firewall);
    assert_eq!(text("services.unit"), include_str!("../../../tests/data/nft/pryvctl-services.service"));
}

/// A host whose one unit loaded both tables: the map has a unit before the other one forgets it, and then there is nothing
/// left to do.
#[test]
fn a_host_with_one_unit_for_both_tables_gets_two() {
    let desired = fixture::desired();
    let mut state = reached(&desired, &fixture::with_docker());
    state.system.files.insert(place::SERVICES_UNIT.into(), None);
    state.system.units.remove("pryvctl-services.service");
    let old = fixture::found("ExecStart=-/usr/sbin/nft -f /etc/pryvctl/services.nft\n", 0o644);
    state.system.files.insert(place::FIREWALL_UNIT.into(), Some(old));
    let again = plan(&desired, &state, Goal::Harden).unwrap();
    assert_eq!(ids(&again), "services.unit services.boot firewall.unit firewall.boot");
    let state = after(&desired, &state, Goal::Harden, usize::MAX);
    assert!(plan(&desired, &state, Goal::Install).unwrap().is_empty());
}

#[test]
fn a_kernel_without_timeouts_gets_a_table_without_them() {
    let desired = fixture::desired();
    let mut state = fixture::with_docker();
    state.net.conntrack.timeouts = Timeouts::Fixed;
    let mut done = reached(&desired, &state);
    assert!(!done.net.tables[table::TABLE].to_string().contains("ct timeout"));
    assert!(planned(&desired, &done).is_empty());
    done.net.conntrack.timeouts = Timeouts::Settable;
    assert_eq!(ids(&planned(&desired, &done)), "services.table");
}

/// The recorded documents are what we load; the recorded listings are what two versions of nft made of them.
#[test]
fn listings_of_both_nft_versions_are_no_drift() {
    let desired = fixture::desired();
    let mut dns = fixture::service(3, "dns", UpdateOrder::StartFirst, &[53]);
    dns.endpoints[0].protocol = Protocol::Udp;
    let map = ServiceMap::to(&desired.services[1], Slot::A).with(&ServiceMap::to(&dns, Slot::B));
    let firewall = super::firewall::table(&desired, &HostState::default());
    assert_eq!(firewall.document(), include_str!("../../../tests/data/nft/firewall.json"));
    let table = ServiceTable::of(&desired, Timeouts::Settable);
    assert_eq!(table.document(&map), include_str!("../../../tests/data/nft/services.nft"));
    let services = table.listing(&map);
    assert_eq!(
        services.to_string(),
        include_str!("../../../tests/data/nft/services.listing.json").trim_end()
    );
    for (listing, wanted) in [
        (include_str!("../../../tests/data/nft/firewall-1.0.6.listing.json"), &firewall.listing()),
        (include_str!("../../../tests/data/nft/firewall-1.1.3.listing.json"), &firewall.listing()),
        (include_str!("../../../tests/data/nft/services-1.0.6.listing.json"), &services),
        (include_str!("../../../tests/data/nft/services-1.1.3.listing.json"), &services),
    ] {
        let listing = serde_json::from_str(listing).unwrap();
        assert_eq!(crate::change::nftables::differences(&listing, wanted), Vec::<String>::new());
        assert!(crate::change::nftables::same(&listing, wanted));
    }
    let listing =
        serde_json::from_str(include_str!("../../../tests/data/nft/services-1.1.3.listing.json")).unwrap();
    assert_eq!(ServiceMap::read(&listing), map);
}
