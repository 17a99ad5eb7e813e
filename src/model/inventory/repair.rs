//! What a daemon may repair with nobody there.

use std::{collections::BTreeSet, fmt};

use schemars::JsonSchema;
use serde::Deserialize;

/// A group of things on a host that may be repaired unattended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Repairable {
    /// Containers, what they stand on, and where ports lead.
    Services,
    /// The firewall.
    Firewall,
    /// Controls, and sshd.
    Controls,
    /// Files and folders of roles.
    Files,
}

impl Repairable {
    /// All groups.
    pub const ALL: [Self; 4] = [Self::Services, Self::Firewall, Self::Controls, Self::Files];

    /// Its word in the inventory.
    pub fn word(self) -> &'static str {
        match self {
            Self::Services => "services",
            Self::Firewall => "firewall",
            Self::Controls => "controls",
            Self::Files => "files",
        }
    }

    fn bit(self) -> u8 {
        match self {
            Self::Services => 1,
            Self::Firewall => 2,
            Self::Controls => 4,
            Self::Files => 8,
        }
    }
}

/// Which groups may be repaired unattended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(from = "BTreeSet<Repairable>")]
pub struct Repairs(u8);

impl Repairs {
    /// None.
    pub const NONE: Self = Self(0);

    /// Whether nothing may be repaired.
    pub fn is_empty(self) -> bool {
        self == Self::NONE
    }

    /// Whether a group may be repaired.
    pub fn has(self, group: Repairable) -> bool {
        self.0 & group.bit() != 0
    }

    /// The groups.
    pub fn groups(self) -> impl Iterator<Item = Repairable> {
        Repairable::ALL.into_iter().filter(move |group| self.has(*group))
    }
}

impl FromIterator<Repairable> for Repairs {
    fn from_iter<I: IntoIterator<Item = Repairable>>(groups: I) -> Self {
        Self(groups.into_iter().fold(0, |bits, group| bits | group.bit()))
    }
}

impl From<BTreeSet<Repairable>> for Repairs {
    fn from(groups: BTreeSet<Repairable>) -> Self {
        groups.into_iter().collect()
    }
}

impl fmt::Display for Repairs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<&str> = self.groups().map(Repairable::word).collect();
        f.write_str(&words.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_what_was_named() {
        let named: Repairs = [Repairable::Files, Repairable::Firewall].into_iter().collect();
        assert_eq!(named.to_string(), "firewall, files");
        assert!(named.has(Repairable::Files) && !named.has(Repairable::Services));
        assert!(Repairs::NONE.is_empty() && !named.is_empty());
        assert_eq!(Repairable::ALL.into_iter().collect::<Repairs>().groups().count(), 4);
    }
}
