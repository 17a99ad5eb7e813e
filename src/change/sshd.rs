//! sshd takes up its files.

use super::Kind;
use crate::model::command::Command;

/// Returns when sshd listens anew: until then the old one takes logins, and a login that it took proves nothing. Where
/// systemd holds the socket and no sshd runs, the next connection finds the new configuration anyway.
pub const RELOAD: &str = r#"mkdir -p -m 755 /run/sshd && /usr/sbin/sshd -t && {
pid=$(systemctl show -p MainPID --value ssh)
sockets() { readlink /proc/"$pid"/fd/* | sed -n 's/^socket:.\([0-9]*\).$/\1/p' | sort; }
# Of its sockets those that listen (state 0A); while it starts anew it has none.
listening() { cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | awk '$4 == "0A" {print $10}' | grep -xF "$(sockets)"; }
[ "${pid:-0}" = 0 ] || {
before=$(listening)
systemctl reload ssh && for turn in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
now=$(listening) && [ "$now" != "$before" ] && break
sleep 0.2
done
}
}"#;

/// The same on the way back, without waiting: the guard's unit stands before sshd's, so that systemd reloads sshd when the
/// whole way back is done, and what else has to be brought back must not be late.
pub const RELOAD_BACK: &str = r#"mkdir -p -m 755 /run/sshd && /usr/sbin/sshd -t && {
[ "$(systemctl show -p MainPID --value ssh)" = 0 ] || systemctl reload ssh
}"#;

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
