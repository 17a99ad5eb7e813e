//! What the guard says to the host: one script each to arm, to change, to confirm and to take back, and the units that
//! outlive us.

use std::time::Duration;

use crate::{
    model::{
        command::{Command, quote, take_in},
        place::GUARD,
    },
    plan::step::{Action, Step, Undo},
};

/// `confirm` ends with this when the host was quicker.
pub const LATE: u32 = 3;

/// `take_back` and `is_undone` end with this when a part of the way back failed.
pub const STUCK: u32 = 4;

/// The units, wherever they were written or linked to.
const UNITS: &str = "/etc/systemd/system/pryvctl-guard.service /etc/systemd/system/pryvctl-guard.timer \
    /etc/systemd/system/sysinit.target.wants/pryvctl-guard.service";

/// A guarded change, only while the timer can still take it back: a connection that hangs and comes back delivers what
/// was sent into it long ago. The undo waits for the lock, so that it never runs beside a change; what a change
/// leaves running does not hold it.
pub fn while_armed(change: &Command) -> Command {
    let script = format!(
        "[ -e {GUARD}/armed ] && exec 9<{GUARD}/busy && flock 9 && [ -e {GUARD}/armed ] || \
         {{ echo 'too late: the host has taken the changes back' >&2; exit 1; }}\n(\n{}\n) 9<&-\nexit $?",
        change.script
    );
    Command { script, ..change.clone() }
}

/// Confirms: the token is renamed, then the timer and everything that belonged to the guard goes.
pub fn confirm() -> Command {
    Command::root(format!("mv {GUARD}/armed {GUARD}/confirmed 2>/dev/null || exit {LATE}\n{}", clean_up()))
}

/// The host takes back what is unconfirmed now and not at the end of the window. Its undo says whether all went well.
pub fn take_back() -> Command {
    Command::root(format!(
        "if [ -e {GUARD}/armed ] || [ -e {GUARD}/undoing ]; then
systemctl start pryvctl-guard.service || sh {GUARD}/undo
fi
[ ! -e {GUARD}/failed ] || {{ journalctl -q -n 8 -o cat -u pryvctl-guard >&2; exit {STUCK}; }}"
    ))
}

/// Whether the host has taken the change back; also one that was restarted meanwhile, and knows nothing of our lock.
pub fn is_undone() -> Command {
    let question = format!(
        "[ ! -e {GUARD}/failed ] || exit {STUCK}; [ ! -e {GUARD}/armed ] && [ ! -e {GUARD}/undoing ]"
    );
    Command::root(question).without_lock()
}

/// One script that saves, writes the undo, and arms. If it fails anywhere, or the connection breaks under it, nothing
/// is left armed. The token comes last but the timer, when everything it stands for is on the disk.
pub fn arm(steps: &[Step], window: Duration) -> Command {
    let undo = undo_script(steps);
    let saves: Vec<&str> =
        steps.iter().filter_map(|step| step.save.as_ref()).map(|save| save.script.as_str()).collect();
    let script = format!(
        "set -e; umask 077
trap 'code=$?; [ $code = 0 ] || {{ set +e; rm -f {GUARD}/armed; {clean_up}; }}; exit $code' EXIT
trap 'exit 1' HUP INT PIPE TERM
rm -rf {GUARD}; mkdir -p {GUARD}; cd {GUARD}
{saves}
{undo}; sh -n undo; : > busy
cat > /etc/systemd/system/pryvctl-guard.service <<'UNIT'
{service}UNIT
cat > /etc/systemd/system/pryvctl-guard.timer <<'UNIT'
{timer}UNIT
chmod 644 /etc/systemd/system/pryvctl-guard.service /etc/systemd/system/pryvctl-guard.timer
systemctl daemon-reload
systemctl enable -q pryvctl-guard.service
: > armed
sync {GUARD} {GUARD}/* /etc/systemd/system {UNITS}
systemctl start pryvctl-guard.timer
systemctl is-active -q pryvctl-guard.timer",
        clean_up = clean_up().replace('\n', "; "),
        saves = saves.iter().map(|save| format!("({save}\n)")).collect::<Vec<_>>().join("\n"),
        undo = take_in("undo", &undo),
        service = SERVICE,
        timer = timer(window),
    );
    Command::root(script).stdin(undo)
}

/// Nothing of the guard stays.
fn clean_up() -> String {
    format!(
        "systemctl stop pryvctl-guard.timer 2>/dev/null
rm -f {UNITS}
systemctl daemon-reload
cd /
rm -rf {GUARD}"
    )
}

/// A host that went down while a file was written has half of it beside its place.
fn half_written(step: &Step) -> String {
    match &step.action {
        Action::Write(file) => {
            format!("rm -f {}.pryvctl-new\n", quote(&file.path.display().to_string()))
        }
        Action::Run(_)
        | Action::Pull { .. }
        | Action::CreateNetwork(_)
        | Action::CreateVolume(_)
        | Action::Start(_)
        | Action::AwaitHealthy { .. }
        | Action::Watch { .. }
        | Action::AwaitProbe { .. }
        | Action::Stop { .. }
        | Action::RemoveContainer { .. } => String::new(),
    }
}

/// The way back, in reverse order; each part runs even if another fails, and again after a reboot in its middle. What
/// failed is kept for the administrator, but never tried again: by then the host may be another one.
fn undo_script(steps: &[Step]) -> String {
    let parts = steps.iter().rev().filter_map(|step| match &step.undo {
        Undo::Run(command) => Some(format!(
            "(\n{}\n) || {{ echo '{} failed' >&2; failed=1; }}\n{}",
            command.script,
            step.id,
            half_written(step)
        )),
        Undo::Nothing(_) => None,
    });
    format!(
        "# At boot this runs before sshd starts: waiting for a job of sshd would be waiting for ourselves.
systemctl() {{ command systemctl --no-block \"$@\" || :; }}
cd {GUARD} || exit 1
# A change that is being made right now ends first, or it is late. On a disk that went read-only no token can be renamed.
exec 9<busy
flock -w 5 9
mv armed undoing 2>/dev/null || [ -e armed ] || [ -e undoing ] || exit 0
# What `sshd -t` asks for before sshd has ever run.
mkdir -p -m 755 /run/sshd
failed=0
{parts}if [ $failed = 1 ]; then
mv undoing failed
systemctl stop pryvctl-guard.timer
rm -f {UNITS}
systemctl daemon-reload
exit 1
fi
mv undoing undone
{clean_up}
",
        parts = parts.collect::<String>(),
        clean_up = clean_up(),
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
