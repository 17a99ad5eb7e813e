//! What the guard says to the host: one script each to arm, to change, to confirm and to take back.

use std::{collections::BTreeSet, path::Path, time::Duration};

use super::{undo, unit};
use crate::{
    model::{
        command::{Command, filled, quote_path, take_in},
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
    let clean_up = unit::clean_up();
    let places = [("@GUARD@", GUARD), ("@CLEAN_UP@", clean_up.as_str())];
    Command::root(format!("stuck={STUCK}\n{}", filled(include_str!("take_back.sh"), places)))
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
    let saves = saves.iter().map(|save| format!("({save}\n)")).collect::<Vec<_>>().join("\n");
    let script = filled(
        include_str!("arm.sh"),
        [
            ("@GUARD@", GUARD),
            ("@KEPT@", KEPT),
            ("@CLEAN_UP@", &unit::clean_up().replace('\n', "; ")),
            ("@NAMED_IN@", unit::NAMED_IN),
            ("@UNITS@", &unit::write(window)),
            ("@UNDO@", &take_in("undo", &undo)),
            ("@STATE@\n", &state(steps)),
            ("@SAVES@", &saves),
        ],
    );
    let script = format!("taken={TAKEN}\n{script}");
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
    files(steps).iter().map(|path| quote_path(path)).collect::<Vec<_>>().join(" ")
}

/// The shell function `state`: what is in the files that steps change, and whose they are.
pub(super) fn state(steps: &[Step]) -> String {
    filled(include_str!("state.sh"), [("@FILES@", &words(steps))]) + "\n"
}

/// The shell function `flush`: these files and their folders are on the disk, or it fails.
pub(super) fn flush(steps: &[Step]) -> String {
    filled(include_str!("flush.sh"), [("@FILES@", &words(steps))]) + "\n"
}
