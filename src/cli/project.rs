//! From what was typed to a project; its warnings go to the screen.

use super::{
    args::{InventoryFile, Target},
    halt::Halt,
    report::Screen,
};
use crate::{
    app::project::{Missing, Project, Rehearsal, Selection, Source},
    fleet::Members,
    model::selector::Selector,
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

impl InventoryFile {
    fn source(&self) -> Source {
        let rehearsal = |lab: &String| Rehearsal { lab: lab.clone(), secrets: self.secrets() };
        Source { inventory: self.inventory.clone(), rehearsal: self.lab.as_ref().map(rehearsal) }
    }
}

impl Target {
    pub(super) fn selection(&self) -> Selection {
        let selector = Selector {
            hosts: self.host.clone(),
            roles: self.role.clone(),
            zones: self.zone.clone(),
            labels: self.label.clone(),
        };
        Selection { selector, accept_new_host_keys: self.accept_new_host_keys }
    }
}
