//! What a control sets: a closed list of kinds, each with what has to be said about it.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use serde::Deserialize;
use serde_json::Value;

use crate::model::{
    compose::{List, Word},
    etc,
    mode::Mode,
};

/// The one list of kinds: the key in the data, what is said about it, and the files that a control of it writes in. Whoever
/// has to do something for each kind hands in a macro that takes the list.
macro_rules! kinds {
    ($make:ident) => {
        $make! {
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
            /// Packages that are installed.
            package: Package(List) => |_| Vec::new(),
            /// How a systemd unit is.
            unit: Unit(Unit) => |_| Vec::new(),
            /// Keys of the Docker daemon's `daemon.json`.
            daemon: Daemon(BTreeMap<String, Value>) => |_| vec![etc::DAEMON_JSON.into()],
            /// Rules of the kernel's audit: loaded, and in our file of `/etc/audit/rules.d`.
            audit: Audit(Vec<String>) => |_| vec![etc::AUDIT_RULES.into()],
        }
    };
}

pub(crate) use kinds;

macro_rules! kind {
    ($($(#[$doc:meta])* $key:ident: $name:ident($said:ty) => $files:expr,)*) => {
        /// What a control sets. Its key in the file is the kind's name in lower case.
        #[derive(Debug, Clone, PartialEq)]
        pub enum Kind {
            $($(#[$doc])* $name($said),)*
        }

        impl Kind {
            /// Its name, as in the data.
            pub fn word(&self) -> &'static str {
                match self {
                    $(Self::$name(_) => stringify!($key),)*
                }
            }

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

    /// A mount point, where this is of that kind.
    pub fn mount(&self) -> Option<&Mount> {
        if let Self::Mount(mount) = self { Some(mount) } else { None }
    }

    /// A unit, likewise.
    pub fn unit(&self) -> Option<&Unit> {
        if let Self::Unit(unit) = self { Some(unit) } else { None }
    }

    /// What is said to sshd, likewise.
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

/// The value of a directive of sshd.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Value")]
pub enum Directive {
    /// One value.
    Value(String),
    /// Names of algorithms, the best first; those that the host's sshd does not know are left out.
    Names(Vec<String>),
}

impl TryFrom<Value> for Directive {
    type Error = String;
    fn try_from(value: Value) -> Result<Self, String> {
        if value.is_array() {
            return List::try_from(value).map(|list| Self::Names(list.0));
        }
        Word::try_from(value).map(|word| Self::Value(word.0))
    }
}

/// A whole file of our own.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnFile {
    /// Its absolute path.
    pub path: PathBuf,
    /// What is in it.
    pub content: String,
    /// Permission bits.
    #[serde(default = "usual")]
    pub mode: Mode,
    /// A unit that is restarted when it changes, if it runs.
    pub restart: Option<String>,
    /// What comes into being through it, and goes with it if it was not there before: absolute paths of files and
    /// folders.
    #[serde(default)]
    pub brings: Vec<PathBuf>,
    /// A command that must accept the new file, which is given to it as its last argument, as in `visudo -cqf`.
    pub check: Option<String>,
    /// What puts it into force.
    pub after: Option<After>,
}

/// What is made of a file of ours by the program it is for.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct After {
    /// A command, run when the file was written, and when it has gone again.
    pub run: String,
    /// Files that the command writes, each with a text that stands in it while ours is there.
    #[serde(default)]
    pub shows: BTreeMap<PathBuf, String>,
    /// Files beside those that it writes, and that go back with them where the command could cut a login.
    #[serde(default)]
    pub writes: Vec<PathBuf>,
}

impl OwnFile {
    /// Texts that show, in files of others, that this file counts: each with its file.
    pub fn traces(&self) -> impl Iterator<Item = (&PathBuf, &String)> {
        self.after.iter().flat_map(|after| &after.shows)
    }

    /// The file, and all that is written when it changes.
    pub fn written(&self) -> Vec<&Path> {
        let others = self.after.iter().flat_map(|after| after.shows.keys().chain(&after.writes));
        std::iter::once(&self.path).chain(others).map(PathBuf::as_path).collect()
    }
}

fn usual() -> Mode {
    Mode(0o644)
}

/// Keys of a file that is not ours. Everything else in it stays.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Its absolute path.
    pub path: PathBuf,
    /// How a key and its value are written there.
    pub form: Form,
    /// The keys.
    pub set: BTreeMap<String, Word>,
    /// A unit that is restarted when it changes, if it runs.
    pub restart: Option<String>,
}

/// How a key and its value are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Form {
    /// `KEY value`, as in login.defs.
    Space,
    /// `KEY=value`, as in systemd's files.
    Equals,
    /// `key = value`, as in auditd.conf.
    SpacedEquals,
}

/// A line of a file that is not ours.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnLine {
    /// Its absolute path.
    pub path: PathBuf,
    /// The line.
    pub line: String,
    /// Where it goes, if it is not there.
    pub at: LineAt,
    /// The file is made with these rights, if there is none; without them it must be there.
    pub make: Option<Mode>,
}

/// Where a line goes.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LineAt {
    /// First.
    Top,
    /// Last.
    End,
    /// Before the first line that holds this and is not commented out; last, if there is none.
    Before(String),
    /// After that line.
    After(String),
}

/// A word that may not stand in lines of a file that is not ours. The rest of the line stays.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unwanted {
    /// Its absolute path.
    pub path: PathBuf,
    /// The word, with white space around it.
    pub word: String,
    /// It is about the lines that hold this and are not commented out.
    pub beside: String,
}

/// The most rights that files and folders may give.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rights {
    /// Absolute paths; `*` and `?` match within a name.
    pub paths: Vec<String>,
    /// Permission bits; fewer are as good.
    pub mode: Mode,
    /// Only what does not belong to root.
    #[serde(default)]
    pub of_users: bool,
}

/// Options of a mount point.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mount {
    /// Where it is mounted.
    pub path: PathBuf,
    /// Its options.
    pub options: Vec<String>,
    /// What is mounted there from the next boot on, where nothing is; without it such a host is left alone.
    pub made: Option<Made>,
}

/// A mount that is made.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Made {
    /// What is mounted, as in `tmpfs`.
    pub source: String,
    /// The file system, as in `tmpfs`; `none` for a folder that is mounted again.
    pub kind: String,
    /// Options beside the others.
    #[serde(default)]
    pub options: Vec<String>,
}

/// How a systemd unit is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unit {
    /// Its name.
    pub name: String,
    /// What is wanted of it.
    pub state: UnitWish,
}

/// What is wanted of a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UnitWish {
    /// It runs, now and after a boot.
    Enabled,
    /// It is started at boot; whether it runs now is its own affair.
    AtBoot,
    /// It does not run and cannot be started.
    Masked,
}
