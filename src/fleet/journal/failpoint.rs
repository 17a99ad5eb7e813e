//! A fail point for the tests that kill a run at every line of its journal. A release build has none.

use std::process::Command;

/// At which line, counted from 1 within a run.
const LINE: &str = "PRYVCTL_FAIL_AT";

/// What a shell does then, before the run goes on; `kill -9 $PPID` ends it.
const DO: &str = "PRYVCTL_FAIL_DO";

/// Called when a line was written and nothing of what it says is done yet.
pub fn reached(line: usize) {
    if !cfg!(debug_assertions) {
        return;
    }
    let wanted = std::env::var(LINE).ok().and_then(|text| text.parse().ok());
    if let (true, Ok(script)) = (wanted == Some(line), std::env::var(DO)) {
        // Whether it works is what the test finds out.
        Command::new("sh").args(["-c", &script]).status().map(drop).unwrap_or_default();
    }
}
