//! What the guard says to the host: one script each to arm, to change, to confirm and to take back.

use std::{collections::BTreeSet, path::Path, time::Duration};

use super::{undo, unit};
use crate::{
    model::{
        command::{Command, quote_path, take_in},
        place::{GUARD, KEPT},
    },
    plan::step::Step,
};

/// `confirm` ends with this when the host was quicker.
pub const LATE: u32 = 3;

/// `take_back` and `is_undone` end with this when a part of the way back failed.
pub const STUCK: u32 = 4;

/// `arm` ends with this when a change of somebody else waits for its confirmation.
pub const TAKEN: u32 = 5;

/// `confirm` ends with this when the disk does not take what was changed.
pub const UNSAVED: u32 = 6;

/// A guarded change, only while the timer can still take it back: a connection that hangs and comes back delivers what
/// was sent into it long ago. All that belongs to a change holds the lock, by which the undo finds and ends it: an undo
/// that runs beside a change would not have the last word.
pub fn while_armed(change: &Command) -> Command {
    let script = format!(
        "[ -e {GUARD}/armed ] && exec 9<{GUARD}/busy && flock -s 9 && [ -e {GUARD}/armed ] || \
         {{ echo 'too late: the host has taken the changes back' >&2; exit 1; }}\n{}",
        change.script
    );
    Command { script, ..change.clone() }
}

/// Confirms: what was changed is on the disk before the token is renamed, and the token before we go on; then the timer
/// and everything that belonged to the guard goes.
pub fn confirm(steps: &[Step]) -> Command {
    Command::root(format!(
        "{flush}flush || exit {UNSAVED}
mv {GUARD}/armed {GUARD}/confirmed 2>/dev/null || exit {LATE}
sync {GUARD}
{clean_up}",
        flush = flush(steps),
        clean_up = unit::clean_up()
    ))
}

/// The host takes back what is unconfirmed now and not at the end of the window. Its undo says whether all went well. What a
/// power cut left of a guard that was done with goes.
pub fn take_back() -> Command {
    Command::root(format!(
        "if [ -e {GUARD}/armed ] || [ -e {GUARD}/undoing ]; then
systemctl start pryvctl-guard.service || sh {GUARD}/undo
elif [ -e {GUARD}/confirmed ] || [ -e {GUARD}/undone ]; then
{clean_up}
fi
[ ! -e {GUARD}/failed ] || {{ journalctl -q -n 8 -o cat -u pryvctl-guard >&2; exit {STUCK}; }}",
        clean_up = unit::clean_up()
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
/// is left armed. The token comes last but the timer, when everything it stands for is on the disk. Where somebody else's
/// change is not confirmed yet, its way back is left alone.
pub fn arm(steps: &[Step], window: Duration) -> Command {
    let undo = undo::script(steps);
    let saves: Vec<&str> =
        steps.iter().filter_map(|step| step.save.as_ref()).map(|save| save.script.as_str()).collect();
    let script = format!(
        "set -e; umask 077
mkdir -p /run/pryvctl; exec 6>/run/pryvctl/arming; flock 6
if [ -e {GUARD}/armed ] || [ -e {GUARD}/undoing ]; then exit {TAKEN}; fi
trap 'code=$?; [ $code = 0 ] || {{ set +e; rm -f {GUARD}/armed; {clean_up}; }}; exit $code' EXIT
trap 'exit 1' HUP INT PIPE TERM
rm -rf {GUARD}; mkdir -p {GUARD}; cd {GUARD}
{saves}
{state}state > before
if /usr/sbin/sshd -t 2>/dev/null; then : > well; fi
{undo}; sh -n undo; : > busy
{units}
systemctl daemon-reload
systemctl enable -q pryvctl-guard.service
: > armed
sync {KEPT} {GUARD} {GUARD}/* /etc/systemd/system/pryvctl-guard.service /etc/systemd/system/pryvctl-guard.timer {named_in}
systemctl start pryvctl-guard.timer
systemctl is-active -q pryvctl-guard.timer",
        clean_up = unit::clean_up().replace('\n', "; "),
        saves = saves.iter().map(|save| format!("({save}\n)")).collect::<Vec<_>>().join("\n"),
        state = state(steps),
        undo = take_in("undo", &undo),
        units = unit::write(window),
        named_in = unit::NAMED_IN,
    );
    Command::root(script).stdin(undo)
}

/// The files that steps change.
fn files(steps: &[Step]) -> BTreeSet<&Path> {
    steps
        .iter()
        .flat_map(|step| step.files.iter().map(|path| path.as_path()).chain(step.change.file()))
        .collect()
}

fn words(steps: &[Step]) -> String {
    files(steps).iter().map(|path| format!(" {}", quote_path(path))).collect()
}

/// The shell function `state`: what is in the files that steps change, and whose they are.
pub(super) fn state(steps: &[Step]) -> String {
    format!(
        "state() {{ for file in{}; do if [ -e \"$file\" ]; then sha256sum < \"$file\"; stat -L -c '%a %u:%g' \"$file\"; \
         else echo none; fi; done; }}\n",
        words(steps)
    )
}

/// The shell function `flush`: these files and their folders are on the disk, or it fails.
pub(super) fn flush(steps: &[Step]) -> String {
    format!(
        "flush() {{ for file in{}; do if [ -e \"$file\" ]; then sync \"$file\" || return 1; fi; \
         if [ -d \"${{file%/*}}\" ]; then sync \"${{file%/*}}/\" || return 1; fi; done; }}\n",
        words(steps)
    )
}
