//! All controls there are.

use std::collections::BTreeMap;

use super::{entry::Control, level::Level, profile::Profile};

/// All controls there are, by id.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Controls {
    pub(super) all: BTreeMap<String, Control>,
    pub(super) profiles: BTreeMap<Level, Profile>,
}

impl Controls {
    /// The ids of all controls.
    pub fn ids(&self) -> impl Iterator<Item = &str> + Clone {
        self.all.keys().map(String::as_str)
    }

    /// A control.
    pub fn get(&self, id: &str) -> Option<&Control> {
        self.all.get(id)
    }

    /// All controls, sorted by id.
    pub fn iter(&self) -> impl Iterator<Item = &Control> {
        self.all.values()
    }

    /// What a level is called.
    pub fn profile(&self, level: Level) -> Option<&Profile> {
        self.profiles.get(&level)
    }
}
