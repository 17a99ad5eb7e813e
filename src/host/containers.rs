//! Which containers of a platform there are and where the kernel leads, without the rest of a survey.

use super::{
    Session,
    connection::Connection,
    error::{Fault, HostError},
};
use crate::{
    change::{ServiceMap, services::table::TABLE},
    facts::{Fact, Probe, container::OwnContainers, docker::API, nftables::OwnTables, state::ContainerState},
    model::{command::Command, name::PlatformName},
};

/// What of a platform runs on a host.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// The platform's containers.
    pub containers: Vec<ContainerState>,
    /// Where the kernel leads; nowhere, as long as nothing is installed.
    pub map: ServiceMap,
}

/// Asks a host, in one round trip; changes nothing.
///
/// # Errors
/// The connection failed, or Docker does not answer.
pub async fn find(connection: &Connection, platform: &PlatformName) -> Result<Found, HostError> {
    let containers = OwnContainers(platform.clone());
    let questions = [format!("{API}{}", containers.question()), OwnTables.question()].map(Command::root);
    let [of_docker, of_kernel] = &questions;
    let (docker, kernel) = tokio::try_join!(connection.exec(of_docker), connection.exec(of_kernel))?;
    let containers = match containers.read(&docker) {
        Fact::Known(found) => found.states,
        Fact::Absent => return Err(connection.error(Fault::NoDocker)),
        Fact::Unreadable(reason) => return Err(connection.error(Fault::Docker { reason })),
    };
    let tables = OwnTables.read(&kernel);
    let table = tables.known().and_then(|tables| tables.get(TABLE));
    Ok(Found { containers, map: table.map(ServiceMap::read).unwrap_or_default() })
}
