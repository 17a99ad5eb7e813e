//! The record of originals: how things were before a control changed them for the first time.

use std::{path::PathBuf, time::Duration};

use super::{Kind, leave::clear_up, sysctl};
use crate::model::{
    command::{Command, quote, quote_path},
    place::ORIGINALS,
};

/// Functions that record one thing each, unless it is recorded. Copies are on the disk before the index names them, in one
/// go at the end; a line that a full disk cut short goes first. The shell's own echo would not say that the disk is full. Where it
/// can do so itself, the shell starts no program: that is slow on a small machine.
const FUNCTIONS: &str = include_str!("original.sh");

/// Programs start slowly on a small machine.
const WITHIN: Duration = Duration::from_secs(300);

/// A thing that is recorded as it is, unless it is recorded already.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Original {
    /// A file, with a copy of it; and which folders are missing for it.
    File(PathBuf),
    /// Permission bits and owner of a file or folder.
    Rights(PathBuf),
    /// Whether there is something in a place where a control's file will bring something.
    Brought(PathBuf),
    /// A live parameter of the kernel.
    Sysctl(String),
    /// The options of a mount point.
    Mount(PathBuf),
    /// A unit.
    Unit(String),
    /// That a control was set.
    Control(String),
}

impl Original {
    fn line(&self) -> String {
        match self {
            Self::File(at) => format!("keep_file {}", quote_path(at)),
            Self::Rights(at) => format!("keep_rights {}", quote_path(at)),
            Self::Brought(at) => format!("keep_brought {}", quote_path(at)),
            Self::Sysctl(key) => format!("keep_sysctl {} {}", quote(key), sysctl::path(key)),
            Self::Mount(at) => format!("keep_mount {}", quote_path(at)),
            Self::Unit(name) => format!("keep_unit {}", quote(name)),
            Self::Control(id) => format!("keep_control {}", quote(id)),
        }
    }

    #[cfg(test)]
    fn keep(&self, state: &mut crate::facts::state::HostState) {
        let kept = &mut state.hardening.originals;
        match self {
            Self::File(path) => {
                kept.files.entry(path.clone()).or_insert(state.system.files.get(path).cloned().flatten());
            }
            Self::Rights(path) => {
                let found =
                    state.hardening.limited.values().find_map(|found| found.get(path)).expect("rights");
                kept.rights.entry(path.clone()).or_insert(*found);
            }
            Self::Brought(path) => drop(kept.files.entry(path.clone()).or_insert(None)),
            Self::Sysctl(key) => {
                kept.sysctl.entry(key.clone()).or_insert(state.hardening.sysctl[key].clone());
            }
            Self::Mount(path) => {
                kept.mounts.entry(path.clone()).or_insert(state.hardening.mounts[path].options.join(","));
            }
            Self::Unit(name) => {
                let unit = state.system.units[name];
                let at_boot = if unit.enabled { "enabled" } else { "disabled" };
                let at_boot = if unit.masked { "masked" } else { at_boot };
                let now = if unit.active { "active" } else { "inactive" };
                kept.units.entry(name.clone()).or_insert((at_boot.to_owned(), now.to_owned()));
            }
            Self::Control(id) => drop(kept.controls.insert(id.clone())),
        }
    }
}

/// These things are recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OriginalsRecord(pub Vec<Original>);

impl Kind for OriginalsRecord {
    fn command(&self) -> Command {
        let lines: Vec<String> = self.0.iter().map(Original::line).collect();
        let script = format!(
            "mkdir -p -m 700 {ORIGINALS} && cd {ORIGINALS}\n{FUNCTIONS}{}\n\
             find files -exec sync {{}} +\nenv printf '%s' \"$new\" >>index\nsync index . ..",
            lines.join("\n")
        );
        Command::root(script).within(WITHIN)
    }

    #[cfg(test)]
    fn apply(&self, state: &mut crate::facts::state::HostState) {
        self.0.iter().for_each(|original| original.keep(state));
    }
}

/// That controls were set leaves the record, and folders go that only they needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OriginalsForget {
    /// Folders that came with us, those that lie in others first.
    pub folders: Vec<PathBuf>,
    /// Ids of controls.
    pub controls: Vec<String>,
}

impl Kind for OriginalsForget {
    fn command(&self) -> Command {
        let lines: Vec<String> = self.controls.iter().map(|id| format!("control {id}")).collect();
        Command::root(unused(&self.folders) + &forget(&lines))
    }

    #[cfg(test)]
    fn apply(&self, state: &mut crate::facts::state::HostState) {
        for id in &self.controls {
            assert!(state.hardening.originals.controls.remove(id), "{id} is not recorded");
        }
    }
}

/// The whole record goes, and folders that only it and controls needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OriginalsRemoval {
    /// Folders that came with us, those that lie in others first.
    pub folders: Vec<PathBuf>,
}

impl Kind for OriginalsRemoval {
    fn command(&self) -> Command {
        let folders = unused(&self.folders);
        Command::root(format!("{folders}rm -rf {ORIGINALS}; {}", clear_up()))
    }

    #[cfg(test)]
    fn apply(&self, state: &mut crate::facts::state::HostState) {
        state.hardening.originals = crate::facts::control::original::Originals::default();
    }
}

/// A script that removes folders that came with us, if nobody uses them by now.
fn unused(folders: &[PathBuf]) -> String {
    let quoted = folders.iter().map(|folder| quote_path(folder));
    quoted.map(|folder| format!("[ ! -d {folder} ] || rmdir --ignore-fail-on-non-empty {folder}\n")).collect()
}

/// A shell function that takes lines, given as one text, out of the record.
pub(super) fn forget_function() -> String {
    format!(
        "forget() {{ cd {ORIGINALS} && {{ grep -vxF -e \"$1\" index > index.new; [ $? -le 1 ]; }} && \
         sync index.new && mv -f index.new index && sync .; }}"
    )
}

/// A script that takes these lines out of the record.
pub(super) fn forget(lines: &[String]) -> String {
    format!("{}\nforget {}", forget_function(), quote(&lines.join("\n")))
}
