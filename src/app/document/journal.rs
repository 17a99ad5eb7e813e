//! The journal, for programs.

use schemars::JsonSchema;
use serde::Serialize;

use crate::fleet::journal::audit::JournalLine;

/// One line of a journal.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct LineDocument {
    /// Its place in the file, from 1.
    number: usize,
    /// When, RFC 3339.
    time: String,
    /// Which run.
    run: String,
    /// Who ran it.
    who: String,
    /// Which command.
    command: String,
    /// On which host; empty: the run as a whole.
    host: String,
    /// What happened.
    what: String,
    /// Its other values.
    details: String,
}

impl LineDocument {
    /// The same without what only the audit itself needs.
    pub fn of(line: &JournalLine) -> Self {
        let JournalLine { number, time, run, who, command, host, what, details, hash: _, anchor: _ } =
            line.clone();
        Self { number, time, run, who, command, host, what, details }
    }
}
