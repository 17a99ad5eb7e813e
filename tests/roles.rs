//! The shipped roles.

use std::collections::BTreeMap;

use pryvctl::{
    lab::standin::catalog::images,
    model::{
        catalog::Catalog,
        desired::{Desired, ManagedFile},
        inventory::Inventory,
        material::Material,
        name::HostName,
        resolve::resolve,
        secret::Secret,
    },
    plan::leftover::UNKNOWN_GRACE,
};

pub const SINGLE: &str = include_str!("../inventory/single-node.yaml");
const CLUSTER: &str = include_str!("../inventory/cluster.yaml");
pub const ZONES: &str = include_str!("../inventory/two-zones.yaml");

pub fn material() -> Material {
    let secret = |name: &str| (name.to_owned(), Secret::new(format!("the-{name}")));
    Material {
        secrets: ["admin_key", "redis_password"].map(secret).into(),
        registry_ca: Some("CA".to_owned()),
        tls_certificate: Some("CERTIFICATE".to_owned()),
        tls_key: Some(Secret::new("KEY")),
        ..Material::default()
    }
}

pub fn resolved(text: &str, material: &Material) -> BTreeMap<HostName, Desired> {
    let inventory = Inventory::parse(text).unwrap();
    resolve(&inventory, &Catalog::shipped().unwrap(), material).unwrap()
}

fn every_host() -> Vec<Desired> {
    [SINGLE, CLUSTER, ZONES].iter().flat_map(|text| resolved(text, &material()).into_values()).collect()
}

fn file<'a>(host: &'a Desired, path: &str) -> &'a ManagedFile {
    host.files.iter().find(|file| file.path.ends_with(path)).unwrap()
}

#[test]
fn every_image_of_a_role_has_a_stand_in() {
    let known: Vec<String> =
        images().iter().map(|image| format!("registry.example.org:5000/{}", image.reference())).collect();
    let mut asked = 0;
    for service in every_host().iter().flat_map(|host| &host.services) {
        assert!(known.contains(&service.spec.image), "{}: {}", service.name, service.spec.image);
        asked += 1;
    }
    assert!(asked > 30, "{asked} services");
}

#[test]
fn every_container_is_hardened() {
    for service in every_host().iter().flat_map(|host| &host.services) {
        let spec = &service.spec;
        assert!(spec.read_only && spec.memory.is_some() && spec.pids.is_some(), "{}", service.name);
        assert_eq!(spec.user.as_deref(), Some("9999:9999"), "{}", service.name);
        assert_eq!((spec.cap_drop.join(" "), spec.cap_add.len()), ("ALL".to_owned(), 0), "{}", service.name);
        assert_eq!(spec.security_opt, ["no-new-privileges:true"], "{}", service.name);
        assert!(spec.healthcheck.is_some(), "{}", service.name);
    }
}

#[test]
fn a_container_of_which_nobody_knows_more_gets_the_time_of_the_slowest_role() {
    let hosts = every_host();
    let graces = hosts.iter().flat_map(|host| &host.services).map(|service| service.spec.grace());
    assert_eq!(graces.max(), Some(UNKNOWN_GRACE));
}

#[test]
fn what_holds_a_secret_is_read_by_its_service_alone() {
    for file in every_host().iter().flat_map(|host| &host.files) {
        let text = file.content.expose();
        let secret = text.contains("the-") || text.contains("KEY");
        assert_eq!(secret, !file.shown, "{}", file.path.display());
        assert!(!secret || file.mode & 0o027 == 0, "{}: {:o}", file.path.display(), file.mode);
    }
}

#[test]
fn every_json_file_is_json() {
    let json = every_host();
    let json = json
        .iter()
        .flat_map(|host| &host.files)
        .filter(|file| file.path.extension().is_some_and(|end| end == "json"));
    let mut read = 0;
    for file in json {
        let parsed = serde_json::from_str::<serde_json::Value>(file.content.expose());
        assert!(parsed.is_ok(), "{}: {parsed:?}", file.path.display());
        read += 1;
    }
    assert!(read > 20, "{read} files");
}

/// What people and password managers come up with, and what each format treats in a way of its own.
pub const NASTY: &str = "-&<>'\"\\#$%{}{{ domain }};:@/? !`*~\\n\\x41\\u0026 $HOME é日\t'";

/// The arguments of a line of `redis.conf`, as redis takes it apart (`sdssplitargs` in sds.c).
fn redis_arguments(line: &str) -> Vec<String> {
    let (mut bytes, mut arguments) =
        (line.trim_matches([' ', '\t', '\r', '\n']).bytes().peekable(), Vec::new());
    let digit = |byte: u8| u8::try_from(char::from(byte).to_digit(16).unwrap()).unwrap();
    while let Some(first) = bytes.next() {
        let mut argument = Vec::new();
        match first {
            b' ' | b'\t' => continue,
            b'"' => loop {
                match bytes.next().expect("an open quote") {
                    b'"' => break,
                    b'\\' => argument.push(match bytes.next().unwrap() {
                        b'x' => digit(bytes.next().unwrap()) * 16 + digit(bytes.next().unwrap()),
                        b'n' => b'\n',
                        b'r' => b'\r',
                        b't' => b'\t',
                        b'b' => 8,
                        b'a' => 7,
                        other => other,
                    }),
                    other => argument.push(other),
                }
            },
            b'\'' => panic!("single quotes have rules of their own: {line}"),
            other => {
                argument.push(other);
                while let Some(byte) = bytes.next_if(|byte| !b" \t\"'".contains(byte)) {
                    argument.push(byte);
                }
            }
        }
        assert!(bytes.peek().is_none_or(|next| b" \t".contains(next)), "a quote ends in a word: {line}");
        arguments.push(String::from_utf8(argument).unwrap());
    }
    arguments
}

