//! What a control sets: a closed list of kinds, each with what has to be said about it.

pub mod drop_in;
pub mod file;
pub mod line;
pub mod mount;
pub mod permissions;
pub mod setting;
pub mod sshd;
pub mod unit;
pub mod without;

use std::{collections::BTreeMap, path::PathBuf};

use serde_json::Value;

use self::{
    file::OwnFile, line::OwnLine, mount::Mount, permissions::Rights, setting::Settings, sshd::Directive,
    unit::Unit, without::Unwanted,
};
use crate::model::{
    compose::{List, Word},
    etc,
};

/// The one list of kinds: the key in the data, what is said about it, and the files that a control of it writes in. Then
/// kinds that are one of those in other words: the key, what is said, and the kind. Whoever has to do something for each
/// kind hands in a macro that takes the lists.
macro_rules! kinds {
    ($make:ident) => {
        $make! {
            {
                /// Kernel parameters: live, and in our file of `/etc/sysctl.d`. A `*` stands for every network interface.
                sysctl: Sysctl(BTreeMap<String, Word>) => |_| vec![etc::SYSCTL.into()],
                /// Kernel modules that are never loaded: in our file of `/etc/modprobe.d`.
                module: Module(Vec<String>) => |_| vec![etc::MODPROBE.into()],
                /// Directives of sshd: in our block at the top of its main file.
                sshd: Sshd(BTreeMap<String, Directive>)
                    => |_| vec![etc::SSHD_CONFIG.into(), etc::SSHD_DROP_IN.into()],
                /// A whole file of our own.
                file: File(OwnFile) => |file| vec![file.path.clone()],
                /// Keys of a file that is not ours.
                setting: Setting(Settings) => |settings| vec![settings.path.clone()],
                /// A line of a file that is not ours.
                line: Line(OwnLine) => |line| vec![line.path.clone()],
                /// A word that may not stand in lines of a file that is not ours.
                without: Without(Unwanted) => |unwanted| vec![unwanted.path.clone()],
                /// The most rights that files and folders may give.
                permissions: Permissions(Rights) => |_| Vec::new(),
                /// Options of a mount point: live, and in `/etc/fstab`.
                mount: Mount(Mount) => |_| vec![etc::FSTAB.into()],
                /// Rules of the kernel's audit: loaded, and in our file of `/etc/audit/rules.d`.
                audit: Audit(Vec<String>) => |_| vec![etc::AUDIT_RULES.into()],
                /// Packages that are installed.
                package: Package(List) => |_| Vec::new(),
                /// How a systemd unit is.
                unit: Unit(Unit) => |_| Vec::new(),
                /// Keys of the Docker daemon's `daemon.json`.
                daemon: Daemon(BTreeMap<String, Value>) => |_| vec![etc::DAEMON_JSON.into()],
            }
            {
                /// Directives of a service that is not ours: a file of ours beside its unit.
                drop_in: crate::model::control::kind::drop_in::DropIn => File,
            }
        }
    };
}

pub(crate) use kinds;

macro_rules! kind {
    (
        { $($(#[$doc:meta])* $key:ident: $name:ident($said:ty) => $files:expr,)* }
        { $($other:tt)* }
    ) => {
        /// What a control sets. Its key in the file is the kind's name in lower case.
        #[derive(Debug, Clone, PartialEq)]
        pub enum Kind {
            $($(#[$doc])* $name($said),)*
        }

        impl Kind {
            /// The files that a control of this kind writes in.
            pub fn files(&self) -> Vec<PathBuf> {
                match self {
                    $(Self::$name(said) => {
                        let files: fn(&$said) -> Vec<PathBuf> = $files;
                        files(said)
                    })*
                }
            }
        }
    };
}

kinds!(kind);

impl Kind {
    /// A file of our own, where this is of that kind.
    pub fn own_file(&self) -> Option<&OwnFile> {
        if let Self::File(file) = self { Some(file) } else { None }
    }

    /// What comes into being through a file of our own.
    pub fn brings(&self) -> &[PathBuf] {
        self.own_file().map_or(&[], |file| &file.brings)
    }

    /// The systemd unit that it is about.
    pub fn unit(&self) -> Option<&str> {
        if let Self::Unit(unit) = self { Some(&unit.name) } else { self.own_file()?.unit.as_deref() }
    }

    /// What is said to sshd, where this is of that kind.
    pub fn sshd(&self) -> Option<&BTreeMap<String, Directive>> {
        if let Self::Sshd(directives) = self { Some(directives) } else { None }
    }

    /// What is said to the Docker daemon, likewise.
    pub fn daemon(&self) -> Option<&BTreeMap<String, Value>> {
        if let Self::Daemon(keys) = self { Some(keys) } else { None }
    }

    /// Which packages must be there, likewise.
    pub fn packages(&self) -> Option<&[String]> {
        if let Self::Package(names) = self { Some(&names.0) } else { None }
    }
}
