//! Where things are on a host.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

pub use super::etc::{AUDIT_RULES, DAEMON_JSON, FSTAB, MODPROBE, SSHD_CONFIG, SSHD_DROP_IN, SYSCTL};
use super::{
    desired::{Data, Desired, MountSource, Service},
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
/// What a run leaves for the next one, below it; root only.
pub const KEPT: &str = "/var/lib/pryvctl";
/// The lock, and what else a restart may forget; root only.
pub const RUNNING: &str = "/run/pryvctl";
/// Our logs.
pub const LOGS: &str = "/var/log/pryvctl";
/// What a host was told of the journals of those who changed it. A log: it stays when all else of ours goes.
pub const JOURNAL: &str = "/var/log/pryvctl/journal";
/// What we wrote for an inventory, with hashes; root only.
pub const WRITTEN: &str = "/var/lib/pryvctl/written";
/// The program of the packet filter; root's path does not hold it everywhere.
pub const NFT: &str = "/usr/sbin/nft";
/// What others had in files that we wrote, as it was, each below it by its path; root only.
pub const REPLACED: &str = "/var/lib/pryvctl/replaced";
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

/// Commands a host must have; each comes from the package named beside it.
pub const COMMANDS: [(&str, &str); 2] = [("curl", "curl"), ("nft", "nftables")];
/// The command with which the survey reads files and sockets. Debian's perl-base is essential, so no step installs it.
pub const PERL: &str = "perl";

/// Files the planner compares on every host. None holds a secret, so their text may be read and shown.
const COMPARED: [&str; 7] =
    [FIREWALL, SERVICES, FIREWALL_UNIT, SERVICES_UNIT, SSHD_DROP_IN, SSHD_CONFIG, DOCKER_PENDING];

/// Files that the survey looks at: the managed ones, and those beside them.
pub fn looked_at(desired: &Desired) -> BTreeSet<PathBuf> {
    desired.files.iter().map(|file| file.path.clone()).chain(compared(desired)).collect()
}

/// Files the planner compares beside the managed ones. Their text may be read and shown.
pub fn compared(desired: &Desired) -> BTreeSet<PathBuf> {
    let registry = desired.registry.iter().map(|registry| registry_ca(&registry.address));
    let reloads = desired.services.iter().map(|service| reload_pending(&service.name));
    let one_way = desired.services.iter().filter(|service| service.data != Data::AnyVersion);
    let notes = one_way.flat_map(|service| every_note(desired, service));
    let ours =
        COMPARED.iter().map(PathBuf::from).chain(registry.chain(reloads).chain(notes).map(PathBuf::from));
    ours.chain(desired.hardening.known.iter().flat_map(|control| control.kind.files())).collect()
}

/// Where that is kept which others had in a file that we write.
pub fn replaced(path: &Path) -> PathBuf {
    Path::new(REPLACED).join(path.strip_prefix("/").unwrap_or(path))
}

/// The folders and files on every host that are ours alone.
pub fn own(data: &Path) -> Vec<PathBuf> {
    let fixed =
        [OURS, KEPT, RUNNING, LOGS, FIREWALL_UNIT, SERVICES_UNIT, DAEMON_JSON, SYSCTL, MODPROBE, AUDIT_RULES];
    fixed.iter().map(PathBuf::from).chain([versions(data)]).collect()
}

/// Where the Docker daemon looks for the CA of a registry.
pub fn registry_ca(address: &str) -> String {
    format!("/etc/docker/certs.d/{address}/ca.crt")
}

/// The folder of the notes which version opened which data last. They lie beside the data and stay with it: with a disk that
/// comes to another host, and with a backup of the whole folder. No container may write there, which `validate` holds.
pub fn versions(data: &Path) -> PathBuf {
    data.join(".versions")
}

/// Where it is noted which version opened the data of a service last: a note for each folder and volume that is its own,
/// named by that and not by the service, which may get another name.
pub fn notes(desired: &Desired, service: &Service) -> Vec<String> {
    let notes = notes_at(desired, service, MountSource::clone);
    if notes.is_empty() { vec![note_by_name(&desired.data, &service.name)] } else { notes }
}

/// The same by where the data really is, of what is not known only by the service's name.
pub fn notes_at(
    desired: &Desired,
    service: &Service,
    real: impl Fn(&MountSource) -> MountSource,
) -> Vec<String> {
    let all = desired.services.iter().filter(|other| other.name != service.name);
    let one_way = all.filter(|other| other.data != Data::AnyVersion);
    let others: Vec<_> = one_way.flat_map(|other| other.spec.writes()).map(&real).collect();
    let own = service.spec.writes().map(&real).filter(|source| source.is_data() && !others.contains(source));
    let data = match real(&MountSource::Bind(desired.data.display().to_string())) {
        MountSource::Bind(path) | MountSource::Volume(path) => PathBuf::from(path),
    };
    let names: BTreeSet<String> = own.map(|source| note_name(&source, &data)).collect();
    names.iter().map(|name| versions(&desired.data).join(name).display().to_string()).collect()
}

/// Where it may be noted, by the first pryvctl, too.
pub fn every_note(desired: &Desired, service: &Service) -> BTreeSet<String> {
    notes(desired, service).into_iter().chain([note_by_name(&desired.data, &service.name)]).collect()
}

/// Where the first pryvctl noted it, and where it is noted of data that is in no folder and no volume.
pub fn note_by_name(data: &Path, service: &ServiceName) -> String {
    versions(data).join(service.as_str()).display().to_string()
}

/// A path as the name of a file; one below the data folder without that, because the whole may come to lie elsewhere.
fn note_name(source: &MountSource, data: &Path) -> String {
    match source {
        MountSource::Bind(path) => {
            let below = Path::new(path).strip_prefix(data).ok().filter(|below| *below != Path::new(""));
            let path = below.unwrap_or(Path::new(path));
            path.display().to_string().replace('%', "%25").replace('/', "%2F")
        }
        MountSource::Volume(name) => format!("volume:{name}"),
    }
}

/// There while a service still has to be told that its files changed.
pub fn reload_pending(service: &ServiceName) -> String {
    format!("/var/lib/pryvctl/pending/reload-{service}")
}
