//! The kernel's audit rules.

use super::Kind;
use crate::model::command::{Command, quote};

/// The rules of all files of `/etc/audit/rules.d` are loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditLoad;

impl Kind for AuditLoad {
    /// Rules of others that cannot be loaded make augenrules end with 1; it counts whether the kernel can be spoken to.
    fn command(&self) -> Command {
        Command::root("augenrules --load >/dev/null 2>&1 || auditctl -s >/dev/null")
    }

    #[cfg(test)]
    fn apply(&self, state: &mut crate::facts::state::HostState) {
        use crate::{facts::control::audit::Loaded, model::place};
        let file = state.file(std::path::Path::new(place::AUDIT_RULES));
        let text = file.and_then(|file| file.text.clone()).unwrap_or_default();
        let keys = text.lines().filter_map(|line| line.rsplit_once(" -k ").map(|(_, key)| key.to_owned()));
        state.hardening.audit = Some(Loaded { keys: keys.collect(), ..Loaded::default() });
    }
}

/// Rules with these keys leave the kernel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditDrop(pub Vec<String>);

impl Kind for AuditDrop {
    fn command(&self) -> Command {
        let drop = |key: &String| format!("auditctl -D -k {} >/dev/null\n", quote(key));
        Command::root(self.0.iter().map(drop).collect::<String>())
    }

    #[cfg(test)]
    fn apply(&self, state: &mut crate::facts::state::HostState) {
        let loaded = state.hardening.audit.as_mut().expect("there is no audit");
        loaded.keys.retain(|key| !self.0.contains(key));
    }
}
