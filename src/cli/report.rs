//! The only place that prints. Results go to stdout, everything about the way there to stderr.

use std::{
    fmt::Display,
    io::{self, IsTerminal as _, Write},
};

use serde::Serialize;

use super::{args::Format, exit::Exit, problem::Look};
use crate::{
    fleet::outcome::{Outcome, Report, Trouble},
    plan::finding::Finding,
};

/// Why a command ended before it could do its work.
#[derive(Debug)]
pub struct Halt {
    /// The exit code.
    pub exit: Exit,
    /// What went wrong; may have several lines.
    pub message: String,
    /// The way out.
    pub hint: Option<String>,
    /// The problems of an inventory, for programs.
    pub problems: serde_json::Value,
}

impl Halt {
    /// A halt with a way out.
    pub fn new(exit: Exit, message: impl Display, hint: Option<String>) -> Self {
        Self { exit, message: message.to_string(), hint, problems: serde_json::json!([]) }
    }
}

/// The screen, or whatever stands in its place.
#[derive(Debug)]
pub struct Screen {
    format: Format,
}

/// The one JSON document a command prints.
#[derive(Debug, Serialize)]
struct Document<'a> {
    command: &'a str,
    exit: Exit,
    code: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<&'a str>,
    problems: &'a serde_json::Value,
    hosts: Vec<HostDocument<'a>>,
}

/// One host in that document.
#[derive(Debug, Serialize)]
struct HostDocument<'a> {
    host: &'a str,
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    trouble: Option<Trouble>,
    findings: &'a [Finding],
    plan: Vec<StepDocument<'a>>,
    facts: Option<&'a crate::facts::Facts>,
}

/// One step in that document.
#[derive(Debug, Serialize)]
struct StepDocument<'a> {
    id: &'a str,
    why: &'a [String],
    guarded: bool,
}

impl Screen {
    /// A screen that speaks this format.
    pub fn new(format: Format) -> Self {
        Self { format }
    }

    /// Whether results are for people.
    pub fn for_people(&self) -> bool {
        self.format == Format::Text
    }

    /// Whether a person sits at the other end of stdin and stderr.
    pub fn can_ask(&self) -> bool {
        io::stdin().is_terminal() && io::stderr().is_terminal()
    }

    /// Whether progress may move on the screen.
    pub fn can_move(&self) -> bool {
        self.for_people() && io::stderr().is_terminal()
    }

    /// How problems look on stderr; <https://no-color.org>.
    pub fn look(&self) -> Look {
        let no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        if self.for_people() && io::stderr().is_terminal() && !no_colour { Look::Colour } else { Look::Plain }
    }

    /// A result for people, on stdout.
    pub fn result(&self, text: impl Display) {
        if self.for_people() {
            put(&mut io::stdout().lock(), &text);
        }
    }

    /// A result that is a document in itself (a schema, a completion script), on stdout in every format.
    pub fn document(&self, text: impl Display) {
        put(&mut io::stdout().lock(), &text);
    }

    /// A word about the way, on stderr.
    pub fn note(&self, text: impl Display) {
        put(&mut io::stderr().lock(), &text);
    }

    /// A failure and the way out, on stderr.
    pub fn failure(&self, what: &str, why: &str, hint: Option<&str>) {
        let mut text = format!("{what}: {why}");
        if let Some(hint) = hint {
            text.push_str(&format!("\n  way out: {hint}"));
        }
        self.note(text);
    }

    /// A command that ended early.
    pub fn halt(&self, halt: &Halt) {
        if self.for_people() {
            let hint = halt.hint.as_ref().map(|hint| format!("\n  way out: {hint}")).unwrap_or_default();
            self.note(format!("{}{hint}", halt.message.trim_end()));
        } else {
            self.json(&Document {
                command: "pryvctl",
                exit: halt.exit,
                code: halt.exit as u8,
                message: Some(&halt.message),
                hint: halt.hint.as_deref(),
                problems: &halt.problems,
                hosts: Vec::new(),
            });
        }
    }

    /// The JSON document of a run over hosts; nothing in the format for people.
    pub fn run_document(&self, command: &str, exit: Exit, reports: &[Report]) {
        if self.for_people() {
            return;
        }
        let hosts = reports.iter().map(host_document).collect();
        self.json(&Document {
            command,
            exit,
            code: exit as u8,
            message: None,
            hint: None,
            problems: &serde_json::json!([]),
            hosts,
        });
    }

    /// Asks a question on stderr and reads `y` or `yes` from stdin.
    pub fn ask(&self, question: &str) -> bool {
        put_open(&mut io::stderr().lock(), &format!("{question} [y/N] "));
        let mut answer = String::new();
        // No answer is a no.
        io::stdin().read_line(&mut answer).unwrap_or_default();
        matches!(answer.trim(), "y" | "yes")
    }

    fn json(&self, document: &Document<'_>) {
        let text = serde_json::to_string_pretty(document).unwrap_or_else(|error| error.to_string());
        put(&mut io::stdout().lock(), &text);
    }
}

fn host_document(report: &Report) -> HostDocument<'_> {
    let steps = report.plan.steps.iter();
    HostDocument {
        host: report.host.as_str(),
        outcome: report.outcome.word(),
        trouble: report.outcome.trouble(),
        findings: &report.findings,
        plan: steps
            .map(|step| StepDocument { id: &step.id, why: &step.why, guarded: step.risk.needs_guard() })
            .collect(),
        facts: report.facts.as_ref(),
    }
}

/// The exit code of a run: that of the outcome which an administrator must look at first.
pub fn verdict(reports: &[Report]) -> Exit {
    let exit = |report: &Report| match &report.outcome {
        Outcome::Looked
        | Outcome::Unchanged
        | Outcome::Planned
        | Outcome::Changed { .. }
        | Outcome::LeftAlone => Exit::Done,
        Outcome::NotReady => Exit::Preflight,
        Outcome::Unreachable(_) => Exit::Unreachable,
        Outcome::Locked { .. } => Exit::Locked,
        Outcome::Conflict(_) | Outcome::Failed { .. } | Outcome::NotConverged { .. } => Exit::NotConverged,
        Outcome::Died => Exit::Bug,
    };
    let urgency = |exit: &Exit| match exit {
        Exit::Done => 0,
        Exit::Drift => 1,
        Exit::Unreachable => 2,
        Exit::Locked => 3,
        Exit::Preflight => 4,
        Exit::Usage | Exit::Inventory => 5,
        Exit::NotConverged => 6,
        Exit::Bug => 7,
    };
    reports.iter().map(exit).max_by_key(urgency).unwrap_or(Exit::Done)
}

/// Prints a line. A closed pipe (`| head`) is the reader's wish, not an error.
fn put(to: &mut impl Write, text: &impl Display) {
    writeln!(to, "{text}").unwrap_or_default();
}

fn put_open(to: &mut impl Write, text: &impl Display) {
    write!(to, "{text}").and_then(|()| to.flush()).unwrap_or_default();
}
