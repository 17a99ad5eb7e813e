//! The hash in a container's label `pryvctl.spec`: of everything whose change wants a new container. It has a version, and
//! what a specification does not say is not in it, so that a newer pryvctl takes no container for another.
//!
//! To add a field to [`ContainerSpec`]: give it a default that tells Docker what it is told today. The compiler then asks in
//! `v1` what a container of that time has; a field inside of a list is an `Option` or a `bool`.

mod v1;

use std::path::PathBuf;

use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::model::{
    canonical,
    desired::{ContainerSpec, Endpoint, ManagedFile, OnChange, Protocol},
    name::ServiceName,
};

/// What a container is made from.
pub(super) struct Origin<'a> {
    /// What Docker is told.
    pub spec: &'a ContainerSpec,
    /// The ports that lead in: protocol, port in the container, network.
    targets: Vec<(Protocol, u16, &'a String)>,
    /// The files that are read only at the start, with the SHA-256 of their content.
    files: Vec<(PathBuf, String)>,
}

/// As it is hashed.
#[derive(Default, Serialize)]
struct Told<'a> {
    spec: Value,
    /// In bytes; the specification writes a rounded text.
    memory: Option<u64>,
    targets: &'a [(Protocol, u16, &'a String)],
    files: &'a [(PathBuf, String)],
}

impl<'a> Origin<'a> {
    /// Collects it.
    pub fn of(
        name: &ServiceName,
        spec: &'a ContainerSpec,
        endpoints: &'a [Endpoint],
        files: &[ManagedFile],
    ) -> Self {
        let read = |file: &&ManagedFile| file.read_by == Some((name.clone(), OnChange::Restart));
        let files = files.iter().filter(read);
        let files = files.map(|file| (file.path.clone(), hex(file.content.expose(), 64))).collect();
        let targets =
            endpoints.iter().map(|endpoint| (endpoint.protocol, endpoint.target, &endpoint.network));
        Self { spec, targets: targets.collect(), files }
    }

    /// Of today.
    pub fn hash(&self) -> String {
        let Self { spec, targets, files } = self;
        let memory = spec.memory.map(|bytes| bytes.0);
        let told = Told { spec: canonical::told(*spec), memory, targets, files };
        format!("v2:{}", hex(&canonical::text(&canonical::told(&told)), 16))
    }

    /// Of the first pryvctl, whose containers are still there; `None`: it could not have made this one.
    pub fn hash_v1(&self) -> Option<String> {
        let spec = v1::ContainerSpec::of(self.spec)?;
        let memory = self.spec.memory.map(|bytes| bytes.0);
        let whole = (spec, memory, &self.targets, &self.files);
        Some(hex(&serde_json::to_string(&whole).unwrap_or_default(), 16))
    }
}

/// The first digits of a text's SHA-256.
fn hex(text: &str, digits: usize) -> String {
    let hash = Sha256::digest(text.as_bytes());
    let all: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    all.chars().take(digits).collect()
}
