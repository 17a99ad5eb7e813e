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
    fn apply(&self, _: &mut crate::facts::state::HostState) {
        unreachable!("{NOT_IN_MEMORY}");
    }
}

/// Live parameters of the kernel get the values back that they had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptSysctls;

impl KeptSysctls {
    /// Keeps the values of these parameters.
    pub fn save<'a>(keys: impl Iterator<Item = &'a str>) -> Command {
        let save = keys
            .map(|key| format!("printf '%s %s\\n' {0} \"$(cat {0})\" >> {GUARD}/sysctl", sysctl::path(key)));
        Command::root(format!(": > {GUARD}/sysctl\n{}", save.collect::<Vec<_>>().join("\n")))
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
    fn apply(&self, _: &mut crate::facts::state::HostState) {
        unreachable!("{NOT_IN_MEMORY}");
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
}

impl Kind for KeptTable {
    fn command(&self) -> Command {
        Command::root(format!("{NFT} -f {KEPT_TABLE}"))
    }

    #[cfg(test)]
    fn apply(&self, _: &mut crate::facts::state::HostState) {
        unreachable!("{NOT_IN_MEMORY}");
    }
}

#[cfg(test)]
const NOT_IN_MEMORY: &str = "a host in memory keeps nothing for the guard";
