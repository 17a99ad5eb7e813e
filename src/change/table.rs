//! Tables of the packet filter.

use super::Kind;
use crate::model::{command::Command, place::NFT};

/// A table is replaced as a whole, in one transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableLoad {
    /// Its name, in the family `inet`.
    pub name: &'static str,
    /// The transaction, as `nft -j` takes it: the first three commands make sure that the table is there and empty.
    pub document: String,
}

impl Kind for TableLoad {
    fn command(&self) -> Command {
        Command::root(format!("{NFT} -j -f -")).stdin(self.document.as_str())
    }

    #[cfg(test)]
    fn apply(&self, state: &mut crate::facts::state::HostState) {
        let document: serde_json::Value = serde_json::from_str(&self.document).expect("it is JSON");
        let commands = document["nftables"].as_array().expect("commands");
        let objects: Vec<_> = commands[2..].iter().map(|command| command["add"].clone()).collect();
        state.net.tables.insert(self.name.to_owned(), serde_json::json!({ "nftables": objects }));
    }
}

/// A table goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableRemoval(pub &'static str);

impl Kind for TableRemoval {
    fn command(&self) -> Command {
        Command::root(format!("{NFT} delete table inet {}", self.0))
    }

    #[cfg(test)]
    fn apply(&self, state: &mut crate::facts::state::HostState) {
        state.net.tables.remove(self.0).expect("there is no such table");
    }
}