/// Every text of a JSON document.
fn texts(value: &serde_json::Value) -> Vec<&str> {
    use serde_json::Value;
    match value {
        Value::String(text) => vec![text],
        Value::Array(list) => list.iter().flat_map(texts).collect(),
        Value::Object(map) => map.values().flat_map(texts).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => Vec::new(),
    }
}

/// Secrets that are hard to write.
pub fn nasty() -> Material {
    let secrets = ["admin_key", "redis_password"].map(|name| (name.to_owned(), Secret::new(NASTY)));
    Material { secrets: secrets.into(), ..material() }
}

#[test]
fn a_secret_with_any_letter_comes_through_every_file() {
    let hosts = [SINGLE, CLUSTER, ZONES].iter().flat_map(|text| resolved(text, &nasty()).into_values());
    let hosts: Vec<Desired> = hosts.collect();
    let mut read = BTreeMap::new();
    for file in hosts.iter().flat_map(|host| &host.files).filter(|file| !file.shown) {
        let (name, text) = (file.path.file_name().unwrap().to_str().unwrap(), file.content.expose());
        let found = match name {
            "tls.key" => continue,
            "password" => vec![text.strip_suffix('\n').unwrap().to_owned()],
            "redis.conf" => {
                let lines = text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
                let arguments = lines.map(redis_arguments);
                let secret = |words: &Vec<String>| ["requirepass", "masterauth"].contains(&words[0].as_str());
                arguments
                    .filter(secret)
                    .map(|words| {
                        assert_eq!(words.len(), 2);
                        words[1].clone()
                    })
                    .collect()
            }
            _ if name.ends_with(".json") => {
                let json: serde_json::Value = serde_json::from_str(text).unwrap();
                texts(&json).into_iter().filter(|text| text.contains("HOME")).map(str::to_owned).collect()
            }
            other => panic!("nothing reads {other} back; add what stands for its program"),
        };
        assert!(!found.is_empty() && found.iter().all(|found| found == NASTY), "{name}: {found:?}");
        *read.entry(name.to_owned()).or_insert(0) += found.len();
    }
    assert_eq!(
        read.keys().collect::<Vec<_>>(),
        ["core.json", "mail.json", "password", "redis.conf", "register.json"]
    );
}

#[test]
fn what_a_file_cannot_hold_is_said_where_it_stands() {
    let two_lines = ("redis_password".to_owned(), Secret::new("two\nlines"));
    let mut material = material();
    material.secrets.extend([two_lines]);
    let inventory = Inventory::parse(SINGLE).unwrap();
    let problems = resolve(&inventory, &Catalog::shipped().unwrap(), &material).unwrap_err();
    let said: Vec<_> = problems.iter().map(|problem| problem.message.as_str()).collect();
    insta::assert_snapshot!(said.join("\n"), @"roles/single-node/compose.yaml: template `shared/redis.password.j2`, line 1: the text has several lines, and this file has one for it; choose a text without line ends");
}

#[test]
fn a_single_node_runs_what_the_other_roles_run() {
    let services = |text: &str| -> serde_json::Map<String, serde_json::Value> {
        let role: serde_json::Value = serde_saphyr::from_str(text).unwrap();
        role["services"].as_object().unwrap().clone()
    };
    let single = services(include_str!("../roles/single-node/compose.yaml"));
    for role in [
        include_str!("../roles/core/compose.yaml"),
        include_str!("../roles/register/compose.yaml"),
        include_str!("../roles/static-web/compose.yaml"),
    ] {
        for (name, mut service) in services(role) {
            match name.as_str() {
                // It waits for the applications of all roles.
                "nginx" => service["depends_on"] = single["nginx"]["depends_on"].clone(),
                // It has no follower.
                "redis" => drop(service.as_object_mut().unwrap().remove("ports")),
                _ => (),
            }
            assert_eq!(single[&name], service, "{name}");
        }
    }
}

#[test]
fn only_a_follower_may_ask_the_registers_redis() {
    let openings = |text: &str, host: &str| -> Vec<String> {
        let hosts = resolved(text, &material());
        let found = hosts[&host.parse().unwrap()].firewall.openings.iter();
        found
            .map(|opening| format!("{}/{} {:?}", opening.port, opening.protocol.as_str(), opening.from))
            .collect()
    };
    assert_eq!(openings(CLUSTER, "reg1"), ["443/tcp []", "53/udp []"]);
    assert_eq!(openings(SINGLE, "one"), ["443/tcp []", "53/udp []"]);
    assert_eq!(
        openings(ZONES, "reg1"),
        ["443/tcp []", "6379/tcp [10.20.0.20/32, 203.0.113.20/32]", "53/udp []"]
    );
}

#[test]
fn a_cluster_is_named_in_its_zone() {
    let hosts = resolved(CLUSTER, &material());
    insta::assert_snapshot!(file(&hosts[&"reg1".parse().unwrap()], "dns/conf/dns.json").content.expose(), @r#"
    {
      "domain": "pryv.example.org",
      "port": 5353,
      "ttl": 60,
      "nameservers": [
        "reg1"
      ],
      "hosts": [
        {
          "names": ["co1", "health-co1"],
          "addresses": ["203.0.113.11", "2001:db8::11"]
        },
        {
          "names": ["reg1", "reg", "adm"],
          "addresses": ["203.0.113.10", "2001:db8::10"]
        },
        {
          "names": ["web1", "sw", "access"],
          "addresses": ["203.0.113.12", "2001:db8::12"]
        }
      ]
    }
    "#);
}
