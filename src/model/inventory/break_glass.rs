//! The second way in, as it is written: what leads to a host on the day on which our own login does not.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, de::Error as _};

use crate::model::secret::SecretSource;

/// A second way in that does not rest on the first. One of two forms.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema)]
#[schemars(untagged, deny_unknown_fields)]
pub enum BreakGlass {
    /// A note for people.
    Console {
        /// What else leads in, and where its password is kept.
        console: String,
    },
    /// A second login, which has to become root before passwords are switched off.
    Login {
        /// Who logs in: root, or a user with sudo.
        user: String,
        /// Private key files, tried in order.
        identities: Vec<PathBuf>,
        /// The password sudo asks for; leave it out where sudo asks for none.
        sudo_password: Option<SecretSource>,
    },
}

/// Both forms at once, as they may be written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    console: Option<String>,
    user: Option<String>,
    identities: Option<Vec<PathBuf>>,
    sudo_password: Option<SecretSource>,
}

// Not an untagged enum: that one would ask YAML what a word is before a text is wanted, and `console: 12` was none.
impl<'de> Deserialize<'de> for BreakGlass {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Written::deserialize(deserializer)? {
            Written { console: Some(console), user: None, identities: None, sudo_password: None } => {
                Ok(Self::Console { console })
            }
            Written { console: None, user: Some(user), identities: Some(identities), sudo_password } => {
                Ok(Self::Login { user, identities, sudo_password })
            }
            Written { .. } => Err(D::Error::custom("neither a console nor a user with identities")),
        }
    }
}
