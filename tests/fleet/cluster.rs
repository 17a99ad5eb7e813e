//! A cluster from bare hosts to nothing: three hosts of one lab, in the order in which an administrator would go.

use std::{
    collections::BTreeMap,
    thread,
    time::{Duration, Instant},
};

use super::{
    foreign,
    guard::CONSOLE,
    outside::{FAMILIES, Family, dns, open_ports, reaches, status},
    sentinel::Sentinels,
    snapshot,
    world::{World, tool},
};

const INVENTORY: &str = include_str!("../../inventory/cluster.yaml");
const HOSTS: [&str; 3] = ["reg1", "co1", "web1"];
const PASSPHRASE: &str = "a passphrase that is nowhere to be found";

#[test]
fn a_cluster_from_bare_hosts_to_nothing() {
    let world = World::up("t-cluster", &format!("hardening: $NO_PACKAGES\n{INVENTORY}"));
    let secrets = looking_writes_nothing(&world);
    secrets.plant(&world, "reg1");
    foreign::plant(&world, "reg1", secrets.decoy);
    let strange = foreign::picture(&world, "reg1");

    install(&world);
    assert_eq!(foreign::picture(&world, "reg1"), strange);
    serves(&world);
    digests(&world);
    only_what_is_open_is_open(&world);
    docker_restarts(&world);
    twice_is_once(&world);
    what_a_hand_changed_is_named_and_mended(&world);
    secrets.search(&world, &HOSTS);

    uninstall(&world);
    assert_eq!(foreign::picture(&world, "reg1"), strange);
    an_admin_with_a_password(&world);
    secrets.search(&world, &HOSTS);
    let said = world.transcript();
    assert!(said.contains(secrets.decoy), "the transcript was not searched");
    secrets.clean("what was said", &said);
}

/// Everything of a host that can be compared.
fn picture(world: &World, host: &str) -> (Vec<String>, String, String) {
    (snapshot::files(world, host), snapshot::ruleset(world, host), snapshot::containers(world, host))
}

#[track_caller]
fn unchanged(world: &World, before: &BTreeMap<&str, (Vec<String>, String, String)>) {
    for (host, (files, ruleset, containers)) in before {
        let (files_now, ruleset_now, containers_now) = picture(world, host);
        let difference = snapshot::difference(files, &files_now);
        assert!(difference.is_empty(), "files of {host}:\n{}", difference.join("\n"));
        assert_eq!(*ruleset, ruleset_now, "ruleset of {host}");
        assert_eq!(*containers, containers_now, "containers of {host}");
    }
}

fn pictures(world: &World) -> BTreeMap<&'static str, (Vec<String>, String, String)> {
    HOSTS.into_iter().map(|host| (host, picture(world, host))).collect()
}

fn looking_writes_nothing(world: &World) -> Sentinels {
    let lab = world.lab();
    let before = pictures(world);
    world.run(&["validate", "inventory.yaml", &lab]).ends_with(0);
    // The lab makes up the secrets of the inventory when they are first asked for.
    let secrets = Sentinels::of(world, &[("passphrase", PASSPHRASE)]);
    for host in HOSTS {
        secrets.watch(world, host);
    }
    world.run(&["preflight", "inventory.yaml", &lab, "-v", "-v"]).ends_with(0);
    world.run(&["status", "inventory.yaml", &lab]).ends_with(6);
    world.run(&["plan", "inventory.yaml", &lab, "-o", "json"]).ends_with(0);
    world.run(&["plan", "inventory.yaml", "--host", secrets.decoy, &lab]).ends_with(2);
    let plan = world.run(&["plan", "inventory.yaml", "--host", "web1", &lab]).ends_with(0);
    unchanged(world, &before);
    secrets.clean("a plan", &plan.said());
    whole_way(&plan.stdout);

    world.on("web1", "touch -d 2020-01-01 /etc/hostname.touched");
    let seen = snapshot::difference(&before["web1"].0, &snapshot::files(world, "web1"));
    assert!(
        seen.iter().any(|line| line.contains("/etc/hostname.touched")),
        "the recorder is blind: {seen:?}"
    );
    world.on("web1", "rm /etc/hostname.touched");
    secrets
}

