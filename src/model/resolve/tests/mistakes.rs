//! What is said of mistakes in roles and inventories.

use super::*;

#[test]
fn keys_that_are_not_understood_are_named() {
    insta::assert_snapshot!(all(&[
        ("    mem_limit: 512m", "    privileged: true\n    network_mode: host\n    build: ."),
        ("    mem_limit: 512m", "    mem_limits: 512m"),
        ("deploy: {", "deploy: { replicas: 2,"),
        ("networks: { frontend: {}", "secrets: {}\nnetworks: { frontend: {}"),
        ("volumes: { store: {} }", "volumes: { store: { external: true } }"),
        ("  needs:", "  need:"),
        ("service: web, http", "servcie: web, http"),
        ("condition: service_healthy", "condition: service_completed_successfully"),
        ("aliases: [redis]", "ipv4_address: 10.0.0.1"),
        ("update_config:", "rollback_config: { order: start-first }, update_config:"),
    ]), @"
    role.unreadable [sample]
      roles/sample/compose.yaml: `services.store.build`: is not supported: hosts build nothing: push the image to a registry and name it in `image`
    role.unreadable [sample]
      roles/sample/compose.yaml: `services.store.network_mode`: is not supported: the host's network has no firewall between host and container: publish `ports`
    role.unreadable [sample]
      roles/sample/compose.yaml: `services.store.privileged`: is not supported: a privileged container is root on the host: name the capabilities in `cap_add`
    role.unreadable [sample]
      roles/sample/compose.yaml: `services.store.mem_limits`: `mem_limits` is not a known key: did you mean `mem_limit`?
    role.unreadable [sample]
      roles/sample/compose.yaml: `services.web.deploy.replicas`: `replicas` is not a known key: use one of `resources`, `update_config`, `rollback_config`
    role.unreadable [sample]
      roles/sample/compose.yaml: `secrets`: is not supported: render a file with `files` of x-pryvctl; templates see the inventory's secrets
    role.unreadable [sample]
      roles/sample/compose.yaml: `volumes.store.external`: `external` is not a known key: use `driver`
    role.unreadable [sample]
      roles/sample/compose.yaml: `x-pryvctl.need`: `need` is not a known key: use one of `open`, `metadata`, `folders`, `files`, `health`
    role.unreadable [sample]
      roles/sample/compose.yaml: `x-pryvctl.health[0].servcie`: `servcie` is not a known key: did you mean `service`?
    role.unreadable [sample]
      roles/sample/compose.yaml: `services.web.depends_on`: `service_completed_successfully` is not a valid value: use one of `service_started`, `service_healthy`
    role.unreadable [sample]
      roles/sample/compose.yaml: `services.store.networks`: `backend`: unknown field `ipv4_address`, expected `aliases`
    role.unreadable [sample]
      roles/sample/compose.yaml: `services.web.deploy.rollback_config.order`: is not supported: a rollback takes over as an update does
    ");
}

#[test]
fn values_that_do_not_fit_are_named() {
    insta::assert_snapshot!(all(&[
        (r#"["443:8443"]"#, r#"["3000"]"#),
        (r#"["443:8443"]"#, r#"["127.0.0.1:443:8443"]"#),
        (r#"["443:8443"]"#, r#"["3000-3005:3000-3005"]"#),
        (r#"["443:8443"]"#, r#"["443:84430"]"#),
        (r#"["443:8443"]"#, r#"["443:8443/sctp"]"#),
        ("\"store:/data\"", "/data"),
        ("\"store:/data\"", "./data:/data"),
        ("interval: 2s", "interval: 2"),
        ("interval: 2s", "interval: 2x"),
        ("512m", "half"),
        ("MODE: \"${MODE:-production}\"", "MODE: 1.10"),
        ("MODE: \"${MODE:-production}\"", "MODE: "),
        ("mode: \"0755\"", "mode: 0755"),
        ("sample-follower\"", "reggister\""),
        ("443/tcp\n", "443\n"),
        ("\"1.0.0\"", "1.0"),
    ]), @r#"
    role.unreadable [sample]
      roles/sample/compose.yaml: `services.web.ports[0]`: `3000` has no port of the host: write it first, as in 443:3000
    role.unreadable [sample]
      roles/sample/compose.yaml: `services.web.ports[0]`: `127.0.0.1:443:8443` names an address: ports answer on all addresses, `open` limits who may ask
    role.unreadable [sample]
      roles/sample/compose.yaml: `services.web.ports[0]`: `3000-3005` is a range: name each port
    role.unreadable [sample]
      roles/sample/compose.yaml: `services.web.ports[0]`: `84430` is not a port: use 1 to 65535
    role.unreadable [sample]
      roles/sample/compose.yaml: `services.web.ports[0]`: `sctp` is not a protocol: write tcp or udp
    role.unreadable [sample]
      roles/sample/compose.yaml: `services.store.volumes[0]`: `/data` would be an anonymous volume, which is lost with its container: name it, as in data:/data
    role.unreadable [sample]
      roles/sample/compose.yaml: `services.store.volumes[0]`: `./data` is relative, but a host has no project folder: write the whole path
    role.unreadable [sample]
      roles/sample/compose.yaml: `services.web.healthcheck.interval`: invalid type: integer `2`, expected a string
    role.unreadable [sample]
      roles/sample/compose.yaml: `services.web.healthcheck.interval`: `2x` is not a duration: write whole numbers with units, as in 90s or 1m30s
    role.unreadable [sample]
      roles/sample/compose.yaml: `services.store.mem_limit`: `half` is not a size: write a number and a unit, as in 512MB, 4GB or 2GiB
    role.unreadable [sample]
      roles/sample/compose.yaml: `services.web.environment`: `MODE`: put 1.1 in quotes
    role.unreadable [sample]
      roles/sample/compose.yaml: `services.web.environment`: `MODE`: has no value: write "" for an empty text
    role.unreadable [sample]
      roles/sample/compose.yaml: `x-pryvctl.folders[1].mode`: 755.0 is not a mode: write octal digits in quotes, as in "0640"
    source.unknown [sample]
      roles/sample/compose.yaml: there is no role `reggister`
    role.unreadable [sample]
      roles/sample/compose.yaml: `x-pryvctl.open[0]`: `443` has no protocol: write 443/tcp or 443/udp
    role.unreadable []
      roles/sample/compose.yaml: `x-pryvctl.variables.WEB_VERSION`: put 1.0 in quotes
    "#);
}

#[test]
fn ports_networks_and_mounts_must_fit() {
    insta::assert_snapshot!(all(&[
        ("    - 443/tcp\n", ""),
        ("    - 443/tcp\n", "    - 443/tcp\n    - 80/tcp\n"),
        ("\"6379:6379\"", "\"443:6379\""),
        ("\"443:8443\"", "\"22:8443\""),
        (", frontend: {} }\n", " }\n"),
        ("[frontend, backend]", "[frontend, middle]"),
        ("\"store:/data\"", "\"stoer:/data\""),
        ("/web/log:/var", "/wbe/log:/var"),
        ("/var/pryv/web/log:/var/log/web", "/var/run/docker.sock:/docker.sock"),
        ("/var/pryv/web/log:/var/log/web", "/var/pryv/web/conf/mime.types:/etc/mime.types"),
    ]), @r"
    role.port-not-open [sample]
      roles/sample/compose.yaml: service `web` publishes 443/tcp, which is not under `open`
      hint: add `443/tcp` to `open` of x-pryvctl
    role.open-unused [sample]
      roles/sample/compose.yaml: 80/tcp is open, but no service publishes it
    port.clash [sample]
      443/tcp is published by `web` of role `sample` and by `store` of role `sample`
      hint: give the roles to different hosts
    role.open-unused [sample]
      roles/sample/compose.yaml: 6379/tcp is open, but no service publishes it
    port.ssh [sample]
      roles/sample/compose.yaml: service `web` publishes 22/tcp, which sshd uses on this host
    role.port-not-open [sample]
      roles/sample/compose.yaml: service `web` publishes 22/tcp, which is not under `open`
      hint: add `22/tcp` to `open` of x-pryvctl
    role.open-unused [sample]
      roles/sample/compose.yaml: 443/tcp is open, but no service publishes it
    port.internal [sample]
      roles/sample/compose.yaml: service `store` publishes ports, but is only in `internal` networks
    network.unknown [sample]
      roles/sample/compose.yaml: service `web` joins the network `middle`, which is not defined under `networks`
    volume.unknown [sample]
      roles/sample/compose.yaml: `services.store.volumes[0]`: the volume `stoer` is not defined under `volumes`
    mount.unmanaged [sample]
      roles/sample/compose.yaml: `services.web.volumes[1]`: `/var/pryv/wbe/log` would not exist on the host: define it under `folders` or `files` of x-pryvctl
    mount.docker-socket [sample]
      roles/sample/compose.yaml: `services.web.volumes[1]`: `/var/run/docker.sock` gives the container Docker's socket, and so root on the host: if you need this, write `allow: [docker-socket]` in x-pryvctl
    mount.stale-file [sample]
      roles/sample/compose.yaml: `services.web.volumes[1]`: `/var/pryv/web/conf/mime.types` is mounted as a single file, so the container keeps the old file when it changes: mount its folder, or write `on_change: restart`
    ");
}

#[test]
fn services_and_files_must_fit() {
    insta::assert_snapshot!(all(&[
        ("depends_on: { store:", "depends_on: { stoer:"),
        ("    mem_limit: 512m", "    depends_on: [web]"),
        ("sample/store:7", "sample/store"),
        ("service: store, tcp", "service: stoer, tcp"),
        ("service: store, tcp: 6379", "tcp: 6379"),
        ("tcp: 6379 }", "within: 3s }"),
        ("tcp: 6379 }", "dns: a..b }"),
        ("  needs:", "  upgrade: { irreversible: [stoer] }\n  needs:"),
        ("  needs:", "  upgrade: { irreversible: [web] }\n  needs:"),
        ("web.yml.j2", "web.yaml.j2"),
        ("template: web.yml.j2, ", ""),
        ("conf/mime.types", "conf/web.yml"),
        ("    - { path: /var/pryv/web/conf, mode", "    - { path: /var/pryv/web/log, mode"),
        ("path: /var/pryv/web/log", "path: /var/pryv/../log"),
    ]), @r"
    depends.unknown [sample]
      roles/sample/compose.yaml: service `web` depends on `stoer`, which is not on this host
    depends.circle [sample]
      `store`, `web` form a cycle through `depends_on`
    image.no-version [sample]
      roles/sample/compose.yaml: `services.store.image`: `registry.test:5000/sample/store` has no tag: without a version no rollback is possible; write registry.test:5000/sample/store:VERSION
    service.unknown [sample]
      roles/sample/compose.yaml: x-pryvctl names the service `stoer`, which the role does not define
    service.unknown [sample]
      roles/sample/compose.yaml: a health check needs `service`, because the role has several services
    role.unreadable [sample]
      roles/sample/compose.yaml: `x-pryvctl.health[1]`: a health check needs one of `http`, `tcp`, `dns` and `run`
    role.unreadable [sample]
      roles/sample/compose.yaml: the health check asks for `a..b`, which is not a DNS name
    upgrade.service-unknown [sample]
      roles/sample/compose.yaml: `upgrade.irreversible` names `stoer`, which the role does not define
      hint: did you mean `store`?
    upgrade.two-versions [sample]
      roles/sample/compose.yaml: `upgrade.irreversible` names `web`, whose `update_config.order` is start-first: two versions would have its data open at once, write stop-first
    file.missing [sample]
      roles/sample/compose.yaml: the role has no file `web.yaml.j2`
    role.unreadable [sample]
      roles/sample/compose.yaml: `/var/pryv/web/conf/web.yml` needs either `template` or `copy`
    file.clash [sample]
      roles/sample/compose.yaml: the file `/var/pryv/web/conf/web.yml` is defined twice for this host
    folder.clash [sample]
      roles/sample/compose.yaml: the folder `/var/pryv/web/log` is also defined with another mode or owner
    mount.unmanaged [sample]
      roles/sample/compose.yaml: `services.web.volumes[1]`: `/var/pryv/web/log` would not exist on the host: define it under `folders` or `files` of x-pryvctl
    path.invalid [sample]
      roles/sample/compose.yaml: `/var/pryv/../log` is not a whole path without `..`
    ");
}

#[test]
fn missing_values_are_named_with_the_way_out() {
    let mut told = all(&[
        ("${MODE:-production}", "${MOOD}"),
        ("${MODE:-production}", "${MOOD:?the mood of ${HOST}}"),
        ("${MODE:-production}", "${MOOD"),
        ("WEB_VERSION}", "PRYV_VERSION}"),
        ("secrets: [store_password]", "secrets: [store_password, other]"),
    ]);
    told += &inventory_with(
        "registry: { address: \"registry.test:5000\", ip: 192.0.2.9, username: u, password: { env: P } }",
        "",
    );
    told += &inventory_with("roles: [sample-follower]", "roles: [sample-folower]");
    told += &inventory_with("domain: acme.test", "domain: acme.test\ncontainer_network: 10.1.0.0/24");
    insta::assert_snapshot!(told, @r"
    variable.missing [sample]
      roles/sample/compose.yaml: `services.web.environment.MODE` needs the variable `MOOD`
      hint: add `MOOD: ...` to `variables` of the platform, the zone or the host
    variable.missing [sample]
      roles/sample/compose.yaml: `services.web.environment.MODE` needs the variable `MOOD`: the mood of a
      hint: add `MOOD: ...` to `variables` of the platform, the zone or the host
    variable.missing [sample]
      roles/sample/compose.yaml: `services.web.environment.MODE` needs the variable `MOOD`: the mood of b
      hint: add `MOOD: ...` to `variables` of the platform, the zone or the host
    variable.syntax [sample]
      roles/sample/compose.yaml: `services.web.environment.MODE`: a `${` is not closed in `${MOOD`
    variable.missing [sample]
      roles/sample/compose.yaml: `services.web.image` needs the variable `PRYV_VERSION`
      hint: add `pryv: ...` to `versions`
    secret.missing [sample]
      roles/sample/compose.yaml: the role needs the secret `other`
      hint: add `other: { file: PATH }` or `other: { env: NAME }` to `secrets`
    variable.missing [sample]
      roles/sample/compose.yaml: `services.store.image` needs the variable `REGISTRY`
      hint: add `registry:` with its `address` to the inventory
    variable.missing [sample]
      roles/sample/compose.yaml: `services.web.image` needs the variable `REGISTRY`
      hint: add `registry:` with its `address` to the inventory
    role.unknown [sample-folower]
      there is no role `sample-folower`
      hint: did you mean `sample-follower`?
    network.no-room [container_network]
      10.1.0.0/24 has no room for 2 container networks of 254 addresses
      hint: give `container_network` a shorter prefix, as in 172.28.0.0/16
    network.no-room [container_network]
      10.1.0.0/24 has no room for 1 container networks of 254 addresses
      hint: give `container_network` a shorter prefix, as in 172.28.0.0/16
    ");
}
