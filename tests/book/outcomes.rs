//! Exit codes, and how a run can end on a host.

use std::{fmt::Write as _, time::Duration};

use pryvctl::{
    app::exit::verdict,
    fleet::outcome::{Outcome, Report, Trouble},
    plan::Plan,
};

use super::{cell, comment, head, text};

/// The variants of an enum, each with the comment above it.
fn variants(source: &str, name: &str) -> Vec<(String, String)> {
    let body = source.split(&format!("pub enum {name} {{\n")).nth(1).unwrap().split("\n}\n").next().unwrap();
    let (mut found, mut about) = (Vec::new(), String::new());
    for line in body.lines() {
        if let Some(comment) = line.strip_prefix("    /// ") {
            write!(about, "{comment} ").unwrap();
        } else if line.starts_with("    ")
            && line[4..].starts_with(|letter: char| letter.is_ascii_uppercase())
        {
            found.push((line.trim().trim_end_matches(',').to_owned(), std::mem::take(&mut about)));
        }
    }
    found
}

/// One of each.
fn outcomes() -> Vec<Outcome> {
    let (step, trouble) = (String::new(), Trouble::default());
    vec![
        Outcome::Looked,
        Outcome::Unchanged,
        Outcome::Planned,
        Outcome::Changed { steps: 1 },
        Outcome::NotReady,
        Outcome::LeftAlone,
        Outcome::Unreachable(trouble.clone()),
        Outcome::Locked(trouble.clone()),
        Outcome::LockLost(trouble.clone()),
        Outcome::Conflict(Vec::new()),
        Outcome::Failed { step: step.clone(), trouble: trouble.clone() },
        Outcome::WentBack { step: step.clone(), trouble },
        Outcome::TakenBack,
        Outcome::Stopped { before: step },
        Outcome::NotConverged { left: Vec::new() },
        Outcome::Exposed { ports: Vec::new() },
        Outcome::Silent { ports: Vec::new() },
        Outcome::Died,
    ]
}

fn code(outcome: Outcome) -> u8 {
    let host = "co1".parse().unwrap();
    let (findings, controls, plan) = (Vec::new(), Vec::new(), Plan::default());
    let report = Report { host, facts: None, findings, controls, plan, outcome, took: Duration::ZERO };
    verdict(&[report]) as u8
}

pub fn page() -> String {
    let about = "How a script learns how a run ended. The numbers do not change. Where hosts ended differently, the most urgent one \
                 decides: a bug, then a host that is not as it should be, then needs that are not met, a lock, a host that is not reached, drift.";
    let mut page = head("Exit codes and outcomes", "`src/app/exit.rs` and `src/fleet/outcome.rs`", about);
    page += "\n## Exit codes\n\n| exit code | word | meaning |\n|---|---|---|\n";
    for (variant, about) in variants(&text("src/app/exit.rs"), "Exit") {
        let (name, number) = variant.split_once(" = ").unwrap();
        writeln!(page, "| {number} | `{}` | {} |", snake(name), cell(&about)).unwrap();
    }
    page += "\n5 is also the code of a run whose journal could not be written, and 6 that of `audit` where the journal does not hold. \
             The word is `exit` in `--output json`, the number is `code`.\n";
    page += "\n## Outcomes\n\nHow a run ended on one host: `outcome` in `--output json`, and the column of that name.\n\n";
    page += "| outcome | exit code | meaning |\n|---|---|---|\n";
    let known = variants(&text("src/fleet/outcome.rs"), "Outcome");
    let outcomes = outcomes();
    assert_eq!(known.len(), outcomes.len(), "an outcome is missing in tests/book/outcomes.rs");
    for ((_, about), outcome) in known.iter().zip(outcomes) {
        writeln!(page, "| `{}` | {} | {} |", outcome.word(), code(outcome.clone()), cell(about)).unwrap();
    }
    page
}

/// What a command says to programs, as the comment above the types says it.
pub fn document() -> String {
    let about =
        "What `--output json` prints: one document on stdout. `--output yaml` prints the same as YAML.";
    let comment = comment("src/app/document/mod.rs");
    format!("{}\n{comment}\n", head("The JSON document", "`src/app/document/mod.rs`", about))
}

/// The schema of that, as it is published.
pub fn schema() -> String {
    format!("{:#}\n", pryvctl::app::document::schema())
}

/// As serde writes it.
fn snake(name: &str) -> String {
    let mut word = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !word.is_empty() {
            word.push('_');
        }
        word.push(letter.to_ascii_lowercase());
    }
    word
}
