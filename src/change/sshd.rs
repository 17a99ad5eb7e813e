//! sshd takes up its files.

use super::Kind;
use crate::model::command::Command;

/// Returns when sshd listens anew: until then the old one takes logins, and a login that it took proves nothing. Where
/// systemd holds the socket and no sshd runs, the next connection finds the new configuration anyway.
pub const RELOAD: &str = include_str!("sshd/reload.sh").trim_ascii_end();

/// The same on the way back, without waiting: the guard's unit stands before sshd's, so that systemd reloads sshd when the
/// whole way back is done, and what else has to be brought back must not be late.
pub const RELOAD_BACK: &str = include_str!("sshd/reload_back.sh").trim_ascii_end();

/// sshd reads its configuration again; open sessions stay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SshdReload;

impl Kind for SshdReload {
    fn command(&self) -> Command {
        Command::root(RELOAD)
    }

    /// What its files say counts already.
    #[cfg(test)]
    fn apply(&self, _: &mut crate::facts::state::HostState) {}
}
