//! The units that outlive us: the timer that takes a change back, and the service by which it does, also at boot.

use std::time::Duration;

use crate::model::place::{GUARD, KEPT};

/// The units, wherever they were written or linked to.
pub const UNITS: &str = "/etc/systemd/system/pryvctl-guard.service /etc/systemd/system/pryvctl-guard.timer \
    /etc/systemd/system/sysinit.target.wants/pryvctl-guard.service";

/// The folders in which they are named.
pub const NAMED_IN: &str = "/etc/systemd/system /etc/systemd/system/sysinit.target.wants";

/// Nothing of the guard stays, also after a power cut. It does not matter to what was decided, which is on the disk before.
pub fn clean_up() -> String {
    format!(
        "systemctl stop pryvctl-guard.timer 2>/dev/null
rm -f {UNITS}
systemctl daemon-reload
cd /
rm -rf {GUARD}
sync {KEPT} {NAMED_IN} 2>/dev/null || :"
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
const SERVICE: &str = "[Unit]
Description=pryvctl: take back an unconfirmed change
DefaultDependencies=no
RequiresMountsFor=/var/lib/pryvctl/guard
After=local-fs.target nftables.service pryvctl-firewall.service
Before=ssh.service ssh.socket
ConditionPathExists=|/var/lib/pryvctl/guard/armed
ConditionPathExists=|/var/lib/pryvctl/guard/undoing
StartLimitIntervalSec=0
[Service]
Type=oneshot
TimeoutStartSec=60
ExecStart=/bin/sh /var/lib/pryvctl/guard/undo
[Install]
WantedBy=sysinit.target
";

/// Counted by a clock that nobody can set. systemd's default accuracy of a minute would make the window a minute longer.
fn timer(window: Duration) -> String {
    format!(
        "[Unit]
Description=pryvctl: confirm window
[Timer]
OnActiveSec={}s
AccuracySec=100ms
",
        window.as_secs()
    )
}
