//! What labs there are, and how their hosts are.

use std::{collections::BTreeSet, fs};

use super::{Addresses, HOST_LABEL, LABEL, Lab, LabError, check, engine::Docker, folder, folder::Folder};
use crate::model::name::HostName;

/// One host of a lab.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostStatus {
    /// Its name.
    pub host: HostName,
    /// Where it is.
    pub addresses: Addresses,
    /// Docker's word for the state of its container, as in `running` or `exited`; `None` if there is no container.
    pub state: Option<String>,
}

/// A lab that was made, from its folder.
///
/// # Errors
/// [`LabError::Unknown`] when there is none of this name.
pub fn open(name: &str) -> Result<Lab, LabError> {
    check(name)?;
    let folder = Folder::of(name)?;
    Lab::read(name, &folder)?.ok_or_else(|| LabError::Unknown(name.to_owned()))
}

/// The lab's hosts and their state.
///
/// # Errors
/// [`LabError::Unknown`] when there is no lab of this name, and what `docker` says.
pub async fn status(name: &str) -> Result<Vec<HostStatus>, LabError> {
    let lab = open(name)?;
    let docker = Docker::connect().await?;
    let label = format!("label={LABEL}={name}");
    let line = format!("{{{{.Label \"{HOST_LABEL}\"}}}} {{{{.State}}}}");
    let found = docker.run(&["ps", "--all", "--filter", &label, "--format", &line]).await?;
    let state = |host: &HostName| {
        let mut states = found.lines().filter_map(|line| line.split_once(' '));
        states.find(|(name, _)| *name == host.as_str()).map(|(_, state)| state.to_owned())
    };
    let hosts = lab.hosts.iter();
    Ok(hosts
        .map(|(host, at)| HostStatus { host: host.clone(), addresses: *at, state: state(host) })
        .collect())
}

/// The names of all labs: those with a folder, and those of which only containers, volumes or networks are left.
///
/// # Errors
/// What `docker` says.
pub async fn list() -> Result<BTreeSet<String>, LabError> {
    let docker = Docker::connect().await?;
    let folders = fs::read_dir(folder::root()?).into_iter().flatten().flatten();
    let names = folders.filter_map(|entry| entry.file_name().into_string().ok());
    let mut labs: BTreeSet<String> = names.filter(|name| check(name).is_ok()).collect();
    let (filter, line) = (format!("label={LABEL}"), format!("{{{{.Label \"{LABEL}\"}}}}"));
    for what in [&["ps", "--all"][..], &["volume", "ls"], &["network", "ls"]] {
        let found = docker.run(&[what, &["--filter", &filter, "--format", &line]].concat()).await?;
        labs.extend(found.lines().filter(|name| !name.is_empty()).map(str::to_owned));
    }
    Ok(labs)
}
