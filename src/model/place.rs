//! Where things are on a host.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use super::{
    control::{Control, Kind},
    desired::{Data, Desired},
    name::ServiceName,
};

/// Our own folder; root only.
pub const OURS: &str = "/etc/pryvctl";
/// The filter table, as `nft -j` loads it at boot.
pub const FIREWALL: &str = "/etc/pryvctl/firewall.json";
/// The map of services, as `nft` loads it at boot.
pub const SERVICES: &str = "/etc/pryvctl/services.nft";
/// The unit that loads the filter table.
pub const FIREWALL_UNIT: &str = "/etc/systemd/system/pryvctl-firewall.service";
/// The unit that loads the map of services.
pub const SERVICES_UNIT: &str = "/etc/systemd/system/pryvctl-services.service";
/// Our part of sshd's configuration; its name comes first because in sshd the first value wins.
pub const SSHD_DROP_IN: &str = "/etc/ssh/sshd_config.d/00-pryvctl.conf";
/// sshd's main configuration.
pub const SSHD_CONFIG: &str = "/etc/ssh/sshd_config";
/// The Docker daemon's configuration.
pub const DAEMON_JSON: &str = "/etc/docker/daemon.json";
/// What a run leaves for the next one, below it; root only.
pub const KEPT: &str = "/var/lib/pryvctl";
/// What a host was told of the journals of those who changed it. A log: it stays when all else of ours goes.
pub const JOURNAL: &str = "/var/log/pryvctl/journal";
/// There while the Docker daemon still has to take up a changed configuration.
pub const DOCKER_PENDING: &str = "/var/lib/pryvctl/pending/docker";
/// The release before the last change, for the way back; root only, because copies of files may hold secrets.
pub const RELEASE: &str = "/var/lib/pryvctl/release";
/// What served, as JSON; no secrets.
pub const RELEASE_RECORD: &str = "/var/lib/pryvctl/release/record.json";
/// There while the change that followed has not come to its end.
pub const RELEASE_UNFINISHED: &str = "/var/lib/pryvctl/release/unfinished";
/// Where the guard keeps its way back.
pub const GUARD: &str = "/var/lib/pryvctl/guard";
/// The filter table in it, as `nft` loads it.
pub const KEPT_TABLE: &str = "/var/lib/pryvctl/guard/firewall.nft";

/// How things were before controls changed them; root only.
pub const ORIGINALS: &str = "/var/lib/pryvctl/originals";
/// Our kernel parameters; the name sorts last because the last value wins.
pub const SYSCTL: &str = "/etc/sysctl.d/zz-pryvctl.conf";
/// Our kernel modules that are never loaded.
pub const MODPROBE: &str = "/etc/modprobe.d/pryvctl.conf";
/// Our audit rules.
pub const AUDIT_RULES: &str = "/etc/audit/rules.d/50-pryvctl.rules";
/// What is mounted at boot.
pub const FSTAB: &str = "/etc/fstab";

/// Commands a host must have; each comes from the package named beside it.
pub const COMMANDS: [(&str, &str); 2] = [("curl", "curl"), ("nft", "nftables")];

/// Files the planner compares on every host. None holds a secret, so their text may be read and shown.
const COMPARED: [&str; 7] =
    [FIREWALL, SERVICES, FIREWALL_UNIT, SERVICES_UNIT, SSHD_DROP_IN, SSHD_CONFIG, DOCKER_PENDING];

/// Files the planner compares beside the managed ones. Their text may be read and shown.
pub fn compared(desired: &Desired) -> BTreeSet<PathBuf> {
    let registry = desired.registry.iter().map(|registry| registry_ca(&registry.address));
    let reloads = desired.services.iter().map(|service| reload_pending(&service.name));
    let one_way = desired.services.iter().filter(|service| service.data != Data::AnyVersion);
    let notes = one_way.map(|service| opened(&desired.data, &service.name));
    let ours =
        COMPARED.iter().map(PathBuf::from).chain(registry.chain(reloads).chain(notes).map(PathBuf::from));
    ours.chain(desired.hardening.known.iter().flat_map(control_files)).collect()
}

/// The files a control writes in.
pub fn control_files(control: &Control) -> Vec<PathBuf> {
    match &control.kind {
        Kind::Sysctl(_) => vec![SYSCTL.into()],
        Kind::Module(_) => vec![MODPROBE.into()],
        Kind::Sshd(_) => vec![SSHD_CONFIG.into(), SSHD_DROP_IN.into()],
        Kind::File(file) => vec![file.path.clone()],
        Kind::Setting(settings) => vec![settings.path.clone()],
        Kind::Line(line) => vec![line.path.clone()],
        Kind::Without(unwanted) => vec![unwanted.path.clone()],
        Kind::Mount(_) => vec![FSTAB.into()],
        Kind::Daemon(_) => vec![DAEMON_JSON.into()],
        Kind::Audit(_) => vec![AUDIT_RULES.into()],
        Kind::Permissions(_) | Kind::Package(_) | Kind::Unit(_) => Vec::new(),
    }
}

/// Where the Docker daemon looks for the CA of a registry.
pub fn registry_ca(address: &str) -> String {
    format!("/etc/docker/certs.d/{address}/ca.crt")
}

/// Which version of a service opened its data last. It lies beside the data and stays with it.
pub fn opened(data: &Path, service: &ServiceName) -> String {
    data.join(".versions").join(service.as_str()).display().to_string()
}

/// There while a service still has to be told that its files changed.
pub fn reload_pending(service: &ServiceName) -> String {
    format!("/var/lib/pryvctl/pending/reload-{service}")
}
