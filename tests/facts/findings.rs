//! What an administrator reads about a host.

use pryvctl::{
    facts::{
        Fact, Facts,
        docker::Docker,
        filter::{Base, Chain, Hook, Rule},
        link::Route,
        state::Asleep,
    },
    model::desired::{Desired, Opening, Protocol},
    plan::{
        finding::{Finding, Verdict},
        preflight::preflight,
    },
};

use super::{desired, in_time, recorded};

pub fn findings(desired: &Desired, facts: &Facts) -> Vec<Finding> {
    preflight(desired, facts, &in_time(facts)).findings
}

fn lines(findings: &[Finding]) -> String {
    findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// The findings that are not well.
fn complaints(facts: &Facts) -> String {
    let mut findings = findings(&desired(), facts);
    findings.retain(|finding| finding.verdict != Verdict::Ok);
    lines(&findings)
}

pub fn verdict(desired: &Desired, facts: &Facts, check: &str) -> Verdict {
    findings(desired, facts).iter().find(|finding| finding.check == check).unwrap().verdict
}

#[test]
fn a_host_in_use() {
    insta::assert_snapshot!(lines(&findings(&desired(), &recorded("debian12-docker"))), @r#"
    ok rights: found root, needed root, or a user with sudo
    ok os: found Debian GNU/Linux 12 (bookworm), needed Debian 11 to 13 or Ubuntu 20.04 to 24.04
    ok kernel: found Linux 6.18.44-fc-v657, needed Linux 5.4 or newer
    ok architecture: found x86_64, needed x86_64 or aarch64
    ok systemd: found running, needed running
    ok cgroup: found version 1, needed mounted at /sys/fs/cgroup
    ok restart: found none pending, needed no restart of the host pending
    ok clock: found 0.0 s off, kept by nothing, needed within 2 s of the controller, kept by a time service
    ok cpus: found 2, needed 2
    ok memory: found 25.3 GB, needed 4 GB
    ok disk: found 270.6 GB on /var/lib/docker for /var/lib/docker, 64.1 GB free, needed 30 GB
    ok data-disk: found 270.6 GB on / for /var/pryv, 64.1 GB free, needed 15 GB
    failure port: found 443/tcp held by busybox, needed 443/tcp free; `ss -lntup 'sport = :443'` names the process; stop it and keep it from starting
    failure port: found 8080/tcp held by docker-proxy, needed 8080/tcp free; `docker ps --filter publish=8080/tcp` names the container; stop it
    ok port: found 53/udp free, needed 53/udp free
    ok sshd: found readable, keys only, needed a configuration that OpenSSH reads
    ok login: found root: usable, needed an account to which you can still log in with an SSH key
    ok next-login: found nothing blocks it, needed a configuration that allows the next login
    ok commands: found curl, nft, perl, needed curl, nft, perl
    ok packages: found nothing to install, needed apt with package sources and no unfinished installation
    ok nftables: found table pryvctl, needed nftables in the kernel
    ok conntrack: found 0 of 262144 connections, needed at most 80 % of the connection table in use, and a kernel with CONFIG_NF_CONNTRACK_TIMEOUT
    ok docker: found 20.10.24+dfsg1, needed Docker 20.10 or newer
    ok swarm: found none, needed no Swarm, because live-restore excludes it
    warning written: found no /var/lib/pryvctl/written, needed a list of what pryvctl wrote, all of it wanted; `pryvctl install` writes a new one from the inventory; look yourself for files that only older inventories wanted
    ok uplink: found eth0, needed a default route that does not use a bridge of containers
    ok other-rules: found none, needed no firewall rule that pryvctl did not make blocks a port of a role
    "#);
}

/// perl reads the rest, so the rest would only be noise.
#[test]
fn a_host_without_perl_hears_only_of_perl() {
    let mut facts = recorded("debian12-docker");
    facts.commands = Fact::Known(["curl", "nft"].map(str::to_owned).into());
    insta::assert_snapshot!(complaints(&facts), @"failure commands: found no perl, needed curl, nft, perl; `apt-get install perl-base` on the host: pryvctl reads files and sockets of a host with perl");
    assert!(preflight(&desired(), &facts, &in_time(&facts)).state.is_none());
}

#[test]
fn a_bare_host() {
    insta::assert_snapshot!(complaints(&recorded("debian12-bare")), @r#"
    warning commands: found no curl, no nft, needed curl, nft, perl; `pryvctl install` and `harden` install curl and nftables
    "#);
}

#[test]
fn a_fresh_host_with_docker_has_nothing_to_complain_of_but_systemd() {
    insta::assert_snapshot!(complaints(&recorded("debian13-docker")), @r#"
    warning systemd: found degraded (systemd-modules-load.service failed), needed running; `systemctl --failed` shows the failed units; fix them, then `systemctl reset-failed`
    "#);
}

#[test]
fn a_host_without_the_docker_command() {
    let mut facts = recorded("debian13-no-docker-command");
    insta::assert_snapshot!(complaints(&facts), @r#"
    warning systemd: found degraded (systemd-modules-load.service failed), needed running; `systemctl --failed` shows the failed units; fix them, then `systemctl reset-failed`
    warning docker: found 26.1.5+dfsg1 without the `docker` command, needed Docker 20.10 or newer; `install` brings package docker-cli
    "#);
    if let Fact::Known(Docker::NoCommand { containers, .. }) = &mut facts.docker {
        *containers = 1;
    }
    let outcome = preflight(&desired(), &facts, &in_time(&facts));
    assert!(outcome.state.is_none(), "containers nobody can ask for are not known to be absent");
}

#[test]
fn a_stopped_docker_is_planned_to_start() {
    let facts = recorded("debian13-docker-stopped");
    insta::assert_snapshot!(complaints(&facts), @r#"
    warning systemd: found degraded (systemd-modules-load.service failed), needed running; `systemctl --failed` shows the failed units; fix them, then `systemctl reset-failed`
    warning docker: found no answer: dockerd is not running, needed Docker 20.10 or newer; `install` starts it; `journalctl -u docker` says why it stopped
    "#);
    let asleep =
        |facts: &Facts| preflight(&desired(), facts, &in_time(facts)).state.map(|state| state.docker.asleep);
    assert_eq!(asleep(&facts), Some(Some(Asleep::Stopped)));
    let footing = |facts: &mut Facts, socket| {
        let Fact::Known(footing) = &mut facts.footing else { panic!("{:?}", facts.footing) };
        (footing.dockerd, footing.socket) = (true, socket);
    };
    let mut deaf = facts.clone();
    footing(&mut deaf, false);
    assert_eq!(asleep(&deaf), Some(Some(Asleep::Deaf)));
    // One that runs, has its socket and does not answer is the administrator's business; so is one that is masked.
    let mut hangs = facts.clone();
    footing(&mut hangs, true);
    assert_eq!((asleep(&hangs), verdict(&desired(), &hangs, "docker")), (None, Verdict::Failure));
    let mut masked = facts;
    if let Fact::Known(units) = &mut masked.units {
        units.get_mut("docker.service").unwrap().masked = true;
    }
    assert_eq!((asleep(&masked), verdict(&desired(), &masked, "docker")), (None, Verdict::Failure));
}

#[test]
fn a_bridge_of_containers_that_leads_to_the_administrators_is_found() {
    let with = |routes: &[(&str, &str)]| {
        let mut facts = recorded("debian12-docker");
        if let Fact::Known(links) = &mut facts.links {
            let route = |(to, by): &(&str, &str)| Route { to: to.parse().unwrap(), by: (*by).to_owned() };
            links.routes = routes.iter().map(route).collect();
        }
        let findings = findings(&desired(), &facts);
        findings.iter().find(|finding| finding.check == "uplink").unwrap().to_string()
    };
    let docker = ("172.18.0.0/16", "docker0");
    assert_eq!(
        with(&[("0.0.0.0/0", "br-wan"), docker]),
        "ok uplink: found br-wan, needed a default route that does not use a bridge of containers"
    );
    insta::assert_snapshot!(with(&[("0.0.0.0/0", "docker0")]), @"failure uplink: found 198.51.100.0/24 by docker0, the bridge of the Docker network `bridge`, needed a default route that does not use a bridge of containers; give the Docker network `bridge` a bridge and a subnet of its own: what comes in by docker0 cannot be told from its containers");
    // The default route is another one.
    assert!(
        with(&[("0.0.0.0/0", "eth0"), ("198.51.0.0/16", "docker0")])
            .starts_with("failure uplink: found 198.51.100.0/24 by docker0")
    );
}

#[test]
fn rules_of_others_that_drop_an_open_port_are_found() {
    let mut desired = desired();
    let opening =
        |port| Opening { protocol: Protocol::Tcp, port, from: Vec::new(), origin: "role core".to_owned() };
    desired.firewall.openings = vec![opening(443), opening(8080)];
    let told = |table: &str, statements: &[serde_json::Value], drops| {
        let mut facts = recorded("debian12-docker");
        let rules = vec![Rule { handle: 7, statements: statements.to_vec() }];
        let base = Some(Base { hook: Hook::Forward, drops });
        let chain = Chain { table: table.to_owned(), name: "forward".to_owned(), base, rules };
        facts.filters = Fact::Known(vec![chain]);
        let findings = findings(&desired, &facts);
        lines(&findings.into_iter().filter(|finding| finding.check == "other-rules").collect::<Vec<_>>())
    };
    let drop = serde_json::json!({ "drop": null });
    let source = serde_json::json!({ "match": { "op": "!=", "left": { "payload": { "protocol": "ip", "field": "saddr" } }, "right": "192.0.2.1" } });
    insta::assert_snapshot!(told("inet site", &[], true), @"failure other-rules: found 443/tcp, 8080/tcp dropped by table inet site, chain forward, policy drop, needed no firewall rule that pryvctl did not make blocks a port of a role; allow traffic forwarded to containers with `nft insert rule inet site forward ct status dnat accept` and in the file that this table is loaded from, or let pryvctl manage the firewall and remove the chain from that file");
    insta::assert_snapshot!(told("inet firewalld", std::slice::from_ref(&drop), false), @"failure other-rules: found 443/tcp, 8080/tcp dropped by table inet firewalld, chain forward, the rule with handle 7, needed no firewall rule that pryvctl did not make blocks a port of a role; allow forwarded traffic in firewalld, or let pryvctl manage the firewall with `systemctl disable --now firewalld`");
    insta::assert_snapshot!(told("inet site", &[source, drop], false), @"warning other-rules: found 443/tcp, 8080/tcp perhaps dropped by table inet site, chain forward, the rule with handle 7, needed no firewall rule that pryvctl did not make blocks a port of a role; allow traffic forwarded to containers with `nft insert rule inet site forward ct status dnat accept` and in the file that this table is loaded from, or let pryvctl manage the firewall and remove the chain from that file");
    insta::assert_snapshot!(told("inet site", &[], false), @"ok other-rules: found none, needed no firewall rule that pryvctl did not make blocks a port of a role");
}

#[test]
fn every_fact_the_planner_needs_stops_it_when_unreadable() {
    type Damage = fn(&mut Facts);
    let whole = recorded("debian12-docker");
    let broken: [(&str, Damage); 18] = [
        ("os", |facts| facts.os = Fact::Unreadable("x".into())),
        ("docker", |facts| facts.docker = Fact::Unreadable("x".into())),
        ("daemon.json", |facts| facts.daemon_json = Fact::Unreadable("x".into())),
        ("files", |facts| facts.files = Fact::Unreadable("x".into())),
        ("folders", |facts| facts.folders = Fact::Unreadable("x".into())),
        ("sshd", |facts| facts.sshd = Fact::Unreadable("x".into())),
        ("nftables", |facts| facts.tables = Fact::Unreadable("x".into())),
        ("links", |facts| facts.links = Fact::Unreadable("x".into())),
        ("conntrack", |facts| facts.conntrack = Fact::Unreadable("x".into())),
        ("footing", |facts| facts.footing = Fact::Unreadable("x".into())),
        ("units", |facts| facts.units = Fact::Unreadable("x".into())),
        ("networks", |facts| facts.networks = Fact::Unreadable("x".into())),
        ("volumes", |facts| facts.volumes = Fact::Unreadable("x".into())),
        ("images", |facts| facts.images = Fact::Unreadable("x".into())),
        ("containers", |facts| facts.containers = Fact::Unreadable("x".into())),
        ("containers", |facts| facts.foreign_containers = Fact::Unreadable("x".into())),
        ("commands", |facts| facts.commands = Fact::Unreadable("x".into())),
        ("hosts-file", |facts| facts.hosts_file = Fact::Unreadable("x".into())),
    ];
    assert!(preflight(&desired(), &whole, &in_time(&whole)).state.is_some());
    for (check, damage) in broken {
        let mut facts = whole.clone();
        damage(&mut facts);
        assert_eq!(verdict(&desired(), &facts, check), Verdict::Failure, "{check}");
        assert!(preflight(&desired(), &facts, &in_time(&facts)).state.is_none(), "{check}");
    }
}
