//! The only place that prints. Results go to stdout, everything about the way there to stderr; all of it passes the gate.

use std::{
    backtrace::{Backtrace, BacktraceStatus},
    fmt::Display,
    io::{self, IsTerminal as _, Write},
};

use super::{
    args::Format,
    gate::{self, Gated, Painted},
    halt::Halt,
    problem::{self, Look},
    render,
    wrap::{self, wrapped},
};
use crate::{
    app::{document::Document, exit::Exit, problems::Problems},
    fleet::outcome::Outcome,
    model::name::HostName,
};
use console::Term;

/// The screen, or whatever stands in its place.
#[derive(Debug)]
pub struct Screen {
    format: Format,
}

impl Screen {
    /// A screen that speaks this format.
    pub fn new(format: Format) -> Self {
        Self { format }
    }

    /// The form of results.
    pub fn format(&self) -> Format {
        self.format
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
            put_fitted(&mut io::stdout().lock(), &Term::stdout(), &text);
        }
    }

    /// A result that is a document in itself (a schema, a completion script), on stdout in every format.
    pub fn text(&self, text: impl Display) {
        put(&mut io::stdout().lock(), &text);
    }

    /// A line of a result that may have no end, in every format.
    ///
    /// # Errors
    /// Nobody reads it any more.
    pub fn line(&self, text: &str) -> io::Result<()> {
        writeln!(io::stdout().lock(), "{}", gate::shown(text))
    }

    /// A document in JSON, as [`text`](Self::text).
    pub fn json(&self, text: &str) {
        put(&mut io::stdout().lock(), &gate::json(text));
    }

    /// A word about the way, on stderr.
    pub fn note(&self, text: impl Display) {
        put_fitted(&mut io::stderr().lock(), &Term::stderr(), &text);
    }

    /// The same with our own colours, which the gate would show instead of obey.
    pub fn painted(&self, text: &Painted) {
        writeln!(io::stderr().lock(), "{text}").unwrap_or_default();
    }

    /// What is wrong with a file, on stderr.
    pub fn problems(&self, problems: &Problems) {
        let Problems { file, text, list } = problems;
        self.painted(&problem::paint(list, &file.display().to_string(), text, self.look()));
    }

    /// A failure and the way out, on stderr.
    pub fn failure(&self, what: &str, why: &str, hint: Option<&str>) {
        let mut text = format!("{what}: {}", gate::line(why));
        if let Some(hint) = hint {
            text.push_str(&format!("\n  hint: {}", gate::line(hint)));
        }
        self.note(text);
    }

    /// How a host ended that was asked and did not answer, on stderr.
    pub fn trouble(&self, host: &HostName, outcome: &Outcome) {
        if let Some(trouble) = outcome.trouble() {
            self.failure(host.as_str(), &trouble.message, trouble.hint.as_deref());
        }
    }

    /// A command that ended early.
    pub fn halt(&self, halt: &Halt) {
        if self.for_people() {
            let hint = halt.hint.as_ref().map(|hint| format!("\n  hint: {hint}")).unwrap_or_default();
            self.note(format!("{}{hint}", halt.message.trim_end()));
        } else {
            self.document(&halt.document());
        }
    }

    /// Asks a question on stderr and reads `y` or `yes` from stdin.
    pub fn ask(&self, question: &str) -> bool {
        put_open(&mut io::stderr().lock(), &format!("{} [y/N] ", gate::line(question)));
        let mut answer = String::new();
        // No answer is a no.
        io::stdin().read_line(&mut answer).unwrap_or_default();
        matches!(answer.trim(), "y" | "yes")
    }

    /// The document for programs; nothing in the format for people.
    pub fn document(&self, document: &Document) {
        if let Some(text) = render::document(document, self.format) {
            put(&mut io::stdout().lock(), &text);
        }
    }
}

/// What clap says: help and version are a result in clap's own colours and hold only words of ours; an error repeats what
/// was typed.
pub fn usage(error: &clap::Error) -> Exit {
    if error.use_stderr() {
        put_open(&mut io::stderr().lock(), &error.render());
        return Exit::Usage;
    }
    // A closed pipe while printing help is not worth another word.
    error.print().unwrap_or_default();
    Exit::Done
}

/// From now on what tracing says, and what a bug says when it ends a task, passes the gate as well.
pub fn listen(filter: &str) {
    let stream = || Gated(io::stderr());
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(stream);
    // Colours of tracing's own would not pass.
    lines.with_ansi(false).with_target(false).init();
    std::panic::set_hook(Box::new(|panic| {
        let trace = Backtrace::capture();
        let trace =
            if trace.status() == BacktraceStatus::Captured { format!("\n{trace}") } else { String::new() };
        put(&mut io::stderr().lock(), &format_args!("a bug of pryvctl: {panic}{trace}"));
    }));
}

/// Prints a line. A closed pipe (`| head`) is the reader's wish, not an error.
fn put(to: &mut impl Write, text: &impl Display) {
    writeln!(to, "{}", gate::shown(&text.to_string())).unwrap_or_default();
}

/// In lines that fit a terminal.
fn put_fitted(to: &mut impl Write, term: &Term, text: &impl Display) {
    let text = text.to_string();
    writeln!(to, "{}", wrapped(&gate::shown(&text), wrap::width(term))).unwrap_or_default();
}

fn put_open(to: &mut impl Write, text: &impl Display) {
    write!(to, "{}", gate::shown(&text.to_string())).and_then(|()| to.flush()).unwrap_or_default();
}
