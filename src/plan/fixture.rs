//! A small platform for tests: one service that may run twice, one that may not, one that nobody dials.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use serde_json::json;

use crate::{
    facts::{
        content::ContentHash,
        state::{EngineState, FileState, HostState, Os},
    },
    model::{
        control::{Controls, Hardening},
        desired::{
            Attachment, ContainerSpec, Data, Desired, Endpoint, Engine, Firewall, HealthCheck, HealthProbe,
            Healthcheck, Inside, Needs, Network, OnChange, Opening, Protocol, RegistryAccess, Rollout,
            Service, UpdateOrder,
        },
        place,
    },
    plan::file::own,
};

/// A service; its number makes its addresses, ports and name different from the others'.
pub fn service(number: u8, name: &str, order: UpdateOrder, ports: &[u16]) -> Service {
    let image = format!("registry.test:5000/{name}:1");
    let place = Attachment {
        network: "acme_front".to_owned(),
        aliases: vec![name.to_owned()],
        addresses: [[172, 28, 0, 2 * number].into(), [172, 28, 0, 2 * number + 1].into()],
        addresses6: [
            [0xfd00, 0x28, 0, 0, 0, 0, 0, 2 * u16::from(number)].into(),
            [0xfd00, 0x28, 0, 0, 0, 0, 0, 2 * u16::from(number) + 1].into(),
        ],
    };
    let healthcheck = Healthcheck {
        test: vec!["CMD".to_owned(), "true".to_owned()],
        interval: Duration::from_secs(2),
        timeout: Duration::from_secs(2),
        retries: 3,
        start_period: Duration::ZERO,
    };
    let endpoint = |port: &u16| Endpoint {
        protocol: Protocol::Tcp,
        port: *port,
        target: 3000,
        network: "acme_front".to_owned(),
    };
    Service {
        name: name.parse().unwrap(),
        role: "single".parse().unwrap(),
        hash: format!("{name}-1"),
        hash_v1: None,
        spec: ContainerSpec {
            image,
            networks: vec![place],
            healthcheck: Some(healthcheck),
            stop_timeout: Some(Duration::from_secs(30)),
            ..ContainerSpec::default()
        },
        endpoints: ports.iter().map(endpoint).collect(),
        inside: Some(Inside { address: [172, 28, 255, number].into(), network: "acme_front".to_owned() }),
        order,
        rollout: Rollout::default(),
        rollback: Rollout::default(),
        healthy_within: Duration::from_secs(60),
        health: Vec::new(),
        data: Data::AnyVersion,
    }
}

/// The platform on its one host.
pub fn desired() -> Desired {
    let mut core = service(1, "core", UpdateOrder::StartFirst, &[443]);
    core.health = vec![HealthCheck {
        probe: HealthProbe::Http("https://10.0.0.5/status".to_owned()),
        within: Duration::from_secs(90),
    }];
    let redis = service(2, "redis", UpdateOrder::StopFirst, &[]);
    let mut conf = own("/var/pryv/core/core.yml", "port: 3000\n", 0o640);
    conf.read_by = Some(("core".parse().unwrap(), OnChange::Reload));
    Desired {
        host: "one".parse().unwrap(),
        platform: "acme".parse().unwrap(),
        address: [10, 0, 0, 5].into(),
        ssh_port: 22,
        initial_ssh_port: None,
        login_user: "root".to_owned(),
        needs: Needs::default(),
        engine: Engine {
            oldest: (20, 10),
            daemon: BTreeMap::from([
                ("live-restore".to_owned(), json!(true)),
                ("log-driver".to_owned(), json!("local")),
            ]),
        },
        registry: Some(RegistryAccess {
            address: "registry.test:5000".to_owned(),
            ip: Some([10, 0, 0, 9].into()),
            ca: Some("PEM\n".to_owned()),
            credentials: None,
        }),
        data: "/var/pryv".into(),
        folders: vec![crate::model::desired::ManagedFolder {
            path: "/var/pryv/core".into(),
            mode: 0o750,
            uid: 9999,
            gid: 9999,
        }],
        files: vec![conf],
        firewall: Firewall {
            admin_networks: vec!["10.1.2.3/8".parse().unwrap(), "fd00:1::/64".parse().unwrap()],
            openings: vec![
                opening(443, &[], "role single"),
                opening(80, &[], "role single"),
                opening(6379, &["10.0.0.6/32", "10.0.0.7/32"], "role redis"),
            ],
            other_hosts: ["10.0.0.6/32", "10.0.0.7/32", "fd00::6/128"].map(|net| net.parse().unwrap()).into(),
            metadata: Vec::new(),
        },
        hardening: hardening(3),
        networks: vec![Network {
            name: "acme_front".to_owned(),
            subnet: "172.28.0.0/24".parse().unwrap(),
            subnet6: "fd00:28::/64".parse().unwrap(),
            internal: false,
        }],
        inside: "172.28.255.0/24".parse().unwrap(),
        volumes: vec!["acme_redis".to_owned()],
        services: vec![redis, core],
    }
}

