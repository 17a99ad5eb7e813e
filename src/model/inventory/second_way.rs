//! The second way into one host: its own, or the platform's.

use super::{Inventory, Login, break_glass::BreakGlass};
use crate::model::{material::Material, name::HostName, problem::Place, secret::SecretSource};

/// The second way into one host, as far as it can be tried.
#[derive(Debug, Clone)]
pub enum SecondWay {
    /// A note for people; nobody else can try it.
    Console(String),
    /// A second login.
    Login(Box<Login>),
}

impl Inventory {
    /// The second way into a host: its own, or else the platform's. Paths may start with `~/`; the face knows home.
    pub fn break_glass(&self, name: &HostName) -> Option<&BreakGlass> {
        let own = self.hosts.get(name)?.break_glass.as_ref();
        own.or(self.break_glass.as_ref())
    }

    /// The same, ready to be tried: a login of the same host, which has to show the same key. A passphrase opens the keys
    /// of both. The same user with another key has the same password.
    pub fn second_way(&self, name: &HostName, material: &Material) -> Option<SecondWay> {
        let (user, identities) = match self.break_glass(name)? {
            BreakGlass::Console { console } => return Some(SecondWay::Console(console.clone())),
            BreakGlass::Login { user, identities, sudo_password: _ } => (user.clone(), identities.clone()),
        };
        let first = self.login(name, material)?;
        let own = material.break_glass_passwords.get(name).cloned();
        let sudo_password = own.or_else(|| first.sudo_password.clone().filter(|_| user == first.user));
        Some(SecondWay::Login(Box::new(Login { user, identities, sudo_password, ..first })))
    }

    /// The password of a host's second login, and where it stands.
    pub(super) fn break_glass_password(&self, name: &HostName) -> Option<(&SecretSource, Option<Place>)> {
        let own = self.hosts.get(name)?.break_glass.as_ref();
        let path: &[&str] = if own.is_some() { &["hosts", name.as_str()] } else { &[] };
        match own.or(self.break_glass.as_ref())? {
            BreakGlass::Console { .. } => None,
            BreakGlass::Login { sudo_password, .. } => {
                let place = self.place(&[path, &["break_glass", "sudo_password"]].concat());
                sudo_password.as_ref().map(|source| (source, place))
            }
        }
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
ssh: { user: admin, port: 2222, identities: [id], sudo_password: { env: SUDO } }
break_glass: { console: 42 }
zones: { eu: {} }
hosts:
  a: { address: 203.0.113.1, zone: eu, roles: [core] }
  b:
    address: 203.0.113.2
    zone: eu
    roles: [core]
    break_glass: { user: rescue, identities: [~/.ssh/rescue], sudo_password: { env: RESCUE } }
  c:
    address: 203.0.113.3
    zone: eu
    roles: [core]
    break_glass: { user: admin, identities: [other] }
";

    #[test]
    fn a_host_may_have_a_way_of_its_own() {
        let inventory = Inventory::parse(TEXT).unwrap();
        let [a, b, c, d] = ["a", "b", "c", "d"].map(|name| name.parse::<HostName>().unwrap());
        let mut material = Material::default();
        material.sudo_passwords.extend([b.clone(), c.clone()].map(|host| (host, Secret::new("first"))));
        let way = |name, material: &Material| inventory.second_way(name, material);
        let Some(SecondWay::Console(note)) = way(&a, &material) else { panic!("{:?}", way(&a, &material)) };
        assert_eq!(note, "42");
        assert!(way(&d, &material).is_none());
        let first = inventory.login(&b, &material).unwrap();
        let login = |name, material: &Material| match way(name, material) {
            Some(SecondWay::Login(login)) => *login,
            other => panic!("{other:?}"),
        };
        let second = login(&b, &material);
        assert_eq!((second.user.as_str(), second.port, second.address), ("rescue", 2222, first.address));
        assert_eq!((second.identities, second.sudo_password), (vec!["~/.ssh/rescue".into()], None));
        // Its password is its own, or that of the same user.
        assert_eq!(login(&c, &material).sudo_password, Some(Secret::new("first")));
        material.break_glass_passwords.insert(b.clone(), Secret::new("second"));
        assert_eq!(login(&b, &material).sudo_password, Some(Secret::new("second")));
    }
}
