//! Controls: what makes a host hard, as data. A control is one entry of a file in `hardening/controls`; code is for kinds.
//!
//! ```yaml
//! - id: sysctl.kernel-pointers
//!   title: Kernel pointers are hidden from users
//!   level: 1                                   # 1: files and auditd; 2: packages and stricter values
//!   ref: [CIS 1.5, lynis KRNL-6000]            # which auditor asks for it
//!   breaks: Tools that resolve kernel symbols as a user
//!   when: [machine]                            # where it applies; see Condition
//!   unless: [chrony]                           # packages with which it does not apply
//!   with: [grub2-common]                       # packages without which it does not apply
//!   needs: package.clock                       # a control whose package it is about
//!   sysctl: { kernel.kptr_restrict: 2 }        # exactly one kind; see Kind
//! ```
//!
//! How each kind is read, set and undone stands in `plan::control`, one file a kind.

mod kind;
mod profile;
mod read;

use std::{collections::BTreeMap, sync::Arc};

use serde::{Deserialize, Serialize};

pub use kind::{
    After, Directive, Form, Kind, LineAt, Made, Mount, OwnFile, OwnLine, Rights, Settings, Unit, UnitWish,
    Unwanted,
};
pub use profile::Profile;

use super::problem::Problem;

/// How hard a host is made. Level 2 includes level 1.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(try_from = "u8", into = "u8")]
pub enum Level {
    /// What can be set on any host that runs containers.
    #[default]
    One,
    /// More packages and stricter values, for hosts that do nothing else.
    Two,
}

impl TryFrom<u8> for Level {
    type Error = String;
    fn try_from(level: u8) -> Result<Self, String> {
        match level {
            1 => Ok(Self::One),
            2 => Ok(Self::Two),
            other => Err(format!("there is no level {other}: write 1 or 2")),
        }
    }
}

impl From<Level> for u8 {
    fn from(level: Level) -> Self {
        match level {
            Level::One => 1,
            Level::Two => 2,
        }
    }
}

/// One control.
#[derive(Debug, Clone, PartialEq)]
pub struct Control {
    /// Its name, as in `sshd.forwarding`; inventories skip it by this.
    pub id: String,
    /// One line for people.
    pub title: String,
    /// From which level on it is wanted.
    pub level: Level,
    /// Which auditors ask for it, and under which name.
    pub refs: Vec<String>,
    /// What may stop working.
    pub breaks: String,
    /// Where it applies.
    pub when: Vec<Condition>,
    /// Packages that do the same in another way: with one of them it does not apply.
    pub unless: Vec<String>,
    /// Packages it is about: without one of them it does not apply.
    pub with: Vec<String>,
    /// A control that brings the package this one is about: where that is left out and not there, it does not apply.
    pub needs: Option<String>,
    /// A control of a lower level whose place this one takes.
    pub instead: Option<String>,
    /// What is set.
    pub kind: Kind,
}

/// What must hold of a host, or the control does not apply there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Condition {
    /// It has a kernel of its own: it is no container.
    Machine,
    /// It is part of no Docker Swarm.
    NoSwarm,
    /// Its IPv6 default route does not come from router advertisements.
    NoRouterAdvertisements,
}

/// All controls there are, by id.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Controls {
    all: BTreeMap<String, Control>,
    profiles: BTreeMap<Level, Profile>,
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

    /// The controls shipped with pryvctl.
    ///
    /// # Errors
    /// A shipped file that does not parse: a defect of this build.
    pub fn shipped() -> Result<Arc<Self>, Vec<Problem>> {
        read::shipped()
    }
}

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

#[cfg(test)]
mod tests;
