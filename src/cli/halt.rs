//! Why a command ended before it could do its work, and the exit code that says so.

use std::fmt::Display;

use super::problem::{self, Look};
use crate::{
    app::{
        document::{Document, ProblemDocument},
        exec::ExecError,
        exit::Exit,
        journal::JournalError,
        problems::Problems,
        project::ProjectError,
        saved_plan::SavedPlanError,
    },
    watch::{WatchError, history::HistoryError},
};

/// Why a command ended before it could do its work.
#[derive(Debug)]
pub struct Halt {
    /// The exit code.
    pub exit: Exit,
    /// What went wrong; may have several lines.
    pub message: String,
    /// The way out.
    pub hint: Option<String>,
    /// The problems of an inventory, for programs.
    pub problems: Vec<ProblemDocument>,
}

impl Halt {
    /// A halt with a way out.
    pub fn new(exit: Exit, message: impl Display, hint: Option<String>) -> Self {
        Self { exit, message: message.to_string(), hint, problems: Vec::new() }
    }

    /// The same for programs.
    pub fn document(&self) -> Document {
        Document::halted(self.exit, &self.message, self.hint.clone(), self.problems.clone())
    }
}

impl From<Problems> for Halt {
    fn from(Problems { file, text, list }: Problems) -> Self {
        let name = file.display().to_string();
        let message = problem::render(&list, &name, &text, Look::Plain);
        Self { problems: problem::json(&list, &name, &text), ..Self::new(Exit::Inventory, message, None) }
    }
}

impl From<ProjectError> for Halt {
    fn from(error: ProjectError) -> Self {
        let exit = match error {
            ProjectError::Wrong(problems) => return problems.into(),
            ProjectError::Inventory { .. } | ProjectError::Roles { .. } | ProjectError::Cycle(_) => {
                Exit::Inventory
            }
            ProjectError::Lab(_) | ProjectError::Selection(_) => Exit::Usage,
        };
        let hint = error.hint();
        Self::new(exit, error, hint)
    }
}

impl From<JournalError> for Halt {
    fn from(error: JournalError) -> Self {
        let hint = error.hint();
        Self::new(Exit::Usage, error, Some(hint))
    }
}

impl From<ExecError> for Halt {
    fn from(error: ExecError) -> Self {
        let (exit, hint) = (error.exit(), error.hint());
        Self::new(exit, error, hint)
    }
}

impl From<HistoryError> for Halt {
    fn from(error: HistoryError) -> Self {
        let hint = error.hint();
        Self::new(Exit::Usage, error, Some(hint))
    }
}

impl From<WatchError> for Halt {
    fn from(error: WatchError) -> Self {
        match error {
            WatchError::Project(error) => error.into(),
            WatchError::Page(error) => {
                let hint = error.hint();
                Self::new(Exit::Usage, error, Some(hint))
            }
        }
    }
}

impl From<SavedPlanError> for Halt {
    fn from(error: SavedPlanError) -> Self {
        let exit = match error {
            SavedPlanError::Changed(_) => Exit::Drift,
            SavedPlanError::Write { .. }
            | SavedPlanError::Read { .. }
            | SavedPlanError::NoPlan { .. }
            | SavedPlanError::Version(_)
            | SavedPlanError::OfLab(_)
            | SavedPlanError::NotOfLab => Exit::Usage,
        };
        let hint = error.hint();
        Self::new(exit, error, hint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_that_is_not_the_same_any_more_is_drift() {
        let code = |error: SavedPlanError| Halt::from(error).exit as u8;
        assert_eq!(code(SavedPlanError::Changed(vec!["co1".to_owned()])), 6);
        assert_eq!(code(SavedPlanError::NotOfLab), 2);
    }
}
