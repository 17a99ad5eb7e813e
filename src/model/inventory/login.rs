//! How a host is logged in to, and every secret an inventory refers to.

use super::{Host, Inventory, Login, Ssh};
use crate::model::{material::Material, name::HostName, problem::Place, secret::SecretSource};

/// How many keys a host is shown in one login. The control `sshd.attempts` sets `MaxAuthTries` to the same number: sshd hangs
/// up after so many that are wrong, and since OpenSSH 9.8 it punishes the address of whoever fails often.
pub const TRIES: usize = 3;

/// A secret an inventory refers to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source<'a> {
    /// What it is for.
    pub key: SourceKey,
    /// Where it is read from.
    pub source: &'a SecretSource,
    /// Where the inventory says so.
    pub place: Option<Place>,
}

/// What a secret is for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum SourceKey {
    /// One of the inventory's `secrets`.
    Secret(String),
    /// The registry's password.
    RegistryPassword,
    /// The platform's certificate chain.
    TlsCertificate,
    /// The platform's private key.
    TlsKey,
    /// The passphrase of a host's key files.
    Passphrase(HostName),
    /// The password sudo asks for on a host.
    SudoPassword(HostName),
    /// The password sudo asks the second login for on a host.
    BreakGlassPassword(HostName),
}

impl Inventory {
    /// Every secret the inventory refers to; one that several hosts share comes once for each.
    pub fn sources(&self) -> Vec<Source<'_>> {
        let secrets = self
            .secrets
            .iter()
            .map(|(name, source)| self.source(SourceKey::Secret(name.clone()), source, &["secrets", name]));
        let password = self.registry.iter().filter_map(|registry| registry.password.as_ref());
        let password = password
            .map(|source| self.source(SourceKey::RegistryPassword, source, &["registry", "password"]));
        let tls = self.tls.iter().flat_map(|tls| {
            let certificate =
                self.source(SourceKey::TlsCertificate, &tls.certificate, &["tls", "certificate"]);
            [certificate, self.source(SourceKey::TlsKey, &tls.key, &["tls", "key"])]
        });
        let hosts = self.hosts.iter().flat_map(|(name, host)| self.of_host(name, host));
        secrets.chain(password).chain(tls).chain(hosts).collect()
    }

    fn of_host<'a>(&'a self, name: &'a HostName, host: &'a Host) -> impl Iterator<Item = Source<'a>> {
        let passphrase = self.pick(name, host, "passphrase", |ssh| ssh.passphrase.as_ref());
        let sudo = self.pick(name, host, "sudo_password", |ssh| ssh.sudo_password.as_ref());
        let passphrase = passphrase.map(|(source, place)| Source {
            key: SourceKey::Passphrase(name.clone()),
            source,
            place,
        });
        let sudo =
            sudo.map(|(source, place)| Source { key: SourceKey::SudoPassword(name.clone()), source, place });
        let second = self.break_glass_password(name);
        let second = second.map(|(source, place)| Source {
            key: SourceKey::BreakGlassPassword(name.clone()),
            source,
            place,
        });
        passphrase.into_iter().chain(sudo).chain(second)
    }

    /// A secret of `ssh`: the host's own, or else the platform's, and where it stands.
    fn pick<'a>(
        &'a self,
        name: &HostName,
        host: &'a Host,
        key: &str,
        field: impl Fn(&'a Ssh) -> Option<&'a SecretSource>,
    ) -> Option<(&'a SecretSource, Option<Place>)> {
        let own = field(&host.ssh).map(|source| (source, self.place(&["hosts", name.as_str(), "ssh", key])));
        own.or_else(|| field(&self.ssh).map(|source| (source, self.place(&["ssh", key]))))
    }

    fn source<'a>(&self, key: SourceKey, source: &'a SecretSource, path: &[&str]) -> Source<'a> {
        Source { key, source, place: self.place(path) }
    }

    /// How to log in to a host. `None`: the inventory has no such host. Paths may start with `~/`; the face knows home.
    pub fn login(&self, name: &HostName, material: &Material) -> Option<Login> {
        let host = self.hosts.get(name)?;
        let (own, all) = (&host.ssh, &self.ssh);
        let port = own.port.or(all.port).unwrap_or(22);
        let known_hosts = own.known_hosts.as_ref().or(all.known_hosts.as_ref()).cloned();
        Some(Login {
            host: name.clone(),
            address: host.address.value,
            address6: host.address6.as_ref().map(|address| address.value),
            port,
            initial_port: own.initial_port.or(all.initial_port).filter(|initial| *initial != port),
            user: own.user.as_ref().or(all.user.as_ref()).cloned().unwrap_or_else(|| "root".to_owned()),
            identities: own.identities.as_ref().or(all.identities.as_ref()).cloned().unwrap_or_default(),
            passphrase: material.passphrases.get(name).cloned(),
            sudo_password: material.sudo_passwords.get(name).cloned(),
            known_hosts: known_hosts.unwrap_or_else(|| "~/.ssh/known_hosts".into()),
            host_key: own.host_key.as_ref().or(all.host_key.as_ref()).cloned(),
            accept_new: false,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::secret::Secret;

    const TEXT: &str = "\
platform: acme
domain: pryv.example.org
admin_networks: [192.0.2.0/24]
ssh: { user: admin, port: 2222, initial_port: 22, identities: [id], sudo_password: { env: SUDO } }
registry: { address: r:5000, username: u, password: { env: REGISTRY } }
tls: { certificate: { file: a.pem }, key: { file: a.key } }
secrets: { mail: { env: MAIL } }
zones: { eu: {} }
hosts:
  a: { address: 203.0.113.1, zone: eu, roles: [core] }
  b:
    address: 203.0.113.2
    zone: eu
    roles: [core]
    ssh: { user: root, passphrase: { env: PHRASE }, sudo_password: { file: b } }
";

    #[test]
    fn every_secret_is_listed_with_its_place() {
        let inventory = Inventory::parse(TEXT).unwrap();
        let line = |place: Place| TEXT[..place.offset].matches('\n').count() + 1;
        let sources = inventory.sources().into_iter();
        let shown = sources.map(|source| format!("{:?} line {}\n", source.key, line(source.place.unwrap())));
        insta::assert_snapshot!(shown.collect::<String>(), @r#"
        Secret("mail") line 7
        RegistryPassword line 5
        TlsCertificate line 6
        TlsKey line 6
        SudoPassword(HostName("a")) line 4
        Passphrase(HostName("b")) line 15
        SudoPassword(HostName("b")) line 15
        "#);
    }

    #[test]
    fn a_host_says_what_differs() {
        let inventory = Inventory::parse(TEXT).unwrap();
        let [a, b] = ["a", "b"].map(|name| name.parse::<HostName>().unwrap());
        let mut material = Material::default();
        material.sudo_passwords.insert(a.clone(), Secret::new("s"));
        let login = inventory.login(&a, &material).unwrap();
        assert_eq!((login.user.as_str(), login.port, login.identities.len()), ("admin", 2222, 1));
        assert_eq!(login.sudo_password, Some(Secret::new("s")));
        let login = inventory.login(&b, &material).unwrap();
        assert_eq!((login.user.as_str(), login.port, login.sudo_password), ("root", 2222, None));
        assert_eq!(login.initial_port, Some(22));
        assert!(inventory.login(&"c".parse().unwrap(), &material).is_none());
    }
}
