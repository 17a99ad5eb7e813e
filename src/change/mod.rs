//! What a step does to a host, as a value. One file a kind of change: its fields, the script or the call that carries it out,
//! and what it makes of a host.
//!
//! A new kind is a file here and a line in `changes!`.

mod audit;
mod bridge;
pub mod checks;
mod container;
mod daemon;
pub mod docker;
mod drain;
pub mod edit;
pub mod engine;
mod file;
mod folder;
mod guard;
mod hosts;
mod kind;
mod leave;
mod list;
#[cfg(test)]
pub mod listed;
mod mode;
mod mount;
pub mod nftables;
mod note;
mod original;
mod package;
mod release;
mod reload;
mod returns;
pub mod services;
pub mod sshd;
pub mod sysctl;
mod table;
mod unit;

use std::{path::Path, time::Duration};

pub use audit::{AuditDrop, AuditLoad};
pub use bridge::Bridges;
pub use checks::HealthChecks;
pub use container::Container;
pub use daemon::{DaemonConfig, OldConfig, TakeUp};
pub use docker::Call;
pub use drain::{Drain, Leaving};
pub use edit::{FileAsBefore, FileEdit, FileGone};
pub use engine::{ContainerdStart, EngineRestart, EngineStart};
pub use file::{Claim, FileWrite};
pub use folder::{
    CopyClaim, FileBack, FileCopy, FileRemoval, Folder, FolderAgain, FolderRemoval, FolderRights, HalfWritten,
};
pub use guard::{KeptFiles, KeptSysctls, KeptTable};
pub use hosts::HostsFile;
pub use kind::Kind;
pub use leave::{LastFile, NetworkRemoval, ReleaseRemoval, UnitRemoval, VolumeRemoval};
pub use list::{ListFiles, ListRemoval, Unlist};
pub use mode::Modes;
pub use mount::Remounts;
pub use note::{NOTE_MODE, UnopenedGone, VersionNote};
pub use original::{Original, OriginalsForget, OriginalsRecord, OriginalsRemoval};
pub use package::{Apt, Next, PackagePurge, Packages, Refusal, Whose};
pub use release::{ReleaseEnd, ReleaseKeep};
pub use reload::{ReloadDone, RoleRun};
pub use returns::{ContainerGone, How, Return, Returns, whole_seconds};
pub use services::{ServiceMap, ServiceTable, ServicesLoad, ServicesSwap};
pub use sshd::SshdReload;
pub use sysctl::Sysctls;
pub use table::{TableLoad, TableRemoval};
pub use unit::{UnitNotAtBoot, UnitStart, Units, UnitsAsBefore, UnitsReleased};

use crate::model::{command::Command, desired::HealthProbe};

