//! The units that outlive us: the timer that takes a change back, and the service by which it does, also at boot.

use std::time::Duration;

use crate::model::{
    command::filled,
    place::{GUARD, KEPT},
};

/// The units, wherever they were written or linked to.
pub const UNITS: &str = "/etc/systemd/system/pryvctl-guard.service /etc/systemd/system/pryvctl-guard.timer \
    /etc/systemd/system/sysinit.target.wants/pryvctl-guard.service";

/// The folders in which they are named.
pub const NAMED_IN: &str = "/etc/systemd/system /etc/systemd/system/sysinit.target.wants";

/// Nothing of the guard stays, also after a power cut. It does not matter to what was decided, which is on the disk before.
pub fn clean_up() -> String {
    filled(
        include_str!("clean_up.sh"),
        [("@UNITS@", UNITS), ("@GUARD@", GUARD), ("@KEPT@", KEPT), ("@NAMED_IN@", NAMED_IN)],
    )
}

/// Shell lines that write them.
pub fn write(window: Duration) -> String {
    format!(
        "cat > /etc/systemd/system/pryvctl-guard.service <<'UNIT'
{SERVICE}UNIT
cat > /etc/systemd/system/pryvctl-guard.timer <<'UNIT'
{timer}UNIT
chmod 644 /etc/systemd/system/pryvctl-guard.service /etc/systemd/system/pryvctl-guard.timer",
        timer = timer(window)
    )
}

/// At boot the undo runs before sshd listens and after the host's own firewall was loaded. `/var` may be a file system
/// of its own, and one from which nothing can be executed.
const SERVICE: &str = include_str!("pryvctl-guard.service");

/// Counted by a clock that nobody can set. systemd's default accuracy of a minute would make the window a minute longer.
fn timer(window: Duration) -> String {
    filled(include_str!("pryvctl-guard.timer"), [("@SECONDS@", &window.as_secs().to_string())]) + "\n"
}
