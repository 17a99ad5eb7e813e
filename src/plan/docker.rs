//! What services need of Docker before any of them starts: networks, volumes, images.

use std::collections::BTreeSet;

use super::{
    Conflict,
    decision::{Decision, decide},
    step::{Step, StepId, Undo},
};
use crate::{
    change::{Call, Change, NetworkRemoval, ServiceMap},
    facts::state::HostState,
    model::desired::{Desired, Network},
};

/// Networks that are missing; one that is there but different is in the way, because containers hang on it.
pub fn networks(desired: &Desired, state: &HostState) -> Result<Vec<Step>, Vec<Conflict>> {
    let (mut steps, mut conflicts) = (Vec::new(), Vec::new());
    for want in &desired.networks {
        match network(want, state) {
            Ok(step) => steps.extend(step),
            Err(conflict) => conflicts.push(conflict),
        }
    }
    if conflicts.is_empty() { Ok(steps) } else { Err(conflicts) }
}

fn network(want: &Network, state: &HostState) -> Result<Option<Step>, Conflict> {
    let thing = format!("network {}", want.name);
    let subnets = BTreeSet::from([want.subnet.to_string(), want.subnet6.to_string()]);
    match state.docker.networks.get(&want.name) {
        Some(found) if !found.ours => Err(Conflict {
            thing,
            found: "a network that pryvctl did not create has this name".to_owned(),
            way_out: format!("remove it (docker network rm {}) or rename the platform", want.name),
        }),
        Some(found) if found.subnets.iter().cloned().collect::<BTreeSet<_>>() != subnets => Err(Conflict {
            thing,
            found: format!("has {}, should have {}", found.subnets.join(" and "), joined(&subnets)),
            way_out: "uninstall, or give the platform's `container_network` its old value".to_owned(),
        }),
        Some(_) => Ok(None),
        None => {
            overlap(want, state).map_or(Ok(()), Err)?;
            let undo = Undo::change(Change::NetworkRemoval(NetworkRemoval(want.name.clone())));
            let step = Step::safe(
                StepId::Network(want.name.clone()),
                Change::Docker(Call::CreateNetwork(want.clone())),
                undo,
            );
            Ok(Some(step.because([format!("{}: none -> {}", want.name, joined(&subnets))])))
        }
    }
}

/// Docker refuses a network whose addresses another one has.
fn overlap(want: &Network, state: &HostState) -> Option<Conflict> {
    let taken = |text: &str| match text.parse() {
        Ok(ipnet::IpNet::V4(net)) => net.contains(&want.subnet) || want.subnet.contains(&net),
        Ok(ipnet::IpNet::V6(net)) => net.contains(&want.subnet6) || want.subnet6.contains(&net),
        Err(_) => false,
    };
    let (name, _) =
        state.docker.networks.iter().find(|(_, found)| found.subnets.iter().any(|text| taken(text)))?;
    Some(Conflict {
        thing: format!("network {}", want.name),
        found: format!("network {name} has some of its addresses"),
        way_out: "set another `container_network` for the platform".to_owned(),
    })
}

fn joined(subnets: &BTreeSet<String>) -> String {
    subnets.iter().map(String::as_str).collect::<Vec<_>>().join(" and ")
}

/// Volumes that are missing.
pub fn volumes(desired: &Desired, state: &HostState) -> Vec<Step> {
    let missing = desired.volumes.iter().filter(|name| !state.docker.volumes.contains(*name));
    missing
        .map(|name| {
            let undo = Undo::Nothing("a volume is never removed on the way; an empty one costs nothing");
            Step::safe(StepId::Volume(name.clone()), Change::Docker(Call::CreateVolume(name.clone())), undo)
                .because([format!("{name}: none -> empty")])
        })
        .collect()
}

/// Images of the services that will start a container, unless they are there. All of them before anything is stopped.
pub fn pulls(desired: &Desired, state: &HostState, map: &ServiceMap) -> Vec<Step> {
    let starting = desired.services.iter().filter(|service| match decide(service, desired, state, map) {
        Decision::Keep(..) => false,
        Decision::Replace { .. } => true,
    });
    let images: BTreeSet<&String> = starting.map(|service| &service.spec.image).collect();
    images
        .into_iter()
        .filter(|image| {
            !state.docker.images.contains_key(*image)
                && !state.docker.images.contains_key(&format!("{image}:latest"))
        })
        .map(|image| {
            let undo = Undo::Nothing("an image more disturbs nothing");
            Step::safe(
                StepId::Image(image.clone()),
                Change::Docker(Call::Pull { image: image.clone() }),
                undo,
            )
            .because([format!("{image}: not on the host -> pulled")])
        })
        .collect()
}