/// The parts of a plan for a bare host, in their order.
fn whole_way(plan: &str) {
    let parts = [
        "registry.ca",
        "engine.daemon-json",
        "packages.docker",
        "firewall.table",
        "sshd.match",
        "sshd.block",
        "firewall.boot",
        "folder./var/pryv",
        "file./var/pryv",
        "network.acme_frontend",
        "image.",
        "services.table",
        "service.app-web-auth3.start",
        "service.app-web-auth3.healthy",
        "service.nginx.start",
        "service.nginx.cut-over",
        "service.nginx.probe-1",
    ];
    let mut rest = plan;
    for part in parts {
        let at = rest.find(part).unwrap_or_else(|| panic!("{part} is not in its place in:\n{plan}"));
        rest = &rest[at..];
    }
}

fn install(world: &World) {
    let ran = world.run(&["install", "inventory.yaml", &world.lab(), "--yes", "-v", "-v"]).ends_with(0);
    for host in HOSTS {
        assert!(
            ran.stdout.lines().any(|line| line.contains(host) && line.contains("changed")),
            "{}",
            ran.stdout
        );
    }
}

/// A tag may move; what was started can still be told.
fn digests(world: &World) {
    let of = "docker ps -q --filter label=pryvctl.service=nginx | xargs docker inspect -f";
    let label = world.on("reg1", &format!("{of} '{{{{index .Config.Labels \"pryvctl.digest\"}}}}'"));
    let image =
        world.on("reg1", &format!("{of} '{{{{.Image}}}}' | xargs docker inspect -f '{{{{.RepoDigests}}}}'"));
    assert!(label.starts_with("sha256:") && image.contains(label.trim()), "{label} is not in {image}");
}

fn serves(world: &World) {
    for family in FAMILIES {
        for (host, name) in [("reg1", "register"), ("co1", "core"), ("web1", "app-web-auth3")] {
            let said = status(world, host, family);
            let said: serde_json::Value =
                serde_json::from_str(&said).unwrap_or_else(|_| panic!("{host} over {family:?}: {said}"));
            assert_eq!((said["name"].as_str(), said["status"].as_str()), (Some(name), Some("ok")), "{host}");
        }
        let (four, six) = world.addresses("co1");
        assert_eq!(dns(world, "reg1", family, "co1.pryv.example.org", "A"), four);
        assert_eq!(dns(world, "reg1", family, "co1.pryv.example.org", "AAAA"), six);
    }
}

/// A port that Docker publishes by hand is behind the firewall like every other.
fn only_what_is_open_is_open(world: &World) {
    let image =
        world.on("reg1", "docker images --format '{{.Repository}}:{{.Tag}}' | grep -m1 /pryvio/redis:");
    let server = format!("{} -m http.server 5432 --bind ::", image.trim());
    world.on(
        "reg1",
        &format!("docker run -d --name by-hand --restart always -p 5432:5432 --entrypoint python3 {server}"),
    );
    answers_inside(world);
    thread::scope(|scope| {
        for family in FAMILIES {
            scope.spawn(move || {
                assert_eq!(open_ports(world, &HOSTS, family, "-p-"), ["22 443"; 3], "{family:?}")
            });
        }
    });
    for family in FAMILIES {
        assert!(reaches(world, "web1", "reg1", family, 443));
        assert!(!reaches(world, "web1", "reg1", family, 22), "SSH is open to others over {family:?}");
        assert!(!reaches(world, "web1", "reg1", family, 5432), "a published port is open over {family:?}");
    }
}

