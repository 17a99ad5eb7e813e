//! What comes out of the sample role.

use std::time::Duration;

use super::*;
use crate::model::desired::{Opening, Slot, UpdateOrder};

/// The keys that say something, a line each.
fn lines(value: &impl serde::Serialize) -> String {
    let serde_json::Value::Object(map) = serde_json::to_value(value).unwrap() else { panic!("an object") };
    let said =
        |value: &serde_json::Value| !["null", "[]", "{}", "false"].contains(&value.to_string().as_str());
    let lines = map.iter().filter(|(_, value)| said(value)).map(|(key, value)| format!("{key}: {value}"));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_service_is_wholly_decided() {
    let host = host("a");
    let [store, web] = &host.services[..] else { panic!("two services") };
    insta::assert_snapshot!(lines(&store.spec), @r#"
    image: "registry.test:5000/sample/store:7"
    memory: "536.9 MB"
    mounts: [{"read_only":false,"source":{"volume":"acme_store"},"target":"/data"}]
    networks: [{"addresses":["172.28.16.112","172.28.16.113"],"addresses6":["fd82:2b33:ad87:1c10::70","fd82:2b33:ad87:1c10::71"],"aliases":["store"],"network":"acme_frontend"},{"addresses":["172.28.240.112","172.28.240.113"],"addresses6":["fd82:2b33:ad87:1cf0::70","fd82:2b33:ad87:1cf0::71"],"aliases":["store","redis"],"network":"acme_backend"}]
    restart: "unless-stopped"
    "#);
    insta::assert_snapshot!(lines(&web.spec), @r#"
    environment: {"DOMAIN":"acme.test","MODE":"quiet"}
    extra_hosts: {"store":"172.28.255.183"}
    healthcheck: {"interval":{"nanos":0,"secs":2},"retries":30,"start_period":{"nanos":0,"secs":0},"test":["CMD","wget","-qO-","http://localhost:8443/status"],"timeout":{"nanos":0,"secs":30}}
    image: "registry.test:5000/sample/web:1.1.0"
    mounts: [{"read_only":true,"source":{"bind":"/var/pryv/web/conf"},"target":"/etc/web"},{"read_only":false,"source":{"bind":"/var/pryv/web/log"},"target":"/var/log/web"}]
    networks: [{"addresses":["172.28.16.46","172.28.16.47"],"addresses6":["fd82:2b33:ad87:1c10::2e","fd82:2b33:ad87:1c10::2f"],"aliases":["web"],"network":"acme_frontend"},{"addresses":["172.28.240.46","172.28.240.47"],"addresses6":["fd82:2b33:ad87:1cf0::2e","fd82:2b33:ad87:1cf0::2f"],"aliases":["web"],"network":"acme_backend"}]
    restart: "unless-stopped"
    stop_timeout: {"nanos":0,"secs":30}
    "#);
    assert_eq!(
        (web.container(&host.platform, Slot::B).as_str(), web.role.as_str()),
        ("acme_web_b", "sample")
    );
    insta::assert_snapshot!(format!("{:?}", web.endpoints), @r#"[Endpoint { protocol: Tcp, port: 443, target: 8443, network: "acme_frontend" }]"#);
    insta::assert_snapshot!(format!("{:?} {:?}", web.health, store.health), @r#"[HealthCheck { probe: Http("https://192.0.2.1/status"), within: 90s }] [HealthCheck { probe: Tcp(6379), within: 60s }]"#);
    insta::assert_snapshot!(format!("{:?} {:?} {:?} {:?}", web.order, web.spec.grace(), web.healthy_within, web.rollout), @"StartFirst 30s 960s Rollout { parallelism: Hosts(1), delay: 0ns, monitor: 10s, on_failure: Pause, max_failure_ratio: 0.0 }");
    assert_eq!((store.order, store.spec.grace()), (UpdateOrder::StopFirst, Duration::from_secs(10)));
}

#[test]
fn a_host_is_wholly_decided() {
    let host = host("a");
    let each = |told: Vec<String>| told.join("\n");
    insta::assert_snapshot!(lines(&host.needs), @r#"
    cpus: 1
    data_disk: "15 GB"
    disk: "20 GB"
    memory: "2 GB"
    "#);
    insta::assert_snapshot!(each(host.networks.iter().map(|network| format!("{network:?}")).collect()), @r#"
    Network { name: "acme_backend", subnet: 172.28.240.0/24, subnet6: fd82:2b33:ad87:1cf0::/64, internal: true }
    Network { name: "acme_frontend", subnet: 172.28.16.0/24, subnet6: fd82:2b33:ad87:1c10::/64, internal: false }
    "#);
    assert_eq!(host.volumes, ["acme_store"]);
    insta::assert_snapshot!(each(host.folders.iter().map(|folder| format!("{folder:?}")).collect()), @r#"
    ManagedFolder { path: "/var/pryv/web/conf", mode: 493, uid: 0, gid: 0 }
    ManagedFolder { path: "/var/pryv/web/log", mode: 488, uid: 9999, gid: 9999 }
    "#);
    insta::assert_snapshot!(each(host.files.iter().map(|file| format!("{file:?}")).collect()), @r#"
    ManagedFile { path: "/var/pryv/web/conf/mime.types", content: ••••, shown: true, mode: 420, uid: 0, gid: 0, read_by: Some((ServiceName("web"), Reload)) }
    ManagedFile { path: "/var/pryv/web/conf/web.yml", content: ••••, shown: false, mode: 416, uid: 9999, gid: 0, read_by: Some((ServiceName("web"), Restart)) }
    "#);
    insta::assert_snapshot!(host.files[1].content.expose(), @r"
    host: a
    domain: acme.test
    workers: 2
    store: redis://:s3same@redis:6379
    peers:
      - { name: a, address: 10.9.0.1 }
      - { name: b, address: 192.0.2.2 }
    ");
    insta::assert_snapshot!(each(host.firewall.openings.iter().map(|opening| format!("{opening:?}")).collect()), @r#"
    Opening { protocol: Tcp, port: 443, from: [], origin: "role sample" }
    Opening { protocol: Tcp, port: 6379, from: [10.9.0.0/16, 192.0.2.3/32, 2001:db8::3/128], origin: "role sample" }
    "#);
    assert_eq!(host.firewall.admin_networks, ["192.0.2.0/24".parse().unwrap()]);
    assert_eq!((host.login_user.as_str(), host.ssh_port), ("root", 22));
    insta::assert_snapshot!(format!("{:?}", host.registry.unwrap()), @r#"RegistryAccess { address: "registry.test:5000", ip: Some(192.0.2.9), ca: None, credentials: Some(("u", ••••)) }"#);
}

#[test]
fn values_of_the_host_win() {
    let hosts = resolved(INVENTORY);
    let content = |name: &str| hosts[&name.parse::<HostName>().unwrap()].files[1].content.expose().to_owned();
    assert!(content("a").contains("workers: 2") && content("b").contains("workers: 4"));
    assert_eq!(host("a").services[1].spec.environment["MODE"], "quiet");
}

#[test]
fn the_same_inventory_gives_the_same_hosts() {
    assert_eq!(format!("{:?}", resolved(INVENTORY)), format!("{:?}", resolved(INVENTORY)));
}

#[test]
fn a_new_container_is_wanted_only_for_what_it_reads_at_its_start() {
    let hash = |template: &str, compose: &str| {
        let catalog = catalog(compose, template, FOLLOWER).unwrap();
        let mut hosts = resolve(&Inventory::parse(INVENTORY).unwrap(), &catalog, &material()).unwrap();
        hosts.remove(&"a".parse().unwrap()).unwrap().services.pop().unwrap().hash
    };
    let same = hash(TEMPLATE, COMPOSE);
    assert!(same.starts_with("v2:") && same.len() == 19, "{same}");
    assert_ne!(same, hash("changed", COMPOSE));
    let idle = COMPOSE.replace("service: web }", "service: web, on_change: none }");
    assert_eq!(hash("changed", &idle), hash("again", &idle));
    let watched = COMPOSE.replace("monitor: 10s", "monitor: 11s");
    assert_eq!(same, hash(TEMPLATE, &watched));
    let patient = COMPOSE.replace("stop_grace_period: 30s", "stop_grace_period: 31s");
    assert_ne!(same, hash(TEMPLATE, &patient), "Docker is told once, when it makes the container");
    let other = COMPOSE.replace("stop_grace_period: 30s", "init: true");
    assert_ne!(same, hash(TEMPLATE, &other));
    let elsewhere = COMPOSE.replace("443:8443", "443:9443");
    assert_ne!(same, hash(TEMPLATE, &elsewhere));
}

#[test]
fn every_host_knows_the_addresses_of_the_others_and_none_of_its_own() {
    let others = |(name, host): (&HostName, &Desired)| format!("{name}: {:?}", host.firewall.other_hosts);
    insta::assert_snapshot!(resolved(INVENTORY).iter().map(others).collect::<Vec<_>>().join("\n"), @"
    a: [192.0.2.2/32, 192.0.2.3/32, 2001:db8::3/128]
    b: [10.9.0.1/32, 192.0.2.1/32, 192.0.2.3/32, 2001:db8::3/128]
    c: [10.9.0.1/32, 192.0.2.1/32, 192.0.2.2/32]
    ");
    let alone: String = INVENTORY
        .lines()
        .filter(|line| !line.starts_with("  b:") && !line.starts_with("  c:"))
        .map(|line| format!("{line}\n"))
        .collect();
    assert_eq!(resolved(&alone)[&"a".parse().unwrap()].firewall.other_hosts, []);
}

#[test]
fn sources_that_are_not_there_yet_open_nothing() {
    let inventory = INVENTORY.replace("roles: [sample-follower]", "roles: []");
    let only = COMPOSE.replace(", 10.9.0.0/16]", "]");
    let catalog = catalog(&only, TEMPLATE, FOLLOWER).unwrap();
    let hosts = resolve(&Inventory::parse(&inventory).unwrap(), &catalog, &material()).unwrap();
    let openings: Vec<&Opening> = hosts.values().flat_map(|host| &host.firewall.openings).collect();
    assert!(openings.iter().all(|opening| opening.port == 443), "{openings:?}");
}

#[test]
fn services_start_after_what_they_need() {
    let names = |compose: &str| -> Vec<String> {
        let catalog = catalog(compose, TEMPLATE, FOLLOWER).unwrap();
        let hosts = resolve(&Inventory::parse(INVENTORY).unwrap(), &catalog, &material()).unwrap();
        hosts[&"a".parse::<HostName>().unwrap()]
            .services
            .iter()
            .map(|service| service.name.to_string())
            .collect()
    };
    assert_eq!(names(COMPOSE), ["store", "web"]);
    let turned = COMPOSE.replace("    depends_on: { store: { condition: service_healthy } }\n", "");
    assert_eq!(names(&turned.replace("    mem_limit: 512m\n", "    depends_on: [web]\n")), ["web", "store"]);
}
