//! The undo: what the host does by itself when nobody confirms.

use std::path::Path;

use super::{script, unit};
use crate::{
    model::{command::quote_path, place::GUARD, write::HALF},
    plan::step::Step,
};

/// How long a change that is ended may take to end, and a disk that hangs to let it. Seconds.
const END: u32 = 5;
const STRAGGLER: u32 = 20;

/// The way back. A change that is being made is ended first, or it would have the last word: whoever makes it holds the
/// lock. One that the kernel cannot end yet must not keep the old access away, so all is taken back, and once more when it
/// has ended. What was taken back is on the disk and is what was there before, or the undo has failed. What failed is kept
/// for the administrator, but never tried again: by then the host may be another one.
pub(super) fn script(steps: &[Step]) -> String {
    format!(
        "# At boot this runs before sshd starts: waiting for a job of sshd would be waiting for ourselves.
systemctl() {{ command systemctl --no-block \"$@\" || :; }}
cd {GUARD} || exit 1
# From here on nothing is changed or confirmed any more. On a disk that went read-only no token can be renamed.
mv armed undoing 2>/dev/null || [ -e armed ] || [ -e undoing ] || exit 0
changing() {{ for fd in /proc/[0-9]*/fd/9; do if [ \"$fd\" -ef busy ]; then fd=${{fd#/proc/}}; echo \"${{fd%%/*}}\"; fi; done; }}
ends() {{ kill \"-$1\" $(changing) 2>/dev/null; flock -w {END} 7; }}
{state}{flush}{back}exec 7<busy
flock -n 7 || ends TERM || ends KILL || ends KILL
ended=$?
# It asks for this folder, which systemd takes away for a moment where it starts sshd anew.
lets_in() {{ for turn in 1 2 3 4 5; do mkdir -p -m 755 /run/sshd; /usr/sbin/sshd -t && return; sleep 1; done; return 1; }}
# What a way back asks for that looks at the configuration before sshd has ever run.
mkdir -p -m 755 /run/sshd
back
if [ $ended != 0 ]; then
if flock -w {STRAGGLER} 7; then back; else echo 'a change is still being made' >&2; failed=1; fi
fi
flush || failed=1
state | cmp -s - before || {{ echo 'the files are not what they were' >&2; failed=1; }}
[ ! -e well ] || lets_in || failed=1
if [ $failed = 1 ]; then
mv undoing failed
systemctl stop pryvctl-guard.timer
rm -f {units}
systemctl daemon-reload
exit 1
fi
mv undoing undone
{clean_up}
",
        state = script::state(steps),
        flush = script::flush(steps),
        back = back(steps),
        units = unit::UNITS,
        clean_up = unit::clean_up(),
    )
}

/// The shell function `back`: the ways back of the steps, the last first; each runs even if another fails, and again after
/// a reboot in its middle.
fn back(steps: &[Step]) -> String {
    let parts = steps.iter().rev().filter_map(|step| {
        let script = step.undo.command()?.script;
        let half = half_written(step);
        Some(format!("(\n{script}\n) || {{ echo '{} failed' >&2; failed=1; }}\n{half}", step.id))
    });
    format!("back() {{\nfailed=0\n{}}}\n", parts.collect::<String>())
}

/// A host that went down while a file was written has half of it beside its place.
fn half_written(step: &Step) -> String {
    let folder = step.change.file().and_then(Path::parent);
    folder.map(|folder| format!("rm -f {}/{HALF}*\n", quote_path(folder))).unwrap_or_default()
}
