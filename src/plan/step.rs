//! A step: one change of one host, with its reason and its way back.

mod id;

use std::{fmt, path::PathBuf};

pub use id::{
    BackStep, ControlStep, EngineStep, FirewallStep, Group, LeftoverStep, OriginalsStep, PackagesStep,
    RegistryStep, ReleaseStep, ServiceStep, ServicesStep, SshdStep, StepId, WrittenStep,
};

use super::crossing::Crossing;
use crate::{change::Change, model::command::Command};

/// One change of one host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What is changed, as in `firewall.table` or `service.core.start`; unique within a plan.
    pub id: StepId,
    /// Why, in words for the administrator: what is there and what will be.
    pub why: Vec<String>,
    /// The change.
    pub change: Change,
    /// For a guarded step: keeps what is there now under [`GUARD`](crate::model::place::GUARD), where `undo` finds
    /// it. Runs when the guard is armed; reads no stdin.
    pub save: Option<Command>,
    /// For a guarded step: the files that it changes by script. They are on the disk before it is confirmed, and what they
    /// were before when it was taken back.
    pub files: Vec<PathBuf>,
    /// Asks the host whether it would take the change, changing nothing. Runs before the change; it must end with 0.
    pub check: Option<Command>,
    /// For a guarded step: what the new login is asked, as root, before it confirms; it must end with 0.
    pub proof: Option<Command>,
    /// The way back, written from the old value.
    pub undo: Undo,
    /// What could go wrong for the login.
    pub risk: Risk,
    /// It changes more than could be planned for: what follows is planned anew, when it is done.
    pub look_again: bool,
    /// Versions that come to data of others with it; each needs a consent.
    pub crosses: Vec<Crossing>,
    /// When it is within what was agreed to.
    pub agreed: Agreed,
}

/// When a step of a plan that was made anew is within what was agreed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Agreed {
    /// If a step that was agreed to does the very same.
    Exactly,
    /// If a step that was agreed to has the same reasons: it changes what they say, and keeps what else others wrote there,
    /// which may be another text by now.
    AsRead,
    /// Always: it waits or asks, or writes down what is so, and what for changes with the health of containers.
    Always,
}

impl Step {
    /// A step that cannot cut our login.
    pub fn safe(id: StepId, change: Change, undo: Undo) -> Self {
        let agreed = if change.only_asks() { Agreed::Always } else { Agreed::Exactly };
        Self {
            id,
            why: Vec::new(),
            change,
            save: None,
            files: Vec::new(),
            check: None,
            proof: None,
            undo,
            risk: Risk::Safe,
            look_again: false,
            crosses: Vec::new(),
            agreed,
        }
    }

    /// Says when it is within what was agreed to.
    #[must_use]
    pub fn agreed(self, agreed: Agreed) -> Self {
        Self { agreed, ..self }
    }

    /// Adds lines that say why.
    #[must_use]
    pub fn because<L: Into<String>>(mut self, lines: impl IntoIterator<Item = L>) -> Self {
        self.why.extend(lines.into_iter().map(Into::into));
        self
    }

    /// Puts the step under guard, with the script that saves what is there now.
    #[must_use]
    pub fn guarded(self, save: Command) -> Self {
        Self { save: Some(save), risk: Risk::CanCutSsh, ..self }
    }

    /// Gives the step a question to the host that must be answered well before the change.
    #[must_use]
    pub fn checked(self, check: Command) -> Self {
        Self { check: Some(check), ..self }
    }

    /// Gives the step a question to the new login that must be answered well before it confirms.
    #[must_use]
    pub fn proved(self, proof: Command) -> Self {
        Self { proof: Some(proof), ..self }
    }

    /// Has what follows planned anew.
    #[must_use]
    pub fn looked_after(self) -> Self {
        Self { look_again: true, ..self }
    }

    /// Names what comes to data of another version with the step.
    #[must_use]
    pub fn crossing(self, crosses: impl IntoIterator<Item = Crossing>) -> Self {
        Self { crosses: crosses.into_iter().collect(), ..self }
    }
}

/// The way back from a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Undo {
    /// Another change. Its script never holds a secret; what it restores it finds on the host.
    Change(Box<Change>),
    /// There is none, and why none is needed.
    Nothing(&'static str),
}

impl Undo {
    /// Another change.
    pub fn change(change: Change) -> Self {
        Self::Change(Box::new(change))
    }

    /// The script, if there is a way back.
    pub fn command(&self) -> Option<Command> {
        match self {
            Self::Change(change) => change.command(),
            Self::Nothing(_) => None,
        }
    }
}

/// What a step could do to our own login.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Risk {
    /// Nothing.
    Safe,
    /// It could cut it: runs inside the guard.
    CanCutSsh,
}

impl Risk {
    /// Whether the step runs inside the guard.
    pub fn needs_guard(self) -> bool {
        match self {
            Self::CanCutSsh => true,
            Self::Safe => false,
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.id)?;
        for line in &self.why {
            write!(f, "\n    {line}")?;
        }
        Ok(())
    }
}
