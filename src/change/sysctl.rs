//! Live parameters of the kernel.

use super::Kind;
use crate::model::command::{Command, quote};

/// Parameters by their names, as `net.ipv4.ip_forward`, with the values that they get.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sysctls(pub Vec<(String, String)>);

impl Kind for Sysctls {
    /// All are tried, and one that is refused is named. An interface may have gone since.
    fn command(&self) -> Command {
        let set = |(key, value): &(String, String)| {
            let path = path(key);
            let refused = quote(&format!("{key} does not take {value}"));
            format!(
                "echo {} > {path} || [ ! -e {path} ] || {{ echo {refused} >&2; failed=1; }}\n",
                quote(value)
            )
        };
        Command::root(format!("failed=0\n{}exit $failed", self.0.iter().map(set).collect::<String>()))
    }

    #[cfg(test)]
    fn apply(&self, state: &mut crate::facts::state::HostState) {
        for (key, value) in &self.0 {
            let old = state.hardening.sysctl.insert(key.clone(), value.clone());
            assert!(old.is_some(), "the kernel does not have {key}");
        }
    }
}

/// Where a parameter is, as a word of the shell.
pub fn path(key: &str) -> String {
    quote(&format!("/proc/sys/{}", relative(key)))
}

/// The same below `/proc/sys`. A name with `/` between its parts may have a `.` in one of them, as in an interface's name.
pub fn relative(key: &str) -> String {
    if key.contains('/') { key.to_owned() } else { key.replace('.', "/") }
}
