//! Waiting until nobody speaks any more with containers that get no new connections.

use std::time::Duration;

use super::{
    leftover::{grace, is_up},
    step::{Agreed, ServicesStep, Step, StepId, Undo},
};
use crate::{
    change::{Change, Drain, Leaving, ServiceMap},
    facts::state::{ContainerState, HostState},
    model::desired::Desired,
};

/// A container that is up and to which the map leads no more.
pub fn leaving(found: &ContainerState, grace: Duration) -> Leaving {
    let addresses = found.addresses.values().flatten().copied().collect();
    Leaving { name: found.name.clone(), grace, addresses }
}

/// Containers of services that are no longer wanted, where the map led to them.
pub fn unwanted(desired: &Desired, state: &HostState, map: &ServiceMap) -> Vec<Leaving> {
    let wanted = |found: &ContainerState| {
        desired.services.iter().any(|service| service.name.as_str() == found.service)
    };
    let unwanted = state.docker.containers.iter().filter(|found| is_up(found) && !wanted(found));
    let unwanted = unwanted.map(|found| leaving(found, grace(found, desired)));
    unwanted.filter(|leaving| !map.leading_to(&leaving.addresses).is_empty()).collect()
}

/// The step that waits until nobody speaks with containers any more: each as long as it may take to stop.
pub fn drain(leaving: Vec<Leaving>) -> Option<Step> {
    let why = leaving.iter().map(|Leaving { name, grace, .. }| {
        format!("{name} ends its connections, for at most {} s", grace.as_secs())
    });
    let why: Vec<String> = why.collect();
    let undo = Undo::Nothing("waiting changes nothing");
    (!why.is_empty()).then(|| {
        Step::safe(StepId::Services(ServicesStep::Drain), Change::Drain(Drain(leaving)), undo)
            .because(why)
            .agreed(Agreed::Always)
    })
}
