//! Two roles on one host: which networks they have.

use super::*;

/// The host that has both roles, whose second one has these services and networks.
fn both(follower: &str) -> Result<Desired, String> {
    let inventory = INVENTORY.replace("roles: [sample-follower]", "roles: [sample]");
    let inventory = inventory.replace("roles: [sample]", "roles: [sample, sample-follower]");
    let parsed = Inventory::parse(&inventory).unwrap();
    let catalog = catalog(COMPOSE, TEMPLATE, follower);
    let hosts = resolve(&parsed, catalog.as_ref().unwrap(), &material());
    hosts.map(|mut hosts| hosts.remove(&"a".parse().unwrap()).unwrap()).map_err(|_| told(&inventory, catalog))
}

fn service(name: &str, more: &str, networks: &str) -> String {
    let names: Vec<&str> =
        ["frontend", "backend"].into_iter().filter(|name| networks.contains(name)).collect();
    format!(
        "services: {{ {name}: {{ image: 'x/y:1', networks: [{}]{more} }} }}\nnetworks: {{ {networks} }}\nx-pryvctl: {{}}\n",
        names.join(", ")
    )
}

fn joined(desired: &Desired, name: &str) -> Vec<String> {
    let service = desired.services.iter().find(|service| service.name.as_str() == name).unwrap();
    service.spec.networks.iter().map(|place| place.network.clone()).collect()
}

fn subnets(desired: &Desired) -> Vec<String> {
    desired.networks.iter().map(|network| format!("{} {}", network.name, network.subnet)).collect()
}

#[test]
fn a_network_that_two_roles_name_alike_is_two_networks() {
    let host = both(&service("other", "", "frontend: {}, backend: {}")).unwrap();
    assert_eq!(joined(&host, "store"), ["acme_frontend", "acme_backend"]);
    assert_eq!(joined(&host, "other"), ["acme_sample-follower_frontend", "acme_sample-follower_backend"]);
    insta::assert_snapshot!(subnets(&host).join("\n"), @"
    acme_backend 172.28.240.0/24
    acme_frontend 172.28.16.0/24
    acme_sample-follower_backend 172.28.140.0/24
    acme_sample-follower_frontend 172.28.148.0/24
    ");
    // Whether it is internal is each role's own affair.
    assert!(host.networks.iter().all(|network| network.internal == (network.name == "acme_backend")));
}

/// No container is replaced because another role came.
#[test]
fn the_role_that_comes_first_stays_as_it_is_alone() {
    let alone = INVENTORY.replace("roles: [sample-follower]", "roles: [sample]");
    let alone = resolved(&alone).remove(&"a".parse().unwrap()).unwrap();
    let host = both(&service("other", "", "frontend: {}, backend: {}")).unwrap();
    for service in &alone.services {
        let same = host.services.iter().find(|other| other.name == service.name).unwrap();
        assert_eq!((&same.spec, &same.hash), (&service.spec, &service.hash));
    }
    assert!(alone.networks.iter().all(|network| host.networks.contains(network)));
}

#[test]
fn roles_share_a_network_by_its_name() {
    for backend in ["internal: true, name: acme_backend", "external: true, name: \"${PLATFORM}_backend\""] {
        let host = both(&service("other", "", &format!("backend: {{ {backend} }}"))).unwrap();
        assert_eq!(joined(&host, "other"), ["acme_backend"]);
        assert_eq!(subnets(&host).len(), 2);
    }
    let own = both(&service("other", "", "backend: { name: shared }")).unwrap();
    assert_eq!(joined(&own, "other"), ["shared"]);
    let subnets: BTreeSet<_> = own.networks.iter().map(|network| network.subnet).collect();
    assert_eq!(subnets.len(), 3);
}

#[test]
fn what_cannot_be_shared_is_told() {
    let calls = ", depends_on: [store]";
    let told = [
        service("other", calls, "backend: {}"),
        service("other", "", "backend: { external: true, name: nobodys }"),
        service("other", "", "backend: { name: 'no name' }"),
    ]
    .map(|follower| both(&follower).unwrap_err());
    insta::assert_snapshot!(told.join(""), @"
    network.apart [sample-follower]
      roles/sample-follower/compose.yaml: service `other` depends on a service of the role `sample`, and the `backend` of both roles are two networks
      hint: give `backend` the same `name` in both roles, and they share it
    network.unknown [sample-follower]
      roles/sample-follower/compose.yaml: the network `nobodys` is `external`, and no other role of this host has it
      hint: give the network `name: nobodys` in the role it belongs to
    role.unreadable [sample-follower]
      roles/sample-follower/compose.yaml: `networks.backend.name`: `no name` is not a name for a network
    ");
    assert!(both(&service("other", calls, "backend: { external: true, name: acme_backend }")).is_ok());
}

#[test]
fn containers_ask_for_metadata_where_their_role_says_so() {
    assert!(both(&service("other", "", "backend: {}")).unwrap().firewall.metadata.is_empty());
    let asking =
        service("other", "", "backend: {}").replace("x-pryvctl: {}", "x-pryvctl: { metadata: true }");
    let host = both(&asking).unwrap();
    let places =
        &host.services.iter().find(|service| service.name.as_str() == "other").unwrap().spec.networks;
    let expected: Vec<ipnet::IpNet> = places
        .iter()
        .flat_map(|place| place.addresses)
        .map(|address| std::net::IpAddr::from(address).into())
        .collect();
    assert_eq!(host.firewall.metadata.len(), 4);
    assert!(expected.iter().all(|net| host.firewall.metadata.contains(net)));
}
