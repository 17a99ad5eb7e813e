//! Inventories as people write them: the shipped ones are good, and every broken one says what is wrong and where.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use pryvctl::{
    cli::problem::{Look, render},
    model::{
        catalog::Catalog,
        inventory::{Inventory, SourceKey},
        material::Material,
        problem::{Problem, Severity},
        resolve::resolve,
        schema::schema,
        secret::Secret,
    },
};

fn files(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> =
        entries.filter(|path| path.extension().is_some_and(|end| end == "yaml")).collect();
    files.sort();
    files
}

/// What `validate` says: of the text, of its meaning, and, when there is nothing to say, of the roles on their hosts.
fn problems(text: &str) -> Vec<Problem> {
    let catalog = Catalog::shipped().unwrap();
    let inventory = match Inventory::parse(text) {
        Ok(inventory) => inventory,
        Err(problems) => return problems,
    };
    let problems = inventory.check(&catalog.names());
    if !problems.is_empty() {
        return problems;
    }
    resolve(&inventory, &catalog, &material(&inventory)).err().unwrap_or_default()
}

/// Something for every secret the inventory refers to.
pub fn material(inventory: &Inventory) -> Material {
    let mut material = Material::default();
    for source in inventory.sources() {
        let secret = Secret::new("hunter2");
        match source.key {
            SourceKey::Secret(name) => drop(material.secrets.insert(name, secret)),
            SourceKey::RegistryPassword => material.registry_password = Some(secret),
            SourceKey::TlsCertificate => material.tls_certificate = Some("certificate".to_owned()),
            SourceKey::TlsKey => material.tls_key = Some(secret),
            SourceKey::Passphrase(host) => drop(material.passphrases.insert(host, secret)),
            SourceKey::SudoPassword(host) => drop(material.sudo_passwords.insert(host, secret)),
            SourceKey::BreakGlassPassword(host) => drop(material.break_glass_passwords.insert(host, secret)),
        }
    }
    material
}

/// `inventory.yaml:LINE:COLUMN` somewhere in a text.
fn names_a_place(text: &str) -> bool {
    text.match_indices("inventory.yaml:").any(|(at, name)| {
        let mut numbers =
            text[at + name.len()..].splitn(2, ':').map(|part| part.starts_with(|c: char| c.is_ascii_digit()));
        numbers.next() == Some(true) && numbers.next() == Some(true)
    })
}

#[test]
fn every_broken_inventory_says_what_is_wrong_and_where() {
    let files = files("tests/data/inventory/broken");
    assert!(files.len() >= 30, "only {}", files.len());
    for path in files {
        let name = path.file_stem().unwrap().to_str().unwrap();
        let text = fs::read_to_string(&path).unwrap();
        let problems = problems(&text);
        let shown = render(&problems, "inventory.yaml", &text, Look::Plain);
        assert!(names_a_place(&shown), "{name} says no place:\n{shown}");
        assert!(shown.lines().all(|line| line.chars().count() <= 100), "{name} is too wide:\n{shown}");
        assert!(shown.contains("help: "), "{name} shows no way out:\n{shown}");
        assert!(!shown.contains("hunter2"), "{name} shows a secret:\n{shown}");
        let stops = problems.iter().any(|problem| problem.severity == Severity::Error);
        assert_eq!(stops, !ONLY_WARNED.contains(&name), "{name}:\n{shown}");
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path("data/inventory/broken");
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_snapshot!(name, shown));
    }
}

/// Worth a thought, and no reason to stop.
const ONLY_WARNED: [&str; 4] =
    ["admin-networks-everyone", "container-network-public", "registry-password-inline", "zone-unused"];

#[test]
fn shipped_inventories_have_no_error() {
    let files = files("inventory");
    assert!(files.len() >= 4);
    for path in files {
        let text = fs::read_to_string(&path).unwrap();
        let inventory = Inventory::parse(&text).unwrap();
        let catalog = Catalog::shipped().unwrap();
        let mut problems = inventory.check(&catalog.names());
        problems.extend(resolve(&inventory, &catalog, &material(&inventory)).err().unwrap_or_default());
        problems.retain(|problem| problem.severity == Severity::Error);
        assert!(
            problems.is_empty(),
            "{}",
            render(&problems, &path.display().to_string(), &text, Look::Plain)
        );
    }
}

#[test]
fn words_that_yaml_takes_for_numbers_stay_as_written() {
    let text = fs::read_to_string("inventory/reference.yaml").unwrap();
    let versions = "versions: { a: 1.10, b: 0123, c: yes, d: 1_000, e: 0x10, f: 1e3, g: .nan, h: \"1.9.2\", i: 12:30 }\n";
    let start = text.find("\nversions:").unwrap() + 1;
    let end = start + text[start..].find("\n\n").unwrap();
    let text = format!("{}{versions}{}", &text[..start], &text[end..]);
    let inventory = Inventory::parse(&text).unwrap();
    let versions: Vec<_> = inventory.versions.values().map(String::as_str).collect();
    assert_eq!(versions, ["1.10", "0123", "yes", "1_000", "0x10", "1e3", ".nan", "1.9.2", "12:30"]);
}

#[test]
fn a_template_is_taken_over_and_may_be_overridden() {
    let inventory = Inventory::parse(include_str!("../inventory/two-zones.yaml")).unwrap();
    let labels = |name: &str| {
        let host = &inventory.hosts[&name.parse().unwrap()];
        (host.zone.value.to_string(), host.labels.iter().cloned().collect::<Vec<_>>())
    };
    assert_eq!(labels("co1"), ("eu".to_owned(), vec!["batch-1".to_owned()]));
    assert_eq!(labels("co2"), ("eu".to_owned(), vec!["batch-2".to_owned()]));
}

/// Every key of the schema, as the path of types it stands in.
fn keys(schema: &serde_json::Value, into: &mut BTreeSet<String>) {
    if let Some(properties) = schema["properties"].as_object() {
        into.extend(properties.keys().cloned());
    }
    match schema {
        serde_json::Value::Object(fields) => fields.values().for_each(|field| keys(field, into)),
        serde_json::Value::Array(items) => items.iter().for_each(|item| keys(item, into)),
        serde_json::Value::Null
        | serde_json::Value::Bool(_)
        | serde_json::Value::Number(_)
        | serde_json::Value::String(_) => {}
    }
}

#[test]
fn the_reference_shows_every_key_of_the_schema() {
    let text = include_str!("../inventory/reference.yaml");
    let mut known = BTreeSet::new();
    keys(&schema(), &mut known);
    assert!(known.contains("admin_networks") && known.contains("bare"));
    let shown = |key: &str| {
        text.lines().filter(|line| !line.trim_start().starts_with('#')).any(|line| {
            line.match_indices(key).any(|(at, _)| {
                let before = line[..at].chars().next_back().is_none_or(|c| " {,".contains(c));
                before && line[at + key.len()..].starts_with(':')
            })
        })
    };
    let missing: Vec<_> = known.iter().filter(|key| !shown(key)).collect();
    assert!(missing.is_empty(), "inventory/reference.yaml does not show {missing:?}");
}

#[test]
fn every_key_of_the_schema_is_explained() {
    fn unexplained(schema: &serde_json::Value, into: &mut Vec<String>) {
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            if property["description"].as_str().is_none_or(str::is_empty) {
                into.push(name.clone());
            }
        }
    }
    let schema = schema();
    let mut missing = Vec::new();
    unexplained(&schema, &mut missing);
    for part in schema["$defs"].as_object().unwrap().values() {
        unexplained(part, &mut missing);
    }
    assert_eq!(missing, Vec::<String>::new());
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
}
