//! Inventories that name the lab's hosts themselves, so that a test can say about one of them what is not so.

use std::{collections::BTreeMap, fmt::Write as _};

use super::{
    guard::CONSOLE,
    world::{Ran, World},
};

/// What an inventory says; everything is right until a test says otherwise.
pub struct Direct<'a> {
    world: &'a World,
    file: String,
    hosts: BTreeMap<String, Host>,
    known_hosts: String,
    password: String,
}

/// One host of it.
struct Host {
    address: String,
    roles: String,
    ssh: String,
    version: String,
}

impl<'a> Direct<'a> {
    /// All hosts of the lab with the role `web` in a version.
    pub fn new(world: &'a World, file: &str, version: &str) -> Self {
        let host = |name: &String| Host {
            address: world.addresses(name).0,
            roles: "web".to_owned(),
            ssh: String::new(),
            version: version.to_owned(),
        };
        Self {
            world,
            file: format!("{file}.yaml"),
            hosts: world.hosts().iter().map(|name| (name.clone(), host(name))).collect(),
            known_hosts: in_lab(world, "known_hosts"),
            password: format!("{{ file: {} }}", in_lab(world, "secrets/registry")),
        }
    }

    /// How one host is logged in to, as in `user: admin`.
    pub fn ssh(mut self, host: &str, ssh: &str) -> Self {
        self.host(host).ssh = ssh.to_owned();
        self
    }

    /// Where one host is looked for.
    pub fn address(mut self, host: &str, address: &str) -> Self {
        self.host(host).address = address.to_owned();
        self
    }

    /// Which version one host is to serve.
    pub fn version(mut self, host: &str, version: &str) -> Self {
        self.host(host).version = version.to_owned();
        self
    }

    /// What every host does in place of `web`.
    pub fn roles(mut self, roles: &str) -> Self {
        self.hosts.values_mut().for_each(|host| roles.clone_into(&mut host.roles));
        self
    }

    /// What one host does beside `web`.
    pub fn also(mut self, host: &str, role: &str) -> Self {
        write!(self.host(host).roles, ", {role}").unwrap();
        self
    }

    /// Where host keys are looked up.
    pub fn known_hosts(mut self, file: &str) -> Self {
        self.known_hosts = file.to_owned();
        self
    }

    /// Where the registry's password is read from.
    pub fn password(mut self, password: &str) -> Self {
        self.password = password.to_owned();
        self
    }

    /// Writes the inventory and runs a command over it.
    pub fn run(&self, arguments: &[&str]) -> Ran {
        self.write();
        self.world.run(&[arguments, &[&self.file]].concat())
    }

    /// Writes the inventory and installs it.
    pub fn install(&self) -> Ran {
        self.run(&INSTALL)
    }

    /// Writes the inventory; gives the arguments that install it.
    pub fn arguments(&self) -> Vec<&str> {
        self.write();
        [&INSTALL[..], &[&self.file]].concat()
    }

    /// Writes the inventory.
    pub fn write(&self) {
        self.world.write(&self.file, &self.text());
    }

    fn host(&mut self, name: &str) -> &mut Host {
        self.hosts.get_mut(name).unwrap()
    }

    fn text(&self) -> String {
        let world = self.world;
        let mut text = format!(
            "platform: trial\ndomain: trial.example.org\nadmin_networks: [{gateway}/32, \"{gateway6}/128\"]\nzones: {{ eu: {{}} }}\nhardening: $NO_PACKAGES\n\
             roles: roles\n{CONSOLE}\nssh: {{ identities: [{key}], known_hosts: {known_hosts} }}\n\
             registry: {{ address: registry.{lab}.test:5000, ip: {registry}, ca: {ca}, username: lab, \
             password: {password} }}\nhosts:\n",
            gateway = world.in_network(1),
            gateway6 = world.in_network6(1),
            key = in_lab(world, "id_ed25519"),
            known_hosts = self.known_hosts,
            lab = world.name(),
            registry = world.in_network(2),
            ca = in_lab(world, "ca.pem"),
            password = self.password,
        );
        for (name, Host { address, roles, ssh, version }) in &self.hosts {
            writeln!(
                text,
                "  {name}: {{ address: {address}, zone: eu, roles: [{roles}], ssh: {{ {ssh} }}, \
                 variables: {{ WEB_VERSION: \"{version}\" }} }}"
            )
            .unwrap();
        }
        text
    }
}

const INSTALL: [&str; 2] = ["install", "--yes"];

fn in_lab(world: &World, file: &str) -> String {
    world.lab_file(file).display().to_string()
}
