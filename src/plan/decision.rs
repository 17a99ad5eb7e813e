//! What is to be done about a service, decided from what runs.

use std::cmp::Reverse;

use super::standing::is_up;
use crate::{
    change::ServiceMap,
    facts::state::{ContainerState, HostState},
    model::{
        desired::{Desired, Service, Slot, UpdateOrder},
        name::PlatformName,
    },
};

/// What is to be done about a service's containers.
#[derive(Debug, Clone, Copy)]
pub enum Decision<'a> {
    /// This one is right, and it runs.
    Keep(&'a ContainerState, Slot),
    /// None is right: a new one comes into this slot, and takes over from `old` if that runs.
    Replace {
        /// Where the new one comes.
        slot: Slot,
        /// What runs now.
        old: Option<&'a ContainerState>,
    },
}

/// Decides about a service from what runs and from where the kernel sends its connections.
pub fn decide<'a>(
    service: &Service,
    desired: &Desired,
    state: &'a HostState,
    map: &ServiceMap,
) -> Decision<'a> {
    let led_to = |slot: Slot| {
        let to = ServiceMap::to(service, slot);
        !to.is_empty() && map.contains(&to)
    };
    let kept = containers(service, state)
        .filter_map(|found| Some((found, right(found, service, &desired.platform)?)))
        .filter(|(found, _)| runs_well(found))
        .max_by_key(|(found, slot)| (found.serves(), led_to(*slot), Reverse(*slot)));
    if let Some((found, slot)) = kept {
        return Decision::Keep(found, slot);
    }
    let old = containers(service, state)
        .filter(|found| is_up(found))
        .max_by_key(|found| (found.slot.is_some_and(led_to), found.started.clone()));
    let stopped = containers(service, state).find_map(|found| right(found, service, &desired.platform));
    let slot = match (old.map(|old| old.slot), stopped) {
        // What the way back needs stays, where two may not stand beside one another anyway.
        (Some(Some(slot)), _)
            if service.order == UpdateOrder::StopFirst && is_held(service, slot.other(), state) =>
        {
            slot
        }
        (Some(Some(slot)), _) => slot.other(),
        (Some(None) | None, Some(slot)) => slot,
        // What stands in the slot the kernel leads to may still be wanted back.
        (Some(None) | None, None) if led_to(Slot::A) => Slot::B,
        (Some(None) | None, None) => Slot::A,
    };
    Decision::Replace { slot, old }
}

pub(super) fn containers<'a>(
    service: &Service,
    state: &'a HostState,
) -> impl Iterator<Item = &'a ContainerState> {
    state.docker.containers.iter().filter(|found| found.service == service.name.as_str())
}

/// Whether the way back of a change that has not come to its end needs what stands in a slot.
fn is_held(service: &Service, slot: Slot, state: &HostState) -> bool {
    let release = state.ours.release.as_ref().filter(|release| release.unfinished);
    release
        .is_some_and(|it| containers(service, state).any(|found| found.slot == Some(slot) && it.keeps(found)))
}

/// The slot of a container that was made from exactly this service and stands where it says.
fn right(found: &ContainerState, service: &Service, platform: &PlatformName) -> Option<Slot> {
    let slot = found.slot?;
    let named = found.name == service.container(platform, slot) && found.role == service.role.as_str();
    let placed = service.spec.networks.iter().all(|place| {
        let addresses = found.addresses.get(&place.network);
        // A stopped container has no addresses.
        addresses.is_none_or(|list| list.is_empty() || list.contains(&place.at(slot).0.into()))
    });
    (named && placed && service.made(&found.hash)).then_some(slot)
}

/// Running to stay, and not found unhealthy; it may still be starting.
fn runs_well(found: &ContainerState) -> bool {
    found.stays_up() && !found.is_ill()
}
