//! What the guard says to the host: one script each to arm, to confirm and to take back, and the units that outlive us.

use std::time::Duration;

use crate::{
    model::{command::Command, place::GUARD},
    plan::step::{Step, Undo},
};

/// Confirms: the token is renamed, then the timer and everything that belonged to the guard goes. Ends with 3 when the
/// host was quicker.
pub fn confirm() -> Command {
    Command::root(format!(
        "mv {GUARD}/armed {GUARD}/confirmed 2>/dev/null || exit 3
systemctl stop pryvctl-guard.timer
systemctl disable -q pryvctl-guard.service
rm -rf {GUARD} /etc/systemd/system/pryvctl-guard.service /etc/systemd/system/pryvctl-guard.timer
systemctl daemon-reload"
    ))
}

/// The host takes the change back now and not at the end of the window.
pub fn undo_now() -> Command {
    Command::root("systemctl start pryvctl-guard.service")
}

/// Takes back what an earlier run left unconfirmed, as the host would do by itself when its timer ends.
pub fn settle() -> Command {
    Command::root(format!("[ ! -e {GUARD}/armed ] || systemctl start pryvctl-guard.service"))
}

/// Whether the host has taken the change back.
pub fn is_undone() -> Command {
    Command::root(format!("test ! -e {GUARD}/armed && test ! -e {GUARD}/undoing"))
}

/// One script that saves, writes the undo, and arms; it fails as a whole before anything is armed.
pub fn arm(steps: &[Step], window: Duration) -> Command {
    let saves: Vec<&str> =
        steps.iter().filter_map(|step| step.save.as_ref()).map(|save| save.script.as_str()).collect();
    let script = format!(
        "set -e; umask 077
rm -rf {GUARD}; mkdir -p {GUARD}; cd {GUARD}
{saves}
cat > undo; chmod 700 undo; : > armed
cat > /etc/systemd/system/pryvctl-guard.service <<'UNIT'
{service}UNIT
cat > /etc/systemd/system/pryvctl-guard.timer <<'UNIT'
{timer}UNIT
chmod 644 /etc/systemd/system/pryvctl-guard.service /etc/systemd/system/pryvctl-guard.timer
systemctl daemon-reload
systemctl enable -q pryvctl-guard.service
sync {GUARD}/* /etc/systemd/system/pryvctl-guard.service
systemctl start pryvctl-guard.timer
systemctl is-active -q pryvctl-guard.timer",
        saves = saves.iter().map(|save| format!("({save}\n)")).collect::<Vec<_>>().join("\n"),
        service = SERVICE,
        timer = timer(window),
    );
    Command::root(script).stdin(undo_script(steps))
}

/// The way back, in reverse order; each part runs even if another fails.
fn undo_script(steps: &[Step]) -> String {
    let mut script = format!(
        "#!/bin/sh
# At boot this runs before sshd starts: waiting for a job of sshd would be waiting for ourselves.
systemctl() {{ command systemctl --no-block \"$@\"; }}
cd {GUARD} || exit 1
mv armed undoing 2>/dev/null || exit 0
"
    );
    for step in steps.iter().rev() {
        match &step.undo {
            Undo::Run(command) => script.push_str(&format!("({}\n)\n", command.script)),
            Undo::Nothing(_) => {}
        }
    }
    script.push_str(
        "systemctl disable -q pryvctl-guard.service\n\
         systemctl stop pryvctl-guard.timer\n\
         rm -f /etc/systemd/system/pryvctl-guard.service /etc/systemd/system/pryvctl-guard.timer\n\
         systemctl daemon-reload\n\
         mv undoing undone\n",
    );
    script
}

/// At boot the undo runs before sshd listens and after the host's own firewall was loaded.
const SERVICE: &str = "[Unit]
Description=pryvctl: take back an unconfirmed change
DefaultDependencies=no
After=local-fs.target nftables.service pryvctl-firewall.service
Before=ssh.service
ConditionPathExists=/var/lib/pryvctl/guard/armed
[Service]
Type=oneshot
TimeoutStartSec=60
ExecStart=/var/lib/pryvctl/guard/undo
[Install]
WantedBy=sysinit.target
";

/// systemd's default accuracy of a minute would make the window a minute longer.
fn timer(window: Duration) -> String {
    format!(
        "[Unit]
Description=pryvctl: confirm window
[Timer]
OnActiveSec={}s
AccuracySec=100ms
[Install]
WantedBy=timers.target
",
        window.as_secs()
    )
}
