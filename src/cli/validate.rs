//! `validate`: everything that can be told without a host.

use super::{
    args::InventoryFile,
    context::{Loaded, Missing},
    document::Document,
    exit::Exit,
    report::{Halt, Screen},
};

/// Reads, checks and resolves the inventory.
pub fn run(file: &InventoryFile, screen: &Screen) -> Result<Exit, Halt> {
    let loaded = Loaded::load(file, Missing::Warned, screen)?;
    let services: usize = loaded.desired.values().map(|host| host.services.len()).sum();
    screen.result(format_args!(
        "{}: {} hosts in {} zones, {services} services; nothing is wrong",
        file.inventory.display(),
        loaded.inventory.hosts.len(),
        loaded.inventory.zones.len(),
    ));
    screen.document(&Document::new("validate", Exit::Done));
    Ok(Exit::Done)
}
