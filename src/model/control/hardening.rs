//! What is wanted of one host.

use std::{collections::BTreeMap, sync::Arc};

use super::{entry::Control, known::Controls, level::Level};

/// What is wanted of one host's hardening.
#[derive(Debug, Clone, Default)]
pub struct Hardening {
    /// The level.
    pub level: Level,
    /// Controls that are left out, with the reason somebody gave.
    pub skipped: BTreeMap<String, String>,
    /// All controls there are. What is not wanted here may still have been set by an earlier run.
    pub known: Arc<Controls>,
}

impl Hardening {
    /// The controls of the level, those that are skipped included, sorted by id.
    pub fn of_level(&self) -> impl Iterator<Item = &Control> {
        let replaced = |id: &str| {
            self.known.iter().any(|other| {
                other.instead.as_deref() == Some(id)
                    && self.takes(other)
                    && !self.skipped.contains_key(&other.id)
            })
        };
        self.known.iter().filter(move |control| self.takes(control) && !replaced(&control.id))
    }

    /// The controls that are wanted.
    pub fn wanted(&self) -> impl Iterator<Item = &Control> {
        self.of_level().filter(|control| !self.skipped.contains_key(&control.id))
    }

    fn takes(&self, control: &Control) -> bool {
        let profile = self.known.profile(self.level);
        profile.is_some_and(|profile| profile.levels.contains(&control.level))
    }
}
