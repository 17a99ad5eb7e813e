//! A container is made and started.

use std::collections::BTreeMap;

use crate::model::{
    desired::{ContainerSpec, Protocol, Slot},
    name::{RoleName, ServiceName},
};

/// A container to be started in a slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Container {
    /// Its name.
    pub name: String,
    /// The service it runs.
    pub service: ServiceName,
    /// The role it comes from.
    pub role: RoleName,
    /// Where it stands.
    pub slot: Slot,
    /// What Docker is told.
    pub spec: ContainerSpec,
    /// Ports published on 127.0.0.1, so that Docker's own rules let the cut-over's traffic pass: protocol and port.
    pub loopback: Vec<(Protocol, u16)>,
    /// pryvctl's labels.
    pub labels: BTreeMap<String, String>,
}
