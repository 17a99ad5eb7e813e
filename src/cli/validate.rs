//! `validate`: everything that can be told without a host.

use super::{args::InventoryFile, halt::Halt, project::load, report::Screen};
use crate::app::{document::Document, exit::Exit, project::Missing};

/// Reads, checks and resolves the inventory.
pub fn run(file: &InventoryFile, screen: &Screen) -> Result<Exit, Halt> {
    let project = load(file, Missing::Warned, screen)?;
    let services: usize = project.desired.values().map(|host| host.services.len()).sum();
    screen.result(format_args!(
        "{}: {} hosts in {} zones, {services} services; nothing is wrong",
        file.inventory.display(),
        project.inventory.hosts.len(),
        project.inventory.zones.len(),
    ));
    screen.document(&Document::new("validate", Exit::Done));
    Ok(Exit::Done)
}
