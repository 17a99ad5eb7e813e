//! What was kept when the guard was armed comes back. Only the host knows what that is.

use std::path::{Path, PathBuf};

use super::{Kind, sshd::RELOAD_BACK, sysctl};
use crate::model::{
    command::{Command, quote_path},
    place::{GUARD, KEPT_TABLE, NFT},
    write::{self, Access, Seen},
};

/// Files come back as they were, whatever is in them by then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptFiles {
    /// Where.
    pub paths: Vec<PathBuf>,
    /// Whether sshd reads them.
    pub of_sshd: bool,
}

impl KeptFiles {
    /// Keeps them as they are now.
    pub fn save(&self) -> Command {
        let save = self.paths.iter().map(|path| {
            let (path, kept) = (quote_path(path), quote_path(&kept(path)));
            format!("if [ -e {path} ]; then cp -p {path} {kept}; fi")
        });
        Command::root(save.collect::<Vec<_>>().join("\n"))
    }

    /// The same on a host in memory.
    #[cfg(test)]
    pub(super) fn keep(&self, state: &mut crate::facts::state::HostState) {
        for path in &self.paths {
            state.guard.files.insert(path.clone(), state.system.files.get(path).cloned());
        }
        if self.of_sshd {
            state.guard.sshd = Some(state.ssh.sshd.clone());
        }
    }
}

/// Where a file is kept.
fn kept(path: &Path) -> PathBuf {
    PathBuf::from(format!("{GUARD}/file{}", path.display().to_string().replace('/', "%")))
}

impl Kind for KeptFiles {
    /// Each is brought back, whatever became of the others.
    fn command(&self) -> Command {
        let back = self.paths.iter().map(|path| {
            let kept = kept(path);
            let (back, gone) =
                (write::copy(&kept, path, &Seen::Any, Access::Kept), write::remove(path, &Seen::Any));
            format!("if [ -e {} ]; then {back}; else {gone}; fi || left=1\n", quote_path(&kept))
        });
        let script = write::script(format!("left=0\n{}[ $left = 0 ]", back.collect::<String>()));
        Command::root(if self.of_sshd {
            format!("{script} && back=0 || back=1\n{RELOAD_BACK} && [ $back = 0 ]")
        } else {
            script
        })
    }

    #[cfg(test)]
    fn apply(&self, state: &mut crate::facts::state::HostState) {
        for path in &self.paths {
            match state.guard.files.get(path).cloned().expect("the guard is armed") {
                Some(kept) => {
                    kept.iter().for_each(|kept| super::mode::matched(path, kept.mode, state));
                    state.system.files.insert(path.clone(), kept);
                }
                None => drop(state.system.files.remove(path)),
            }
        }
        if self.of_sshd {
            state.ssh.sshd = state.guard.sshd.clone().expect("the guard is armed");
        }
    }
}

/// Live parameters of the kernel, by name, get the values back that they had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptSysctls(pub Vec<String>);

impl KeptSysctls {
    /// Keeps the values of these parameters.
    pub fn save(&self) -> Command {
        let save = self
            .0
            .iter()
            .map(|key| format!("printf '%s %s\\n' {0} \"$(cat {0})\" >> {GUARD}/sysctl", sysctl::path(key)));
        Command::root(format!(": > {GUARD}/sysctl\n{}", save.collect::<Vec<_>>().join("\n")))
    }

    /// The same on a host in memory.
    #[cfg(test)]
    pub(super) fn keep(&self, state: &mut crate::facts::state::HostState) {
        let kept = self.0.iter().map(|key| (key.clone(), state.hardening.sysctl[key].clone()));
        state.guard.sysctl.extend(kept);
    }
}

impl Kind for KeptSysctls {
    fn command(&self) -> Command {
        Command::root(format!(
            "left=0\nwhile read -r path value; do echo \"$value\" > \"$path\" || [ ! -e \"$path\" ] || left=1; done < {GUARD}/sysctl
[ $left = 0 ]"
        ))
    }

    #[cfg(test)]
    fn apply(&self, state: &mut crate::facts::state::HostState) {
        for key in &self.0 {
            let kept = state.guard.sysctl.get(key).cloned().expect("the guard is armed");
            state.hardening.sysctl.insert(key.clone(), kept);
        }
    }
}

/// A table of the packet filter comes back, or goes if there was none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptTable(pub &'static str);

impl KeptTable {
    /// Keeps the table, or that there is none, as a document that brings it back whatever stands there by then. The kernel
    /// is asked at once whether it would take it.
    pub fn save(&self) -> Command {
        let (table, kept) = (self.0, KEPT_TABLE);
        Command::root(format!(
            "{{ echo 'table inet {table}'; echo 'delete table inet {table}'; \
             if {NFT} list table inet {table} >/dev/null 2>&1; then {NFT} -s list table inet {table}; fi; }} > {kept} \
             && {NFT} -c -f {kept}"
        ))
    }

    /// The same on a host in memory.
    #[cfg(test)]
    pub(super) fn keep(&self, state: &mut crate::facts::state::HostState) {
        state.guard.tables.insert(self.0, state.net.tables.get(self.0).cloned());
    }
}

impl Kind for KeptTable {
    fn command(&self) -> Command {
        Command::root(format!("{NFT} -f {KEPT_TABLE}"))
    }

    #[cfg(test)]
    fn apply(&self, state: &mut crate::facts::state::HostState) {
        match state.guard.tables.get(self.0).cloned().expect("the guard is armed") {
            Some(kept) => drop(state.net.tables.insert(self.0.to_owned(), kept)),
            None => drop(state.net.tables.remove(self.0)),
        }
    }
}