/// Without this a closed port would prove nothing.
fn answers_inside(world: &World) {
    for address in ["127.0.0.1", "[::1]"] {
        world.on(
            "reg1",
            &format!(
                "curl -sf --retry 20 --retry-delay 1 --retry-all-errors -o /dev/null http://{address}:5432/"
            ),
        );
    }
}

fn docker_restarts(world: &World) {
    world.on("reg1", "systemctl restart docker");
    answers_inside(world);
    for family in FAMILIES {
        answers_again(world, family);
        assert_eq!(open_ports(world, &["reg1"], family, "-p22,443,5432"), ["22 443"]);
    }
}

/// nginx looks the names of its neighbours up at dockerd, which was just away.
#[track_caller]
fn answers_again(world: &World, family: Family) {
    let started = Instant::now();
    loop {
        let said = status(world, "reg1", family);
        if said.contains("\"status\": \"ok\"") {
            return;
        }
        assert!(started.elapsed() < Duration::from_secs(20), "over {family:?}: {said}");
        thread::sleep(Duration::from_millis(200));
    }
}

fn twice_is_once(world: &World) {
    let before = pictures(world);
    let again = world.run(&["install", "inventory.yaml", &world.lab(), "--yes", "-v", "-v"]).ends_with(0);
    assert_eq!(again.stdout.matches("nothing to change").count(), 3, "{}", again.stdout);
    world.run(&["status", "inventory.yaml", &world.lab()]).ends_with(0).says("healthy");
    unchanged(world, &before);
}

fn what_a_hand_changed_is_named_and_mended(world: &World) {
    let lab = world.lab();
    world.on("reg1", "nft delete table inet pryvctl");
    world.on("co1", "echo '# by hand' >>/etc/ssh/sshd_config.d/00-pryvctl.conf");
    world.on("web1", "docker stop -t 1 acme_app-web-auth3_a");
    let drifted = world.run(&["status", "inventory.yaml", &lab]).ends_with(6);
    let named = drifted.says("firewall.table").says("sshd.match").says("service.app-web-auth3.");
    for host in HOSTS {
        assert!(named.stdout.contains(&format!("{host}: ")), "{}", named.stdout);
    }
    world.run(&["install", "inventory.yaml", &lab, "--yes", "-v", "-v"]).ends_with(0);
    world.run(&["status", "inventory.yaml", &lab, "-o", "json"]).ends_with(0);
    serves(world);
    assert_eq!(open_ports(world, &["reg1"], Family::Four, "-p22,443,5432"), ["22 443"]);
}

/// What of ours is on a host: nothing but data folders, packages and `daemon.json`.
const TRACES: &str = "find / -xdev \\( -path /proc -o -path /sys -o -path /var/log -o -path /var/lib/docker -o -path /tmp \
    -o -path /var/cache -o -name pryvctl-lab \\) -prune -o -name '*pryvctl*' -print; \
    find /etc/docker/certs.d -type f 2>/dev/null; find /var/pryv -type f -path '*/conf/*' 2>/dev/null; \
    docker ps -aq --filter label=pryvctl.platform; docker network ls -q --filter name=acme_; \
    nft list tables | grep pryvctl; systemctl list-unit-files --no-legend 'pryvctl*'; grep -F pryvctl /etc/hosts; true";

fn uninstall(world: &World) {
    assert!(HOSTS.iter().all(|host| world.on(host, TRACES).lines().count() > 9), "the search is blind");
    world.run(&["uninstall", "inventory.yaml", &world.lab(), "--yes", "-v", "-v"]).ends_with(0);
    for host in HOSTS {
        assert_eq!(world.on(host, TRACES), "", "left on {host}");
        world.on(host, "sshd -T | grep -qx 'passwordauthentication yes'");
    }
    world.on("reg1", "test -e /var/pryv/pryv/redis/data");
    // What was closed by us alone is open again.
    assert_eq!(open_ports(world, &["reg1"], Family::Four, "-p22,443,5432"), ["22 5432"]);
    world.run(&["uninstall", "inventory.yaml", &world.lab(), "--yes"]).ends_with(0).says("nothing to change");
}