/// A few controls: sshd's, with so many tries a connection, and one of a file.
pub fn hardening(tries: u8) -> Hardening {
    let head = "title: t, level: 1, ref: x, breaks: y";
    let text = format!(
        "- {{ id: sshd.root, {head}, sshd: {{ PermitRootLogin: prohibit-password }} }}
- {{ id: sshd.keys-only, {head}, sshd: {{ PasswordAuthentication: \"no\" }} }}
- {{ id: sshd.attempts, {head}, sshd: {{ MaxAuthTries: {tries} }} }}
- {{ id: account.umask, {head}, setting: {{ path: /etc/login.defs, form: space, set: {{ UMASK: \"027\" }} }} }}"
    );
    let level = "{ level: 1, title: t, about: a, levels: [1] }";
    let texts = [("level1.yaml", level), ("controls/some.yaml", &text)];
    let texts = texts.map(|(path, text)| (path.to_owned(), text.to_owned()));
    Hardening { known: Arc::new(Controls::parse(texts).unwrap()), ..Hardening::default() }
}

fn opening(port: u16, from: &[&str], origin: &str) -> Opening {
    let from = from.iter().map(|net| net.parse().unwrap()).collect();
    Opening { protocol: Protocol::Tcp, port, from, origin: origin.to_owned() }
}

/// A file of root's as found.
pub fn found(text: &str, mode: u32) -> FileState {
    FileState { sha256: ContentHash::of(text), mode, text: Some(text.to_owned()), ..FileState::default() }
}

/// A host as its distribution leaves it, without Docker.
pub fn bare() -> HostState {
    let text = "Include /etc/ssh/sshd_config.d/*.conf\nUsePAM yes\n";
    let mut state = HostState::default();
    state.system.os = Os { id: "debian".to_owned(), version: "13".to_owned(), title: "Debian 13".to_owned() };
    state.system.files.insert(place::SSHD_CONFIG.into(), Some(found(text, 0o644)));
    state.system.files.insert("/etc/login.defs".into(), Some(found("# UMASK 022\nUMASK\t022\n", 0o644)));
    state.ssh.sshd.insert("permitrootlogin".to_owned(), vec!["without-password".to_owned()]);
    state.ssh.sshd.insert("passwordauthentication".to_owned(), vec!["yes".to_owned()]);
    state.ssh.sshd.insert("maxauthtries".to_owned(), vec!["6".to_owned()]);
    state
}

/// The same with Docker and the commands we need.
pub fn with_docker() -> HostState {
    let mut state = bare();
    state.docker.engine = Some(EngineState { cli: true, ..EngineState::default() });
    state.system.commands = place::COMMANDS.map(|(name, _)| name.to_owned()).into();
    state
}
