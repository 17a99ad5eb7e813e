//! Real answers of real hosts, read into facts.

mod damaged;
mod docker;
mod findings;
mod known;
mod limits;
mod places;

use std::{collections::BTreeMap, time::Duration};

use pryvctl::{
    facts::{Facts, survey::Survey},
    model::{
        command::Output,
        control::Hardening,
        desired::{
            ContainerSpec, Data, Desired, Endpoint, Engine, Firewall, ManagedFile, ManagedFolder, Needs,
            Protocol, RegistryAccess, Rollout, Service, UpdateOrder,
        },
        secret::Secret,
        size::Bytes,
    },
    plan::preflight::ControllerClock,
};

/// What the recorded hosts were asked about.
pub fn desired() -> Desired {
    let file = |path: &str, shown| ManagedFile {
        path: path.into(),
        content: Secret::new("hello\n"),
        shown,
        mode: 0o640,
        uid: 0,
        gid: 9999,
        read_by: None,
    };
    let folder = |path: &str| ManagedFolder { path: path.into(), mode: 0o750, uid: 9999, gid: 9999 };
    Desired {
        host: "co1".parse().unwrap(),
        platform: "acme".parse().unwrap(),
        address: "192.0.2.10".parse().unwrap(),
        ssh_port: 22,
        initial_ssh_port: None,
        login_user: "root".to_owned(),
        needs: Needs {
            memory: Bytes(4_000_000_000),
            cpus: 2,
            disk: Bytes(30_000_000_000),
            data_disk: Bytes(15_000_000_000),
        },
        engine: Engine {
            oldest: (20, 10),
            daemon: BTreeMap::from([("live-restore".to_owned(), serde_json::json!(true))]),
        },
        registry: Some(RegistryAccess {
            address: "registry.example.org:5000".to_owned(),
            ip: Some("192.0.2.1".parse().unwrap()),
            ca: None,
            credentials: None,
        }),
        data: "/var/pryv".into(),
        folders: vec![folder("/var/pryv"), folder("/var/pryv/core/log")],
        files: vec![
            file("/var/pryv/core/conf/core.yml", true),
            file("/var/pryv/core/conf/secret.yml", false),
        ],
        firewall: Firewall {
            admin_networks: vec!["198.51.100.0/24".parse().unwrap()],
            ..Firewall::default()
        },
        hardening: Hardening::default(),
        networks: Vec::new(),
        inside: "172.28.255.0/24".parse().unwrap(),
        volumes: Vec::new(),
        services: vec![service()],
    }
}

/// Serves HTTPS and DNS, and makes Docker publish 8080/tcp.
fn service() -> Service {
    let endpoint =
        |protocol, port| Endpoint { protocol, port, target: 3000, network: "acme_frontend".to_owned() };
    Service {
        name: "core".parse().unwrap(),
        role: "core".parse().unwrap(),
        spec: ContainerSpec::default(),
        hash: "abc123".to_owned(),
        hash_v1: None,
        inside: None,
        endpoints: vec![
            endpoint(Protocol::Tcp, 443),
            endpoint(Protocol::Udp, 53),
            endpoint(Protocol::Tcp, 8080),
        ],
        order: UpdateOrder::StartFirst,
        rollout: Rollout::default(),
        rollback: Rollout::default(),
        healthy_within: Duration::from_secs(60),
        health: Vec::new(),
        data: Data::AnyVersion,
    }
}

/// What was read, to be looked at.
fn text(value: &impl serde::Serialize) -> String {
    serde_json::to_string_pretty(value).unwrap()
}

/// The script the recordings answer. `RECORD=1 cargo test` writes it anew; the recordings have to follow.
#[test]
fn the_recorded_script_is_the_one_we_send() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/recorded/survey.sh");
    let script = Survey::of(&desired()).command().script;
    if std::env::var_os("RECORD").is_some() {
        std::fs::write(path, &script).unwrap();
    }
    assert_eq!(script, std::fs::read_to_string(path).unwrap());
}

/// The answers that were recorded, by name.
pub const RECORDED: [(&str, &str); 6] = [
    ("debian12-docker", include_str!("data/recorded/debian12-docker.txt")),
    ("debian13-docker", include_str!("data/recorded/debian13-docker.txt")),
    ("debian12-bare", include_str!("data/recorded/debian12-bare.txt")),
    ("debian13-bare", include_str!("data/recorded/debian13-bare.txt")),
    ("debian13-no-docker-command", include_str!("data/recorded/debian13-no-docker-command.txt")),
    ("debian13-docker-stopped", include_str!("data/recorded/debian13-docker-stopped.txt")),
];

/// The facts of a host that answered with this text.
pub fn read(answer: &str) -> Facts {
    Survey::of(&desired()).read(&Output { stdout: answer.to_owned(), ..Output::default() })
}

/// The facts of a recorded host.
pub fn recorded(name: &str) -> Facts {
    read(RECORDED.iter().find(|(known, _)| *known == name).unwrap().1)
}

/// A controller whose clock agrees with a host's.
pub fn in_time(facts: &Facts) -> ControllerClock {
    let epoch = facts.clock.known().map_or(0.0, |clock| clock.epoch);
    ControllerClock { sent: epoch - 0.1, received: epoch + 0.5 }
}
