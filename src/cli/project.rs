//! From what was typed to a project; its warnings go to the screen.

use super::{
    args::{InventoryFile, Target},
    halt::Halt,
    report::Screen,
};
use crate::{
    app::project::{Missing, Project},
    fleet::Members,
};

/// Reads the inventory that was named, with everything that belongs to it.
pub fn load(file: &InventoryFile, missing: Missing, screen: &Screen) -> Result<Project, Halt> {
    Ok(Project::load(&file.source(), missing, &|problems| screen.problems(problems))?)
}

/// The same, and the hosts that were named. They will be asked.
pub fn open(target: &Target, screen: &Screen) -> Result<(Project, Members), Halt> {
    let project = load(&target.file, Missing::Refused, screen)?;
    let members = project.members(&target.selection())?;
    Ok((project, members))
}
