//! The map of services: which container answers on which port of the host. The kernel does it, so no request passes a proxy.
//!
//! Replacing an element is one transaction: new connections go to the new container, while established ones stay with
//! the old one, because their redirection is already in the connection table.

mod half_open;
mod map;
pub mod table;
#[cfg(test)]
mod tests;

use std::path::Path;

pub use map::ServiceMap;
pub use table::ServiceTable;

use super::Kind;
use crate::model::{
    command::Command,
    place::{self, NFT},
    write::Put,
};

/// The whole table is loaded, and kept for the next boot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServicesLoad {
    /// What is in it beside the map.
    pub table: ServiceTable,
    /// The map.
    pub map: ServiceMap,
}

impl Kind for ServicesLoad {
    fn command(&self) -> Command {
        kept(&format!("{NFT} -f \"$new\""), &self.table, &self.map)
    }

    #[cfg(test)]
    fn apply(&self, state: &mut crate::facts::state::HostState) {
        let text = self.table.document(&self.map);
        state.net.tables.insert(table::TABLE.to_owned(), self.table.listing(&self.map));
        state.system.files.insert(place::SERVICES.into(), Some(super::listed::written(&text, 0o600)));
    }
}

/// The map changes, and the whole table is kept for the next boot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServicesSwap {
    /// What is in the table beside the map.
    pub table: ServiceTable,
    /// The map as it is.
    pub from: ServiceMap,
    /// The map as it will be.
    pub to: ServiceMap,
}

impl ServicesSwap {
    /// The way back.
    #[must_use]
    pub fn inverse(&self) -> Self {
        Self { table: self.table.clone(), from: self.to.clone(), to: self.from.clone() }
    }
}

impl Kind for ServicesSwap {
    fn command(&self) -> Command {
        let transaction = table::transaction(&self.from, &self.to);
        kept(&format!("{NFT} -f - <<NFT\n{transaction}NFT\n"), &self.table, &self.to)
    }

    #[cfg(test)]
    fn apply(&self, state: &mut crate::facts::state::HostState) {
        let found = state.net.tables.get(table::TABLE).expect("the map is changed before it is there");
        assert_eq!(ServiceMap::read(found), self.from, "the map is another by now");
        ServicesLoad { table: self.table.clone(), map: self.to.clone() }.apply(state);
    }
}

/// Changes the kernel's table and then keeps the whole of it for the next boot.
fn kept(change: &str, table: &ServiceTable, map: &ServiceMap) -> Command {
    let text = table.document(map);
    let put = Put::own(Path::new(place::SERVICES), &text, 0o600);
    Put { check: change.to_owned(), ..put }.command()
}
