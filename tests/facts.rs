//! Real answers of real hosts, read into facts.

use std::collections::BTreeMap;

use pryvctl::{
    facts::survey::Survey,
    model::{
        desired::{Desired, Engine, Firewall, ManagedFile, ManagedFolder, Needs, RegistryAccess},
        secret::Secret,
        size::Bytes,
    },
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
        folders: vec![folder("/var/pryv"), folder("/var/pryv/core/log")],
        files: vec![
            file("/var/pryv/core/conf/core.yml", true),
            file("/var/pryv/core/conf/secret.yml", false),
        ],
        firewall: Firewall { admin_networks: vec!["198.51.100.0/24".parse().unwrap()], openings: Vec::new() },
        sshd: Vec::new(),
        networks: Vec::new(),
        volumes: Vec::new(),
        services: Vec::new(),
    }
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
