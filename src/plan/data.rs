//! Who has which data open. It is told by what containers may write in: a service may get another name, and its data stays.

use crate::{
    facts::state::{ContainerState, HostState},
    model::desired::{Desired, MountSource, Service},
};

use super::leftover::is_up;

/// Whether a container is of a service, or has its data under a name that the service had before.
pub fn is_of(found: &ContainerState, service: &Service, desired: &Desired, state: &HostState) -> bool {
    let name = service.name.as_str();
    found.service == name
        || shared(found.writes.iter(), service.spec.writes(), state)
            && !are_neighbours(&found.service, name, desired, state)
}

/// Whether two containers cannot run beside one another, where only one of a service may: they are of one, or one has the
/// data of the other.
pub fn contend(one: &ContainerState, other: &ContainerState, desired: &Desired, state: &HostState) -> bool {
    one.service == other.service
        || shared(one.writes.iter(), other.writes.iter(), state)
            && !are_neighbours(&one.service, &other.service, desired, state)
}

/// The service that has the data of a container now: its own, also under another name.
pub fn heir<'a>(found: &ContainerState, desired: &'a Desired, state: &HostState) -> Option<&'a Service> {
    let own = desired.services.iter().find(|service| service.name.as_str() == found.service);
    own.or_else(|| desired.services.iter().find(|service| is_of(found, service, desired, state)))
}

/// Whether two services share data on purpose: the inventory wants it so, or they ran or served side by side.
fn are_neighbours(one: &str, other: &str, desired: &Desired, state: &HostState) -> bool {
    let wanted = |name: &str| desired.services.iter().find(|service| service.name.as_str() == name);
    if let (Some(one), Some(other)) = (wanted(one), wanted(other))
        && shared(one.spec.writes(), other.spec.writes(), state)
    {
        return true;
    }
    let kept =
        |found: &ContainerState| state.ours.release.as_ref().is_some_and(|release| release.keeps(found));
    let together = |left: &ContainerState, right: &ContainerState| {
        (is_up(left) && is_up(right) || kept(left) && kept(right))
            && shared(left.writes.iter(), right.writes.iter(), state)
    };
    let all = &state.docker.containers;
    let mut of_one = all.iter().filter(|found| found.service == one);
    of_one.any(|left| all.iter().any(|right| right.service == other && together(left, right)))
}

fn shared<'a>(
    mut one: impl Iterator<Item = &'a MountSource>,
    other: impl Iterator<Item = &'a MountSource> + Clone,
    state: &HostState,
) -> bool {
    one.any(|source| other.clone().any(|other| overlaps(source, other, state)))
}

/// By what they are called, or by where they really are.
fn overlaps(one: &MountSource, other: &MountSource, state: &HostState) -> bool {
    let by = |one: &MountSource, other: &MountSource| one.is_data() && one.overlaps(other);
    by(one, other) || by(&state.real(one), &state.real(other))
}
