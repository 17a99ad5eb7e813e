//! Why there is no project.

use std::path::PathBuf;

use crate::{app::problems::Problems, lab::LabError, model::problem::Problem, plan::rollout::Cycle};

/// Why there is no project.
#[derive(Debug, thiserror::Error)]
pub enum ProjectError {
    /// The inventory cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Inventory {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The folder of its own roles cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Roles {
        /// Which folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The inventory, a role, or what one of them refers to is wrong.
    #[error("{}: {} problems", .0.file.display(), .0.list.len())]
    Wrong(Problems),
    /// Roles wait for one another.
    #[error(transparent)]
    Cycle(Cycle),
    /// The lab cannot stand in.
    #[error(transparent)]
    Lab(LabError),
    /// Hosts are selected that there are not.
    #[error("{}", .0.message)]
    Selection(Box<Problem>),
}

impl ProjectError {
    /// The way out.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Inventory { .. } => {
                Some("name an inventory that exists; `inventory/reference.yaml` shows every key".to_owned())
            }
            Self::Roles { .. } => Some("check `roles` in the inventory".to_owned()),
            Self::Wrong(_) => None,
            Self::Cycle(_) => Some("remove one of them from `after` in the role's compose.yaml".to_owned()),
            Self::Lab(error) => error.hint(),
            Self::Selection(problem) => problem.hint.clone(),
        }
    }
}