/// A role with a volume, by a user who needs a key with a passphrase and a password for sudo.
fn an_admin_with_a_password(world: &World) {
    admin_inventory(world);
    let run = |arguments: &[&str]| {
        let arguments = [arguments, &["--yes", "-v", "-v"]].concat();
        world.run_with(&arguments, &[("LAB_PASSPHRASE", PASSPHRASE)]).ends_with(0)
    };
    let volumes = || world.on("web1", "docker volume ls -q --filter name=acme_");
    run(&["install", "admin.yaml"]);
    let id = world.on("web1", "docker ps -q --no-trunc --filter name=acme_web");
    run(&["install", "admin.yaml", "-o", "json"]).says("unchanged");
    assert_eq!(world.on("web1", "docker ps -q --no-trunc --filter name=acme_web"), id);
    run(&["uninstall", "admin.yaml"]).says("existing volumes and their data are kept: acme_kept");
    assert_eq!(volumes().trim(), "acme_kept", "an uninstall keeps volumes");
    run(&["install", "admin.yaml"]);
    let ask = |answers| {
        let arguments = ["uninstall", "admin.yaml"];
        world.run_at_terminal(&arguments, &[("LAB_PASSPHRASE", PASSPHRASE)], answers).ends_with(0)
    };
    ask("n\nn\n").says("remove the volumes acme_kept").says("nothing was changed");
    assert_eq!(volumes().trim(), "acme_kept");
    ask("y\ny\n");
    assert_eq!(volumes(), "");
    run(&["install", "admin.yaml"]);
    run(&["uninstall", "admin.yaml", "--remove-volumes"]);
    assert_eq!(volumes(), "");
    assert_eq!(world.on("web1", TRACES), "");
}

/// Without `--lab`, because the lab logs in as root with a key alone.
fn admin_inventory(world: &World) {
    world.copy("tests/data/roles/web", "roles/web");
    let role = include_str!("../data/roles/web/compose.yaml");
    let kept = role
        .replace("    stop_grace_period: 5s\n", "    stop_grace_period: 5s\n    volumes: [\"kept:/kept\"]\n")
        .replace("networks: { frontend: {} }\n", "networks: { frontend: {} }\nvolumes: { kept: {} }\n");
    world.write("roles/web/compose.yaml", &kept);
    let key = world.path("admin-key");
    tool("ssh-keygen", &["-q", "-t", "ed25519", "-N", PASSPHRASE, "-f", key.to_str().unwrap()]);
    let public = std::fs::read_to_string(world.path("admin-key.pub")).unwrap();
    world.feed("web1", "cat >/home/admin/.ssh/authorized_keys", &public);
    let lab = |file: &str| world.lab_file(file).display().to_string();
    let (address, _) = world.addresses("web1");
    let gateway = address.rsplit_once('.').unwrap().0.to_owned();
    world.write(
        "admin.yaml",
        &format!(
            "platform: acme
domain: pryv.example.org
admin_networks: [{gateway}.1/32]
ssh:
  user: admin
  identities: [admin-key]
  passphrase: {{ env: LAB_PASSPHRASE }}
  sudo_password: {{ file: {sudo} }}
  known_hosts: {known_hosts}
{CONSOLE}
registry:
  address: registry.t-cluster.test:5000
  ip: {gateway}.2
  ca: {ca}
  username: lab
  password: {{ file: {password} }}
roles: roles
zones: {{ eu: {{}} }}
hosts: {{ web1: {{ address: {address}, zone: eu, roles: [web] }} }}
",
            sudo = lab("secrets/sudo"),
            known_hosts = lab("known_hosts"),
            ca = lab("ca.pem"),
            password = lab("secrets/registry"),
        ),
    );
}
