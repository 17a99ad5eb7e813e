//! The switch: which container answers on which port of the host. The kernel does it, so no request passes a proxy.
//!
//! Replacing an element is one transaction: new connections go to the new container, while established ones stay with
//! the old one, because their redirection is already in the connection table.

pub mod half_open;
pub mod map;
pub mod table;

use std::{collections::BTreeSet, net::IpAddr, path::Path};

pub use map::ServiceMap;

use super::{
    file::{file, own},
    nftables::{differences, same},
    step::{Step, Undo},
};
use crate::{
    change::Change,
    facts::state::{ContainerState, HostState},
    model::{
        command::Command,
        desired::{Desired, Slot},
        place::{self, NFT},
        write::Put,
    },
};

/// The switch of one host on its way through a plan.
pub struct Switch<'a> {
    desired: &'a Desired,
    state: &'a HostState,
    /// What the kernel will say after the steps so far.
    pub map: ServiceMap,
    /// What the steps so far leave for the next boot.
    kept: Option<ServiceMap>,
}

impl<'a> Switch<'a> {
    /// The switch as it stands.
    pub fn of(desired: &'a Desired, state: &'a HostState) -> Self {
        let map = state.tables.get(table::TABLE).map(ServiceMap::read).unwrap_or_default();
        Self { desired, state, map, kept: None }
    }

    /// The step that makes the table what it must be around the map it has, if it is not.
    pub fn structure(&mut self) -> Option<Step> {
        let listing = table::listing(self.desired, self.state.conntrack.timeouts, &self.map);
        let (why, undo) = match self.state.tables.get(table::TABLE) {
            Some(found) if same(found, &listing) => return None,
            Some(found) => {
                let head = format!("table inet {} is not as it should be", table::TABLE);
                let lines = std::iter::once(head).chain(differences(found, &listing)).collect();
                (lines, Undo::Nothing("what was there before did not lead to our services"))
            }
            None => {
                let delete = Command::root(format!("{NFT} delete table inet {}", table::TABLE));
                let line = format!("table inet {}: none -> the map from ports to containers", table::TABLE);
                (vec![line], Undo::Run(delete))
            }
        };
        self.kept = Some(self.map.clone());
        let action = Change::Run(self.change(&format!("{NFT} -f \"$new\""), &self.map));
        Some(Step::safe("services.table", action, undo).because(why))
    }

    /// The step that brings the map to its next state; none if it is there.
    pub fn turn(&mut self, id: impl Into<String>, next: ServiceMap) -> Option<Step> {
        if self.map == next {
            return None;
        }
        let swap = |from, to| {
            let transaction = table::transaction(from, to);
            self.change(&format!("{NFT} -f - <<NFT\n{transaction}NFT\n"), to)
        };
        let step = Step::safe(id, Change::Run(swap(&self.map, &next)), Undo::Run(swap(&next, &self.map)))
            .because(self.map.changes(&next));
        self.kept = Some(next.clone());
        self.map = next;
        Some(step)
    }

    /// The step that takes out ports no service wants any more.
    pub fn retire(&mut self) -> Option<Step> {
        let services = self.desired.services.iter();
        let wanted =
            services.fold(ServiceMap::default(), |all, service| all.with(&ServiceMap::to(service, Slot::A)));
        let next = self.map.within(&wanted);
        self.turn("services.retire", next)
    }

    /// The step that writes the map for the next boot, if the file will say something else.
    pub fn at_boot(&self) -> Option<Step> {
        if self.kept.as_ref() == Some(&self.map) {
            return None;
        }
        let text = table::document(self.desired, self.state.conntrack.timeouts, &self.map);
        let step = file("services.file", &own(place::SERVICES, text, 0o600), self.state)?;
        Some(Step { why: vec![format!("{}: the map as it is, for the next boot", place::SERVICES)], ..step })
    }

    /// A script that changes the kernel's table and then keeps the whole of it for the next boot.
    fn change(&self, change: &str, map: &ServiceMap) -> Command {
        let text = table::document(self.desired, self.state.conntrack.timeouts, map);
        let put = Put::own(Path::new(place::SERVICES), &text, 0o600);
        Put { check: change.to_owned(), ..put }.command()
    }
}

/// Where containers are reached.
pub fn addresses(containers: &[&ContainerState]) -> BTreeSet<IpAddr> {
    containers.iter().flat_map(|found| found.addresses.values().flatten()).copied().collect()
}
