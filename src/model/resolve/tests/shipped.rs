//! The roles shipped with pryvctl, on an inventory that uses them all.

use super::*;

const PLATFORM: &str = r#"
platform: acme
domain: acme.test
admin_networks: [192.0.2.0/24]
registry: { address: "registry.test:5000" }
tls: { certificate: { file: c.pem }, key: { file: c.key } }
zones: { ch: { country: CH } }
hosts:
  reg1: { address: 192.0.2.1, zone: ch, roles: [register] }
  reg2: { address: 192.0.2.2, zone: ch, roles: [register-follower] }
  co1: { address: 192.0.2.3, zone: ch, roles: [core] }
  co2: { address: 192.0.2.4, zone: ch, roles: [core] }
  web: { address: 192.0.2.5, zone: ch, roles: [static-web] }
  one: { address: 192.0.2.6, zone: ch, roles: [single-node] }
"#;

/// Every secret that any shipped role needs.
fn everything(catalog: &Catalog) -> Material {
    let roles = catalog.names();
    let names = roles.iter().filter_map(|name| catalog.role(name)).flat_map(|role| role.head.secrets.clone());
    Material {
        secrets: names.map(|name| (name.clone(), Secret::new(format!("secret-{name}")))).collect(),
        tls_certificate: Some("-----BEGIN CERTIFICATE-----\n".to_owned()),
        tls_key: Some(Secret::new("secret-key")),
        ..Material::default()
    }
}

#[test]
fn every_shipped_role_resolves() {
    let catalog = Catalog::shipped().unwrap();
    let inventory = Inventory::parse(PLATFORM).unwrap();
    let hosts = resolve(&inventory, &catalog, &everything(&catalog)).unwrap();
    let used: BTreeSet<_> =
        inventory.hosts.values().flat_map(|host| &host.roles).map(|role| role.value.clone()).collect();
    assert_eq!(used, catalog.names(), "a shipped role that this test does not see");
    for host in hosts.values() {
        assert!(!host.services.is_empty() && host.needs.memory > Bytes(0), "{}", host.host);
        let specs =
            serde_json::to_string(&host.services.iter().map(|service| &service.spec).collect::<Vec<_>>())
                .unwrap();
        assert!(!specs.contains("secret-"), "{} shows a secret to docker inspect", host.host);
        let shown = host.files.iter().filter(|file| file.shown);
        assert!(shown.into_iter().all(|file| !file.content.expose().contains("secret-")), "{}", host.host);
    }
}

/// The roles do not know how an administrator makes backups; without one, nothing goes one way.
#[test]
fn the_inventorys_backup_comes_before_what_goes_one_way() {
    use crate::model::{desired::Data, place, role::HookAction};
    let catalog = Catalog::shipped().unwrap();
    let backup = "backup: { run: /usr/local/sbin/pryv-backup, within: 2h }\n";
    for (inventory, expected) in [(PLATFORM.to_owned(), 0), (format!("{PLATFORM}{backup}"), 1)] {
        let inventory = Inventory::parse(&inventory).unwrap();
        let hosts = resolve(&inventory, &catalog, &everything(&catalog)).unwrap();
        let mut seen = 0;
        for desired in hosts.values() {
            let mut notes = BTreeSet::new();
            for service in &desired.services {
                let Data::OneWay { backup } = &service.data else { continue };
                assert_eq!(backup.len(), expected, "{}", service.name);
                assert!(backup.iter().all(
                    |hook| matches!(&hook.action, HookAction::Run(run) if run.ends_with("pryv-backup"))
                ));
                let own = place::notes(desired, service);
                assert!(own.into_iter().all(|path| notes.insert(path)), "{} shares a note", service.name);
                seen += 1;
            }
        }
        assert!(seen >= 6, "{seen}");
    }
}
