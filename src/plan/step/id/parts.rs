//! What becomes of a subject: the second part of a step's name.

use std::{fmt, path::PathBuf};

/// Steps of one subject that are told apart by a word.
macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($(#[$of:meta])* $step:ident = $word:literal,)* })*) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, Copy, PartialEq, Eq)]
            pub enum $name {
                $($(#[$of])* $step,)*
            }

            impl fmt::Display for $name {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.write_str(match self {
                        $(Self::$step => $word,)*
                    })
                }
            }
        )*
    };
}

words! {
    /// Packages.
    PackagesStep {
        /// Commands that every plan uses are installed.
        Commands = "commands",
        /// Docker is installed.
        Docker = "docker",
        /// Its command is installed.
        DockerCli = "docker-cli",
    }
    /// dockerd, and what it stands on.
    EngineStep {
        /// A Docker that does not answer starts.
        Start = "start",
        /// containerd starts.
        Containerd = "containerd",
        /// The kernel forwards packets.
        Forwarding = "forwarding",
        /// Bridges come up.
        Bridges = "bridges",
        /// dockerd restarts, for its rules and bridges.
        Rules = "rules",
        /// Health checks begin again.
        Checks = "checks",
        /// Its configuration changes.
        DaemonJson = "daemon-json",
    }
    /// The way to the registry.
    RegistryStep {
        /// Whose certificates it has.
        Ca = "ca",
        /// Where it is.
        HostsLine = "hosts-line",
    }
    /// The filter table.
    FirewallStep {
        /// The table itself.
        Table = "table",
        /// The file that is loaded at boot.
        File = "file",
        /// The unit that loads it.
        Unit = "unit",
        /// The unit is started at boot.
        Boot = "boot",
    }
    /// The map of services, and services together.
    ServicesStep {
        /// The table with the map.
        Table = "table",
        /// The file that is loaded at boot.
        File = "file",
        /// The unit that loads it.
        Unit = "unit",
        /// The unit is started at boot.
        Boot = "boot",
        /// Ports that no service wants leave the map.
        Retire = "retire",
        /// Nothing leads any more to who makes room.
        Aside = "aside",
        /// The map leads to who serves.
        CutOver = "cut-over",
        /// New containers are watched.
        Watch = "watch",
        /// Old connections end.
        Drain = "drain",
    }
    /// sshd.
    SshdStep {
        /// The file with how one may log in.
        Match = "match",
        /// Our block in its main file.
        Block = "block",
        /// It takes up its files.
        Reload = "reload",
    }
    /// The record of how things were.
    OriginalsStep {
        /// Things are recorded.
        Record = "record",
        /// Controls that are wanted no more leave it.
        GivenUp = "given-up",
        /// It goes.
        Remove = "remove",
    }
    /// The record of what served.
    ReleaseStep {
        /// What serves is written down.
        Keep = "keep",
        /// The change that followed has come to its end.
        End = "end",
        /// The record goes.
        Forget = "forget",
    }
    /// The list of what we wrote.
    WrittenStep {
        /// Files that are there come on the list.
        Note = "note",
        /// The list goes.
        Forget = "forget",
    }
}

/// What controls are about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ControlStep {
    /// Packages.
    Packages,
    /// Permission bits.
    Permissions,
    /// Mount options.
    Mount,
    /// Units of systemd.
    Units,
    /// Audit rules.
    Audit,
    /// Live parameters of the kernel.
    Sysctl,
    /// A file.
    File(PathBuf),
}

/// What becomes of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServiceStep {
    /// Which version opens its data is noted.
    Data,
    /// A container starts.
    Start,
    /// It becomes healthy.
    Healthy,
    /// Its ports lead to it.
    CutOver,
    /// Its ports lead nowhere.
    Aside,
    /// A probe of the role, counted from 1, is answered.
    Probe(usize),
    /// A container makes room.
    Stop(String),
    /// A container that goes on reads its files again.
    Reload,
    /// A new one has read them.
    Reloaded,
}

/// What no inventory wants any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LeftoverStep {
    /// A container stops.
    Stop(String),
    /// A container goes.
    Remove(String),
    /// A file goes.
    File(PathBuf),
    /// A folder goes.
    Folder(PathBuf),
    /// What others had in a file comes back.
    Original(PathBuf),
    /// What is half written goes.
    Half,
    /// What is gone leaves the list.
    List,
}

/// The way back to what served before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BackStep {
    /// A folder is made again.
    Folder(PathBuf),
    /// A file is as it was.
    File(PathBuf),
    /// Which version opens the data of a service is noted.
    Data(String),
    /// Containers start again.
    Start,
    /// They become healthy.
    Healthy,
    /// A container of a service reads its files again.
    Reload(String),
}

impl fmt::Display for ControlStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Packages => f.write_str("packages"),
            Self::Permissions => f.write_str("permissions"),
            Self::Mount => f.write_str("mount"),
            Self::Units => f.write_str("units"),
            Self::Audit => f.write_str("audit"),
            Self::Sysctl => f.write_str("sysctl"),
            Self::File(path) => write!(f, "{}", path.display()),
        }
    }
}

impl fmt::Display for ServiceStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Data => f.write_str("data"),
            Self::Start => f.write_str("start"),
            Self::Healthy => f.write_str("healthy"),
            Self::CutOver => f.write_str("cut-over"),
            Self::Aside => f.write_str("aside"),
            Self::Probe(number) => write!(f, "probe-{number}"),
            Self::Stop(container) => write!(f, "stop-{container}"),
            Self::Reload => f.write_str("reload"),
            Self::Reloaded => f.write_str("reloaded"),
        }
    }
}

impl fmt::Display for LeftoverStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stop(container) => write!(f, "{container}.stop"),
            Self::Remove(container) => write!(f, "{container}.remove"),
            Self::File(path) => write!(f, "file.{}", path.display()),
            Self::Folder(path) => write!(f, "folder.{}", path.display()),
            Self::Original(path) => write!(f, "original.{}", path.display()),
            Self::Half => f.write_str("half"),
            Self::List => f.write_str("list"),
        }
    }
}

impl fmt::Display for BackStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(path) => write!(f, "folder.{}", path.display()),
            Self::File(path) => write!(f, "file.{}", path.display()),
            Self::Data(service) => write!(f, "data.{service}"),
            Self::Start => f.write_str("services.start"),
            Self::Healthy => f.write_str("services.healthy"),
            Self::Reload(service) => write!(f, "{service}.reload"),
        }
    }
}