/// How a change is carried out.
#[derive(Debug)]
pub enum Means<'a> {
    /// By a script.
    Script(Command),
    /// By asking apt what it would do, and by a script that is chosen of its answers.
    Apt(Apt<'a>),
    /// By Docker's API.
    Call(&'a Call),
    /// By asking from the host until the answer is right.
    Probe {
        /// What is asked.
        probe: &'a HealthProbe,
        /// The longest wait.
        within: Duration,
    },
}

/// The one list of kinds of changes that a script carries out.
macro_rules! changes {
    ($($(#[$doc:meta])* $name:ident($kind:ty),)*) => {
        /// A change, as data. `host::apply` carries it out and decides nothing.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum Change {
            /// Calls Docker's API.
            Docker(Call),
            /// Asks from the host until the answer is right.
            AwaitProbe {
                /// What is asked.
                probe: HealthProbe,
                /// The longest wait.
                within: Duration,
            },
            /// Installs packages.
            Packages(Packages),
            /// Purges packages.
            PackagePurge(PackagePurge),
            $($(#[$doc])* $name($kind),)*
        }

        impl Change {
            /// How it is carried out.
            pub fn means(&self) -> Means<'_> {
                match self {
                    Self::Docker(call) => Means::Call(call),
                    Self::AwaitProbe { probe, within } => Means::Probe { probe, within: *within },
                    Self::Packages(packages) => Means::Apt(Apt::Install(packages)),
                    Self::PackagePurge(packages) => Means::Apt(Apt::Purge(packages)),
                    $(Self::$name(kind) => Means::Script(kind.command()),)*
                }
            }

            /// What it makes of a host in memory; `false`: that is not known here.
            #[cfg(test)]
            pub fn apply(&self, state: &mut crate::facts::state::HostState) -> bool {
                match self {
                    Self::Docker(_) | Self::AwaitProbe { .. } => return false,
                    Self::Packages(packages) => packages.apply(state),
                    Self::PackagePurge(packages) => packages.apply(state),
                    $(Self::$name(kind) => kind.apply(state),)*
                }
                true
            }
        }
    };
}

changes! {
    /// Writes a file through the one writer.
    Write(FileWrite),
    /// Writes another text into a file that has to be taken up.
    Edit(FileEdit),
    /// Removes a file that has to be taken up, and what came through it.
    FileGone(FileGone),
    /// Gives a file back what the record of originals has of it.
    FileAsBefore(FileAsBefore),
    /// Sets permission bits.
    Modes(Modes),
    /// Mounts again with other options.
    Remount(Remounts),
    /// Sets live parameters of the kernel.
    Sysctl(Sysctls),
    /// Says what systemd starts.
    Units(Units),
    /// Gives units back what they were.
    UnitsAsBefore(UnitsAsBefore),
    /// Has systemd start or mask no more what it was told to.
    UnitsReleased(UnitsReleased),
    /// Starts a unit of ours.
    UnitStart(UnitStart),
    /// Has a unit of ours started at boot no more.
    UnitNotAtBoot(UnitNotAtBoot),
    /// Loads audit rules.
    AuditLoad(AuditLoad),
    /// Takes audit rules out of the kernel.
    AuditDrop(AuditDrop),
    /// Makes a folder.
    Folder(Folder),
    /// Makes a folder again.
    FolderAgain(FolderAgain),
    /// Gives a folder rights that it had.
    FolderRights(FolderRights),
    /// Removes an empty folder.
    FolderRemoval(FolderRemoval),
    /// Removes a file that we wrote.
    FileRemoval(FileRemoval),
    /// Copies a file into its place.
    FileCopy(FileCopy),
    /// Puts back what others had in a file.
    FileBack(FileBack),
    /// Removes what a killed run left half written.
    HalfWritten(HalfWritten),
    /// Replaces a table of the packet filter.
    TableLoad(TableLoad),
    /// Removes a table of the packet filter.
    TableRemoval(TableRemoval),
    /// Puts back files that the guard kept.
    KeptFiles(KeptFiles),
    /// Puts back live parameters that the guard kept.
    KeptSysctls(KeptSysctls),
    /// Puts back a table that the guard kept.
    KeptTable(KeptTable),
    /// Changes `/etc/hosts`.
    HostsFile(HostsFile),
    /// Changes the configuration of dockerd.
    DaemonConfig(DaemonConfig),
    /// Starts a Docker that does not answer.
    EngineStart(EngineStart),
    /// Starts containerd.
    ContainerdStart(ContainerdStart),
    /// Restarts dockerd.
    EngineRestart(EngineRestart),
    /// Brings bridges up.
    Bridges(Bridges),
    /// Begins health checks again.
    HealthChecks(HealthChecks),
    /// Loads the map of services.
    ServicesLoad(ServicesLoad),
    /// Changes the map of services.
    ServicesSwap(ServicesSwap),
    /// Waits until connections have ended.
    Drain(Drain),
    /// Starts containers again.
    Returns(Returns),
    /// Stops and removes a container.
    ContainerGone(ContainerGone),
    /// Removes a container that never ran.
    UnopenedGone(UnopenedGone),
    /// Runs what a role says.
    RoleRun(RoleRun),
    /// Takes away the mark that a service has to be told.
    ReloadDone(ReloadDone),
    /// Records how things are.
    OriginalsRecord(OriginalsRecord),
    /// Takes controls out of that record.
    OriginalsForget(OriginalsForget),
    /// Removes that record.
    OriginalsRemoval(OriginalsRemoval),
    /// Has sshd read its files again.
    SshdReload(SshdReload),
    /// Removes a container network.
    NetworkRemoval(NetworkRemoval),
    /// Removes a volume.
    VolumeRemoval(VolumeRemoval),
    /// Writes down what serves.
    ReleaseKeep(ReleaseKeep),
    /// Ends the change that followed.
    ReleaseEnd(ReleaseEnd),
    /// Notes which version opens data.
    VersionNote(VersionNote),
    /// Puts files on the list of what is ours.
    ListFiles(ListFiles),
    /// Takes what is gone off that list.
    Unlist(Unlist),
    /// Removes that list.
    ListRemoval(ListRemoval),
    /// Removes the record of what served before.
    ReleaseRemoval(ReleaseRemoval),
    /// Removes a unit of ours.
    UnitRemoval(UnitRemoval),
    /// Removes a file of ours and the folder that it leaves empty.
    LastFile(LastFile),
}

impl Change {
    /// What the guard of a host in memory keeps for it before the change that it takes back.
    #[cfg(test)]
    pub fn keep(&self, state: &mut crate::facts::state::HostState) {
        if let Self::KeptFiles(kept) = self {
            kept.keep(state);
        }
        if let Self::KeptSysctls(kept) = self {
            kept.keep(state);
        }
        if let Self::KeptTable(kept) = self {
            kept.keep(state);
        }
    }

    /// The script that carries it out, where it is known before the host is asked.
    pub fn command(&self) -> Option<Command> {
        match self.means() {
            Means::Script(command) => Some(command),
            Means::Apt(_) | Means::Call(_) | Means::Probe { .. } => None,
        }
    }

    /// What Docker's API is asked for, where it carries the change out.
    pub fn call(&self) -> Option<&Call> {
        if let Self::Docker(call) = self { Some(call) } else { None }
    }

    /// The file that it writes, where that is all it does.
    pub fn file(&self) -> Option<&Path> {
        if let Self::Write(file) = self { Some(&file.path) } else { None }
    }

    /// Whether it changes nothing.
    pub fn only_asks(&self) -> bool {
        match self.means() {
            Means::Script(_) | Means::Apt(_) => false,
            Means::Call(call) => call.only_asks(),
            Means::Probe { .. } => true,
        }
    }

    /// Whether it may be carried out again when Docker went away under it: it asks, or what it made the first time is no
    /// hindrance.
    pub fn may_be_repeated(&self) -> bool {
        match self.means() {
            Means::Script(_) | Means::Apt(_) => false,
            Means::Call(call) => call.may_be_repeated(),
            Means::Probe { .. } => true,
        }
    }
}
