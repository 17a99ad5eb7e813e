//! The undo: what the host does by itself when nobody confirms.

use std::path::Path;

use super::{script, unit};
use crate::{
    model::{
        command::{filled, quote_path},
        place::GUARD,
        write::HALF,
    },
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
    let script = filled(
        include_str!("undo.sh"),
        [
            ("@GUARD@", GUARD),
            ("@END@", &END.to_string()),
            ("@STRAGGLER@", &STRAGGLER.to_string()),
            ("@UNITS@", unit::UNITS),
            ("@CLEAN_UP@", &unit::clean_up()),
            ("@STATE@\n", &script::state(steps)),
            ("@FLUSH@\n", &script::flush(steps)),
            ("@BACK@\n", &back(steps)),
        ],
    );
    script + "\n"
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
