//! The one document a command prints for programs, as JSON or YAML. The same shape for every command:
//!
//! ```text
//! { version,                         of this shape: 1
//!   command, exit, code,             what ran; how it ended, as a word and as the exit code
//!   message, hint,                   why it ended before any host was asked, and the way out
//!   problems: [{ severity, rule, message, hint, file, line, column }],        of the inventory
//!   hosts:    [{ host, outcome, trouble: { message, hint, details }, milliseconds,
//!                findings: [{ check, verdict, found, needed, remedy }],       of preflight
//!                controls: [{ id, title, level, ref, breaks, verdict, reason,
//!                             parts: [{ place, found, wanted, fits }] }],     of harden --report
//!                scores:   [{ level, pass, fail, skipped, not_applicable }],
//!                plan:     [{ id, why, guarded }],                            what is to be done
//!                lost:     [{ name, service, slot, image }],                  what `rollback` would bring back and is gone
//!                facts }],                                                    what was seen, as the schema says
//!   early,                           why an upgrade ended before all hosts had their turn
//!   journal:  [{ number, time, run, who, command, host, what, details }],     of `audit`
//!   faults:   [...],                 what is wrong with the journal
//!   labs:     [{ name, hosts: [{ host, v4, v6, state }] }] }                  of the lab commands
//! ```
//!
//! Keys without a value are left out. New keys may come at any time; `version` changes when a key goes or means something else.
//! [document.schema.json](document.schema.json) is the JSON Schema of it; `pryvctl schema document` prints the same.
//!
//! `logs` has no end, so it prints an object a line, `{ host, service, time, text }`; as YAML these are the elements of a list.
//! In the schema it is `#/$defs/LogDocument`. A line of `watch` is `{ time, host, state, words }`, and so is an element of
//! `history`: `#/$defs/EventDocument`. What the page of `watch` answers below `/api/v1` is among the definitions, too:
//! `PlatformDocument`, `WatchedHostDocument`, `CurvesDocument`, `EventsDocument`, `RunsDocument`, `ControlsDocument`.

mod control;
mod event;
mod facts;
mod host;
mod journal;
mod log;
mod watch;

use schemars::{JsonSchema, generate::SchemaSettings};
use serde::Serialize;
use serde_json::Value;

pub use self::{
    control::{ControlDocument, ScoreDocument},
    event::EventDocument,
    facts::FactsDocument,
    host::HostDocument,
    journal::LineDocument,
    log::LogDocument,
    watch::{
        ControlsDocument, CurveDocument, CurvesDocument, EventsDocument, FiguresDocument, MeasureDocument,
        PlatformControlDocument, PlatformDocument, RunDocument, RunHostDocument, RunsDocument, SignDocument,
        WatchedDocument, WatchedHostDocument, ZoneDocument,
    },
};
use super::exit::Exit;
use crate::{fleet::outcome::Report, lab::HostStatus};

/// The version of the shape.
pub const VERSION: u32 = 1;

/// What a command says to programs.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Document {
    /// The version of this shape. It changes when a key goes or means something else.
    version: u32,
    /// The command that ran.
    command: String,
    /// How it ended.
    exit: Exit,
    /// The same as the exit code of the process.
    code: u8,
    /// Why it ended before any host was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    /// What to do about that.
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
    /// What is wrong with the inventory.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    problems: Vec<ProblemDocument>,
    /// Every host of the run.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    hosts: Vec<HostDocument>,
    /// Why an upgrade ended before all hosts had their turn.
    #[serde(skip_serializing_if = "Option::is_none")]
    early: Option<String>,
    /// The lines of a journal.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    journal: Vec<LineDocument>,
    /// What is wrong with the journal.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    faults: Vec<String>,
    /// Labs on this machine.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    labs: Vec<LabDocument>,
}

/// Something wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ProblemDocument {
    /// How bad it is.
    pub severity: SeverityWord,
    /// The rule that is broken.
    pub rule: String,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// The file.
    pub file: String,
    /// The line in it, from 1.
    pub line: Option<usize>,
    /// The column in characters, from 1.
    pub column: Option<usize>,
}

/// How bad a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SeverityWord {
    /// It works, and is worth a thought.
    Warning,
    /// Nothing is done until it is put right.
    Error,
}

/// One lab.
#[derive(Debug, Clone, Serialize, JsonSchema)]
struct LabDocument {
    /// Its name.
    name: String,
    /// Its hosts.
    hosts: Vec<LabHostDocument>,
}

/// One host of a lab.
#[derive(Debug, Clone, Serialize, JsonSchema)]
struct LabHostDocument {
    /// Its name.
    host: String,
    /// Its IPv4 address.
    v4: String,
    /// Its IPv6 address.
    v6: String,
    /// Docker's word for the state of its container; nothing if there is no container.
    state: Option<String>,
}

/// The schema of the document, JSON Schema 2020-12. The published one is `docs/src/reference/document.schema.json`.
pub fn schema() -> Value {
    let mut generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
    // `logs` and `watch` print no document; what they print, and what the page answers, has its place among the definitions.
    generator.subschema_for::<LogDocument>();
    generator.subschema_for::<EventDocument>();
    generator.subschema_for::<PlatformDocument>();
    generator.subschema_for::<WatchedHostDocument>();
    generator.subschema_for::<CurvesDocument>();
    generator.subschema_for::<EventsDocument>();
    generator.subschema_for::<RunsDocument>();
    generator.subschema_for::<ControlsDocument>();
    let mut value = generator.into_root_schema_for::<Document>().to_value();
    value["title"] = "pryvctl document".into();
    value["properties"]["version"]["const"] = VERSION.into();
    value
}

impl Document {
    /// A command and how it ended.
    pub fn new(command: &str, exit: Exit) -> Self {
        Self {
            version: VERSION,
            command: command.to_owned(),
            exit,
            code: exit as u8,
            message: None,
            hint: None,
            problems: Vec::new(),
            hosts: Vec::new(),
            early: None,
            journal: Vec::new(),
            faults: Vec::new(),
            labs: Vec::new(),
        }
    }

    /// A command that ended before it could do its work.
    pub fn halted(exit: Exit, message: &str, hint: Option<String>, problems: Vec<ProblemDocument>) -> Self {
        Self { message: Some(message.to_owned()), hint, problems, ..Self::new("pryvctl", exit) }
    }

    /// With what was done on hosts.
    #[must_use]
    pub fn hosts(self, reports: &[Report]) -> Self {
        Self { hosts: reports.iter().map(HostDocument::of).collect(), ..self }
    }

    /// With the reason why it ended early.
    #[must_use]
    pub fn early(self, early: Option<String>) -> Self {
        Self { early, ..self }
    }

    /// With a journal and what is wrong with it.
    #[must_use]
    pub fn journal(self, journal: Vec<LineDocument>, faults: Vec<String>) -> Self {
        Self { journal, faults, ..self }
    }

    /// With what controls found on hosts.
    #[must_use]
    pub fn hosts_with_controls(self, reports: &[Report]) -> Self {
        Self { hosts: reports.iter().map(HostDocument::with_controls).collect(), ..self }
    }

    /// With a lab.
    #[must_use]
    pub fn lab(mut self, name: &str, hosts: &[HostStatus]) -> Self {
        let host = |host: &HostStatus| LabHostDocument {
            host: host.host.to_string(),
            v4: host.addresses.v4.to_string(),
            v6: host.addresses.v6.to_string(),
            state: host.state.clone(),
        };
        self.labs.push(LabDocument { name: name.to_owned(), hosts: hosts.iter().map(host).collect() });
        self
    }
}
