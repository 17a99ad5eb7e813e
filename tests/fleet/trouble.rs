//! What goes wrong on one host stays there: it is named with its way out, the others finish, and what served goes on
//! serving. One lab; each case begins and ends with all hosts at one version, so that none rests on another.

use std::fs;

use super::{
    direct::Direct,
    rolling::{OLD, other},
    trouble_killed, trouble_login, trouble_running,
    world::{World, tool},
};

pub const HOSTS: [&str; 3] = ["one", "two", "three"];

const INVENTORY: &str = "
platform: trial
domain: trial.example.org
admin_networks: [192.0.2.0/24]
zones: { eu: {} }
hardening: $NO_PACKAGES
roles: roles
hosts:
  one: { address: 192.0.2.11, zone: eu, roles: [web] }
  two: { address: 192.0.2.12, zone: eu, roles: [web] }
  three: { address: 192.0.2.13, zone: eu, roles: [web], lab: { image: debian13 } }
";

#[test]
fn trouble_stays_where_it_is() {
    let world = World::up("trouble", INVENTORY);
    trouble_running::small_disk(&world);
    world.run(&["install", "inventory.yaml", &world.lab(), "--yes"]).ends_with(0);
    Direct::new(&world, "first", OLD).run(&["plan"]).ends_with(0).says("one unchanged");
    let cases: [fn(&World); 15] = [
        trouble_login::unknown_host_key,
        trouble_login::changed_host_key,
        trouble_login::wrong_user,
        trouble_login::sudo_password,
        trouble_login::nobody_there,
        trouble_login::host_that_hangs,
        trouble_running::registry_password,
        trouble_running::no_such_image,
        trouble_running::disk_full,
        trouble_running::unhealthy_image,
        trouble_running::needs_not_met,
        trouble_running::changed_meanwhile,
        trouble_running::overwritten_meanwhile,
        trouble_killed::second_controller,
        trouble_killed::killed_on_the_way,
    ];
    for case in cases {
        case(&world);
        calm(&world);
    }
    let said = world.transcript();
    for secret in ["secrets/sudo", "secrets/registry"].map(|file| fs::read_to_string(world.lab_file(file))) {
        assert!(!said.contains(secret.unwrap().trim()), "a password was said");
    }
    assert!(!said.contains("not-this-one"), "a wrong password was said");
}

/// All hosts at one version: what serves, and the version that does not.
pub struct Calm {
    pub now: String,
    pub next: String,
    served: [Served; 3],
}

/// Which container of which version answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Served {
    pub version: String,
    container: String,
}

/// Asserts that all hosts serve one version, and nothing is left of another.
#[track_caller]
pub fn calm(world: &World) -> Calm {
    let served = HOSTS.map(|host| served(world, host));
    let now = served[0].version.clone();
    for (host, served) in HOSTS.iter().zip(&served) {
        assert_eq!(served.version, now, "{host} serves another version");
        assert_eq!(leftovers(world, host), "", "on {host}");
    }
    let next = other(&now).to_owned();
    Calm { now, next, served }
}

impl Calm {
    /// Asserts that a host is served by the very container that served before.
    #[track_caller]
    pub fn still_serves(&self, world: &World, host: &str) {
        let place = HOSTS.iter().position(|name| *name == host).unwrap();
        assert_eq!(served(world, host), self.served[place], "on {host}");
        assert_eq!(leftovers(world, host), "", "on {host}");
    }

    /// Asserts that hosts have come to the next version.
    #[track_caller]
    pub fn moved_on(&self, world: &World, hosts: &[&str]) {
        for host in hosts {
            assert_eq!(served(world, host).version, self.next, "on {host}");
        }
    }

    /// The same without what stood in the way: now all hosts come to the next version.
    #[track_caller]
    pub fn converge(&self, world: &World) {
        Direct::new(world, "good", &self.next).install().ends_with(0);
        self.moved_on(world, &HOSTS);
    }
}

/// Asks a host from outside.
#[track_caller]
pub fn served(world: &World, host: &str) -> Served {
    let url = format!("http://{}:8080/status", world.addresses(host).0);
    let answer = tool("curl", &["-sS", "--max-time", "5", &url]);
    let answer: serde_json::Value =
        serde_json::from_str(&answer).unwrap_or_else(|_| panic!("{host}: {answer}"));
    let text = |key: &str| answer[key].as_str().unwrap().to_owned();
    Served { version: text("version"), container: text("container") }
}

/// What may not stay after a run: a second container that runs, a second one kept for the way back, half a file, a guard.
fn leftovers(world: &World, host: &str) -> String {
    world.on(
        host,
        "all=$(docker ps --all --filter label=pryvctl.platform=trial --format '{{.Names}} {{.Status}}')
         echo \"$all\" | grep ' Up ' | sed 1d
         echo \"$all\" | grep -v ' Up ' | sed 1d
         find /etc /var/lib/pryvctl /run/pryvctl -name '*.pryvctl-new*'
         find /etc/systemd/system /var/lib/pryvctl -name 'pryvctl-guard*' -o -name guard",
    )
}

/// Only what runs stays, and no way back, so that the next version must be pulled.
pub fn forget_images(world: &World, host: &str) {
    world.on(host, "docker container prune --force && docker image prune --all --force");
}
