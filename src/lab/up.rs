//! Making a lab, and bringing one that is half there to the same end.

use std::{collections::BTreeMap, net::Ipv4Addr};

use futures_util::{StreamExt, TryStreamExt, future::try_join_all, stream};

use super::{
    HOST_LABEL, KNOWN_HOSTS, LABEL, Lab, LabError, SUDO_PASSWORD,
    apt::Apt,
    boot::Boot,
    check,
    engine::Docker,
    folder::Folder,
    image::Image,
    keys,
    network::{Addresses, Network},
    registry, relay, standin,
};
use crate::model::{inventory::Inventory, name::HostName};

type Progress<'a> = &'a (dyn Fn(&str) + Send + Sync);

/// mmdebstrap uses one core each, and the disk.
const BUILDS_AT_ONCE: usize = 2;

/// Makes the lab of an inventory, or what is missing of it. A second call changes nothing.
///
/// # Errors
/// Any [`LabError`]; what was made by then stays, and the next call goes on from there.
pub async fn up(inventory: &Inventory, name: &str, progress: Progress<'_>) -> Result<Lab, LabError> {
    check(name)?;
    let docker = Docker::connect().await?;
    let apt = Apt::of_this_machine().await?;
    let folder = Folder::of(name)?;
    folder.make()?;
    images(inventory, &docker, &apt, &folder, progress).await?;

    let before = Lab::read(name, &folder)?;
    let network = network(inventory, name, &docker).await?;
    let given = before.map(|lab| lab.hosts).unwrap_or_default();
    let hosts = network.assign(inventory.hosts.keys().collect::<Vec<_>>().into_iter(), &given)?;
    let lab = Lab { name: name.to_owned(), folder, network, hosts };
    lab.write()?;
    certificate(inventory, &lab)?;

    let apt = relayed(&lab, &docker, &apt).await?;
    progress("starting the registry");
    let registry =
        registry::ensure(&docker, name, &Lab::prefix(name), network.registry(), &lab.folder).await?;
    standin::ensure(&docker, &registry, progress).await?;
    hosts_up(inventory, &lab, &docker, &apt, progress).await?;
    Ok(lab)
}

async fn images(
    inventory: &Inventory,
    docker: &Docker,
    apt: &Apt,
    folder: &Folder,
    progress: Progress<'_>,
) -> Result<(), LabError> {
    let mut needed = vec![Image::Registry, Image::Standins];
    if !apt.seen_from(Ipv4Addr::UNSPECIFIED.into()).1.is_empty() {
        needed.push(relay::IMAGE);
    }
    for host in inventory.hosts.values() {
        let image = Image::Host(host.lab);
        if !needed.contains(&image) {
            needed.push(image);
        }
    }
    let builds = stream::iter(needed).map(|image| image.ensure(docker, apt, folder, progress));
    builds.buffer_unordered(BUILDS_AT_ONCE).try_collect().await
}

/// The lab's network, with only those hosts in it that the inventory has.
async fn network(inventory: &Inventory, name: &str, docker: &Docker) -> Result<Network, LabError> {
    let prefix = Lab::prefix(name);
    if let Some(network) = Network::existing(docker, &prefix).await? {
        let wanted = |host: &str| host.is_empty() || inventory.hosts.keys().any(|name| name.as_str() == host);
        leave_out(name, docker, wanted).await?;
        return Ok(network);
    }
    // A container that lost its network cannot be started any more.
    leave_out(name, docker, |_| false).await?;
    Network::make(docker, &prefix, name).await
}

/// Removes the hosts that are not wanted any more; what is not a host has an empty name.
async fn leave_out(name: &str, docker: &Docker, wanted: impl Fn(&str) -> bool) -> Result<(), LabError> {
    let label = format!("label={LABEL}={name}");
    let line = format!("{{{{.Names}}}} {{{{.Label \"{HOST_LABEL}\"}}}}");
    let found = docker.run(&["ps", "--all", "--filter", &label, "--format", &line]).await?;
    for line in found.lines() {
        let (container, host) = line.split_once(' ').unwrap_or((line, ""));
        if !wanted(host) {
            docker.run(&["rm", "--force", "--volumes", container]).await?;
            docker.run(&["volume", "rm", "--force", &format!("{container}-docker")]).await?;
        }
    }
    Ok(())
}

/// apt's configuration as the lab's hosts can use it.
async fn relayed(lab: &Lab, docker: &Docker, apt: &Apt) -> Result<Apt, LabError> {
    let gateway = lab.network.gateway().v4.into();
    let (apt, ports) = apt.seen_from(gateway);
    for port in ports {
        relay::ensure(docker, &lab.name, &Lab::prefix(&lab.name), gateway, port).await?;
    }
    Ok(apt)
}

fn certificate(inventory: &Inventory, lab: &Lab) -> Result<(), LabError> {
    let domains = [inventory.domain.clone(), format!("*.{}", inventory.domain)];
    let addresses: Vec<_> = lab.hosts.values().flat_map(Addresses::both).collect();
    keys::certificate(&lab.folder, "platform", &domains, &addresses)
}

async fn hosts_up(
    inventory: &Inventory,
    lab: &Lab,
    docker: &Docker,
    apt: &Apt,
    progress: Progress<'_>,
) -> Result<(), LabError> {
    let public_key = keys::public_key(&lab.folder)?;
    let sudo_password = lab.folder.password(SUDO_PASSWORD)?;
    let prefix = Lab::prefix(&lab.name);
    let boots = inventory.hosts.iter().zip(lab.hosts.values()).map(|((name, host), addresses)| {
        let boot = Boot {
            docker,
            lab: &lab.name,
            network: &prefix,
            host: name,
            kind: host.lab,
            addresses: *addresses,
            apt,
            public_key: &public_key,
            sudo_password: &sudo_password,
        };
        async move {
            let keys = boot.ensure().await?;
            progress(&format!("{name} is up at {}", addresses.v4));
            Ok::<_, LabError>((name.clone(), keys))
        }
    });
    let keys: BTreeMap<HostName, Vec<String>> = try_join_all(boots).await?.into_iter().collect();
    lab.folder.write(KNOWN_HOSTS, &known_hosts(lab, &keys))
}

/// The keys were read through the engine, not over the network, so nobody could slip in another.
fn known_hosts(lab: &Lab, keys: &BTreeMap<HostName, Vec<String>>) -> String {
    let lines = lab.hosts.iter().flat_map(|(name, at)| {
        let keys = keys.get(name).into_iter().flatten();
        keys.filter_map(move |key| {
            let mut words = key.split_whitespace();
            Some(format!("{},{} {} {}\n", at.v4, at.v6, words.next()?, words.next()?))
        })
    });
    lines.collect()
}
