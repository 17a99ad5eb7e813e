//! The sample role on real inventories: what comes out, and what is said of thirty mistakes.

use std::fmt::Write;

use super::*;
use crate::model::secret::Secret;

mod clashes;
mod decided;
mod mistakes;
mod networks;
mod secrets;
mod shipped;

const COMPOSE: &str = include_str!("../../../../tests/data/roles/sample/compose.yaml");
const TEMPLATE: &str = include_str!("../../../../tests/data/roles/sample/web.yml.j2");
const MIME: &str = include_str!("../../../../tests/data/roles/sample/mime.types");

const INVENTORY: &str = r#"
platform: acme
domain: acme.test
admin_networks: [192.0.2.0/24]
registry: { address: "registry.test:5000", ip: 192.0.2.9, username: u, password: { env: P } }
zones: { ch: { variables: { MODE: quiet } } }
hosts:
  a: { address: 192.0.2.1, private_address: 10.9.0.1, zone: ch, roles: [sample] }
  b: { address: 192.0.2.2, zone: ch, roles: [sample], variables: { WORKERS: "4" } }
  c: { address: 192.0.2.3, address6: "2001:db8::3", zone: ch, roles: [sample-follower] }
versions: { web: "1.1.0" }
secrets: { store_password: { env: S } }
"#;

const FOLLOWER: &str = "services: { web: { image: 'x/y:1' } }\nx-pryvctl: {}\n";

fn material() -> Material {
    Material {
        secrets: BTreeMap::from([("store_password".to_owned(), Secret::new("s3same"))]),
        registry_password: Some(Secret::new("p")),
        ..Material::default()
    }
}

fn catalog(compose: &str, template: &str, follower: &str) -> Result<Catalog, Vec<Problem>> {
    let texts = [
        ("sample/compose.yaml", compose),
        ("sample/web.yml.j2", template),
        ("sample/mime.types", MIME),
        ("sample-follower/compose.yaml", follower),
    ];
    let texts = texts.map(|(path, text)| (path.to_owned(), text.to_owned()));
    Catalog::default().with("roles", texts.into())
}

fn resolved(inventory: &str) -> BTreeMap<HostName, Desired> {
    let inventory = Inventory::parse(inventory).unwrap();
    resolve(&inventory, &catalog(COMPOSE, TEMPLATE, FOLLOWER).unwrap(), &material()).unwrap()
}

fn host(name: &str) -> Desired {
    resolved(INVENTORY).remove(&name.parse().unwrap()).unwrap()
}

/// Every problem as `rule: message`, with the text it points at.
fn told(inventory: &str, catalog: Result<Catalog, Vec<Problem>>) -> String {
    let parsed = Inventory::parse(inventory).unwrap();
    let found = catalog.and_then(|catalog| resolve(&parsed, &catalog, &material()));
    let mut told = String::new();
    for problem in found.err().unwrap_or_default() {
        let at =
            problem.at.map(|place| &inventory[place.offset..place.offset + place.len]).unwrap_or_default();
        writeln!(told, "{} [{at}]\n  {}", problem.rule, problem.message).unwrap();
        if let Some(hint) = problem.hint {
            writeln!(told, "  hint: {hint}").unwrap();
        }
    }
    told
}

/// What is said when a part of the sample role is replaced.
fn sample_with(from: &str, to: &str) -> String {
    assert!(COMPOSE.contains(from), "{from}");
    told(INVENTORY, catalog(&COMPOSE.replacen(from, to, 1), TEMPLATE, FOLLOWER))
}

fn inventory_with(from: &str, to: &str) -> String {
    assert!(INVENTORY.contains(from), "{from}");
    told(&INVENTORY.replacen(from, to, 1), catalog(COMPOSE, TEMPLATE, FOLLOWER))
}

fn all(cases: &[(&str, &str)]) -> String {
    cases.iter().map(|(from, to)| sample_with(from, to)).collect()
}
