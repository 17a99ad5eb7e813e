//! The second way in: what leads to a host on the day on which our own login does not.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, de::Error as _};

use super::{Inventory, Login};
use crate::model::name::HostName;

/// A second way in that does not rest on the first. One of two forms.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema)]
#[schemars(untagged, deny_unknown_fields)]
pub enum BreakGlass {
    /// A note for people.
    Console {
        /// What else leads in, and where its password is kept.
        console: String,
    },
    /// A second login, which is tried before passwords are switched off.
    Login {
        /// Who logs in.
        user: String,
        /// Private key files, tried in order.
        identities: Vec<PathBuf>,
    },
}

/// Both forms at once, as they may be written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    console: Option<String>,
    user: Option<String>,
    identities: Option<Vec<PathBuf>>,
}

// Not an untagged enum: that one would ask YAML what a word is before a text is wanted, and `console: 12` was none.
impl<'de> Deserialize<'de> for BreakGlass {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Written::deserialize(deserializer)? {
            Written { console: Some(console), user: None, identities: None } => Ok(Self::Console { console }),
            Written { console: None, user: Some(user), identities: Some(identities) } => {
                Ok(Self::Login { user, identities })
            }
            Written { .. } => Err(D::Error::custom("neither a console nor a user with identities")),
        }
    }
}

impl Login {
    /// Another user's login of the same host, which has to show the same key. A passphrase opens the keys of both.
    #[must_use]
    pub fn of_another(&self, user: &str, identities: &[PathBuf]) -> Self {
        let (user, identities) = (user.to_owned(), identities.to_vec());
        Self { user, identities, sudo_password: None, ..self.clone() }
    }
}

impl Inventory {
    /// The second way into a host: its own, or else the platform's. Paths may start with `~/`; the face knows home.
    pub fn break_glass(&self, name: &HostName) -> Option<&BreakGlass> {
        let own = self.hosts.get(name)?.break_glass.as_ref();
        own.or(self.break_glass.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::material::Material;

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
    break_glass: { user: rescue, identities: [~/.ssh/rescue] }
";

    #[test]
    fn a_host_may_have_a_way_of_its_own() {
        let inventory = Inventory::parse(TEXT).unwrap();
        let [a, b, c] = ["a", "b", "c"].map(|name| name.parse::<HostName>().unwrap());
        let way = |name| inventory.break_glass(name);
        assert_eq!(way(&a), Some(&BreakGlass::Console { console: "42".to_owned() }));
        assert_eq!(way(&c), None);
        let first = inventory.login(&b, &Material::default()).unwrap();
        let Some(BreakGlass::Login { user, identities }) = way(&b) else { panic!("{:?}", way(&b)) };
        let second = first.of_another(user, identities);
        assert_eq!((second.user.as_str(), second.port, second.address), ("rescue", 2222, first.address));
        assert_eq!((second.identities, second.sudo_password), (vec!["~/.ssh/rescue".into()], None));
    }
}
