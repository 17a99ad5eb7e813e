//! The switch of a host on its way through a plan: which container answers on which port, step by step.

use std::{collections::BTreeSet, net::IpAddr};

use super::{
    file::{file, own},
    step::{ServicesStep, Step, StepId, Undo},
};
use crate::{
    change::{
        Change, ServiceMap, ServiceTable, ServicesLoad, ServicesSwap, TableRemoval,
        nftables::{differences, same},
        services::table,
    },
    facts::state::{ContainerState, HostState},
    model::{
        desired::{Desired, Slot},
        place,
    },
};

/// The switch of one host on its way through a plan.
pub struct Switch<'a> {
    desired: &'a Desired,
    state: &'a HostState,
    table: ServiceTable,
    /// What the kernel will say after the steps so far.
    pub map: ServiceMap,
    /// What the steps so far leave for the next boot.
    kept: Option<ServiceMap>,
}

impl<'a> Switch<'a> {
    /// The switch as it stands.
    pub fn of(desired: &'a Desired, state: &'a HostState) -> Self {
        let map = state.net.tables.get(table::TABLE).map(ServiceMap::read).unwrap_or_default();
        let table = ServiceTable::of(desired, state.net.conntrack.timeouts);
        Self { desired, state, table, map, kept: None }
    }

    /// The step that makes the table what it must be around the map it has, if it is not.
    pub fn structure(&mut self) -> Option<Step> {
        let listing = self.table.listing(&self.map);
        let (why, undo) = match self.state.net.tables.get(table::TABLE) {
            Some(found) if same(found, &listing) => return None,
            Some(found) => {
                let head = format!("table inet {} is not as it should be", table::TABLE);
                let lines = std::iter::once(head).chain(differences(found, &listing)).collect();
                (lines, Undo::Nothing("the table before did not lead to our services"))
            }
            None => {
                let line = format!("table inet {}: none -> the map from ports to containers", table::TABLE);
                (vec![line], Undo::change(Change::TableRemoval(TableRemoval(table::TABLE))))
            }
        };
        self.kept = Some(self.map.clone());
        let load = ServicesLoad { table: self.table.clone(), map: self.map.clone() };
        Some(Step::safe(StepId::Services(ServicesStep::Table), Change::ServicesLoad(load), undo).because(why))
    }

    /// The step that brings the map to its next state; none if it is there.
    pub fn turn(&mut self, id: StepId, next: ServiceMap) -> Option<Step> {
        if self.map == next {
            return None;
        }
        let swap = ServicesSwap { table: self.table.clone(), from: self.map.clone(), to: next.clone() };
        let undo = Undo::change(Change::ServicesSwap(swap.inverse()));
        let step = Step::safe(id, Change::ServicesSwap(swap), undo).because(self.map.changes(&next));
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
        self.turn(StepId::Services(ServicesStep::Retire), next)
    }

    /// The step that writes the map for the next boot, if the file will say something else.
    pub fn at_boot(&self) -> Option<Step> {
        if self.kept.as_ref() == Some(&self.map) {
            return None;
        }
        let text = self.table.document(&self.map);
        let step =
            file(StepId::Services(ServicesStep::File), &own(place::SERVICES, text, 0o600), self.state)?;
        Some(Step {
            why: vec![format!(
                "{}: keeps which container serves which port, for the next boot",
                place::SERVICES
            )],
            ..step
        })
    }
}

/// Where containers are reached.
pub fn addresses(containers: &[&ContainerState]) -> BTreeSet<IpAddr> {
    containers.iter().flat_map(|found| found.addresses.values().flatten()).copied().collect()
}
