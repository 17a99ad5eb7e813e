//! A newer pryvctl restarts nothing: what the pryvctl of commit 8a7decd made is still known for what it is, and what is made
//! today keeps its name.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use pryvctl::model::{catalog::Catalog, desired::Service, inventory::Inventory, resolve::resolve};

use crate::inventory::material;

/// Services of shipped roles whose containers are meant to be replaced when pryvctl is upgraded, as `ROLE SERVICE`. Each is
/// a restart on every platform there is: the CHANGELOG has to say it.
/// `hello` stands behind `sample` on a host of `own-roles`, and both call a network `frontend`: these are two networks now.
const REPLACED: [&str; 1] = ["hello hello"];

/// The service that moves to a network of its own.
const PARTED: &str = "own-roles b hello";

fn then() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/8a7decd")
}

/// Every file of a folder, by its path below it.
fn texts(folder: &Path) -> Vec<(String, String)> {
    let (mut found, mut open) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(next) = open.pop() {
        for path in fs::read_dir(next).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                open.push(path);
            } else {
                let below = path.strip_prefix(folder).unwrap().display().to_string();
                found.push((below, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found
}

/// Every service of an inventory, by `INVENTORY HOST SERVICE`.
fn services(name: &str, text: &str, catalog: &Catalog) -> BTreeMap<String, Service> {
    let inventory = Inventory::parse(text).unwrap();
    let hosts = resolve(&inventory, catalog, &material(&inventory)).unwrap();
    let all = hosts
        .into_iter()
        .flat_map(|(host, desired)| desired.services.into_iter().map(move |service| (host.clone(), service)));
    all.map(|(host, service)| (format!("{name} {host} {}", service.name), service)).collect()
}

/// Every service of the inventories of that commit, made with these roles.
fn all_services(catalog: &Catalog) -> BTreeMap<String, Service> {
    let inventories = texts(&then().join("inventories"));
    let named = inventories.iter().map(|(path, text)| (path.trim_end_matches(".yaml"), text));
    named.flat_map(|(name, text)| services(name, text, catalog)).collect()
}

/// The labels that the pryvctl of that commit gave.
fn labels() -> BTreeMap<String, String> {
    let text = fs::read_to_string(then().join("hashes.txt")).unwrap();
    let lines = text.lines().map(|line| line.rsplit_once(' ').unwrap());
    lines.map(|(service, label)| (service.to_owned(), label.to_owned())).collect()
}

#[test]
fn what_an_older_pryvctl_made_is_known_for_what_it_is() {
    let catalog = Catalog::default().with("roles", texts(&then().join("roles"))).unwrap();
    let (services, labels) = (all_services(&catalog), labels());
    assert!(labels.len() >= 130, "{} labels", labels.len());
    assert_eq!(services.keys().collect::<Vec<_>>(), labels.keys().collect::<Vec<_>>());
    for (name, label) in labels {
        let service = &services[&name];
        if name == PARTED {
            assert!(!service.made(&label), "{name} would stay in another role's network");
            continue;
        }
        assert!(service.made(&label), "{name} would be replaced: {label}, not {:?}", service.hash_v1);
        assert!(!service.made(""), "{name}: a container without a label");
    }
}

#[test]
fn the_shipped_roles_of_today_replace_no_container_unsaid() {
    let then = texts(&then().join("roles"));
    let own = then
        .into_iter()
        .filter(|(path, _)| ["sample/", "hello/", "every-key/"].iter().any(|role| path.starts_with(role)));
    let catalog = Catalog::shipped().unwrap().with("roles", own.collect()).unwrap();
    let (services, labels) = (all_services(&catalog), labels());
    let mut replaced: Vec<String> = labels
        .iter()
        .filter(|(name, label)| services.get(*name).is_some_and(|service| !service.made(label)))
        .map(|(name, _)| format!("{} {}", services[name].role, services[name].name))
        .collect();
    replaced.sort();
    replaced.dedup();
    assert_eq!(replaced, REPLACED, "an upgrade of pryvctl replaces these; if that is meant, name them here");
}

/// Pinned: whatever changes a line here replaces the containers of everybody who has such a service.
#[test]
fn what_is_made_today_keeps_its_name() {
    let catalog = Catalog::default().with("roles", texts(&then().join("roles"))).unwrap();
    let mut shown = String::new();
    for (name, service) in all_services(&catalog) {
        if name.starts_with("own-roles ") || name.starts_with("single-node ") {
            writeln!(shown, "{name} {}", service.hash).unwrap();
        }
    }
    insta::assert_snapshot!(shown, @r"
    own-roles a always v2:8f73b8654c7a6f35
    own-roles a every v2:42a09d0a9db3d867
    own-roles a never v2:e1b9a6206f5f8a28
    own-roles b hello v2:07d9394542b45d6c
    own-roles b store v2:9722e49883c70fbb
    own-roles b web v2:a02f3a8795189c73
    single-node one admin-panel v2:91bd53cfb2c3d71d
    single-node one app-web-auth3 v2:9ff31f9043c728d8
    single-node one core v2:37b213834859a260
    single-node one dns v2:66fba037bdebecc1
    single-node one hfs v2:ee3956a98a929b03
    single-node one influxdb v2:a6f1483065eb3545
    single-node one mail v2:391174250be90cce
    single-node one mfa v2:17529c2ecfdd8a41
    single-node one mongodb v2:35df240b0da346d3
    single-node one nginx v2:782fef4805ee213c
    single-node one preview v2:a3b83932742c45df
    single-node one redis v2:077bdbd17c9143a2
    single-node one register v2:73245fcc35e7f7bf
    single-node one webhooks v2:53980266e71f54db
    ");
}
