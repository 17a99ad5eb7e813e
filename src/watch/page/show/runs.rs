//! Runs of the journal, with what became of each host.

use std::io::ErrorKind;

use serde::Serialize;

use super::{Fault, off};
use crate::{
    app::document::{LineDocument, RunDocument, RunHostDocument, RunsDocument, VERSION},
    fleet::journal::audit::{CheckedJournal, JournalFault, JournalLine, audit},
    watch::page::Sources,
};

/// How many runs are shown.
const LATEST: usize = 200;

/// What a page of runs shows.
#[derive(Debug, Serialize)]
pub struct RunsPage {
    platform: String,
    #[serde(flatten)]
    runs: RunsDocument,
}

/// Puts a page around runs.
pub fn page(platform: String, runs: RunsDocument) -> RunsPage {
    RunsPage { platform, runs }
}

/// The last runs, the newest first.
///
/// # Errors
/// The journal cannot be read.
pub async fn all(sources: &Sources) -> Result<RunsDocument, Fault> {
    let audit = read(sources).await?;
    let mut runs = runs(&audit.lines);
    runs.reverse();
    runs.truncate(LATEST);
    for run in &mut runs {
        run.lines.clear();
    }
    Ok(RunsDocument {
        version: VERSION,
        runs,
        faults: audit.faults.iter().map(JournalFault::to_string).collect(),
    })
}

/// One run with its lines.
///
/// # Errors
/// There is no such run, or the journal cannot be read.
pub async fn one(sources: &Sources, id: String) -> Result<RunsDocument, Fault> {
    let mut audit = read(sources).await?;
    audit.lines.retain(|line| line.run == id);
    match runs(&audit.lines) {
        none if none.is_empty() => Err(Fault::NotFound),
        runs => Ok(RunsDocument { version: VERSION, runs, faults: Vec::new() }),
    }
}

async fn read(sources: &Sources) -> Result<CheckedJournal, Fault> {
    let Some(path) = sources.journal.clone() else { return Ok(CheckedJournal::default()) };
    off(move || match std::fs::read_to_string(&path) {
        Ok(text) => Ok(audit(&text)),
        // No change was made from this account yet.
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(CheckedJournal::default()),
        Err(error) => Err(Fault::Journal(error)),
    })
    .await
}

/// The runs of some lines, in the order in which they began.
fn runs(lines: &[JournalLine]) -> Vec<RunDocument> {
    let mut runs: Vec<RunDocument> = Vec::new();
    for line in lines {
        let place = runs.iter().rposition(|run| run.run == line.run);
        let place = place.unwrap_or_else(|| {
            runs.push(RunDocument {
                run: line.run.clone(),
                command: line.command.clone(),
                who: line.who.clone(),
                began: line.time.clone(),
                ended: String::new(),
                hosts: Vec::new(),
                lines: Vec::new(),
            });
            runs.len() - 1
        });
        if let Some(run) = runs.get_mut(place) {
            take(run, line);
        }
    }
    runs
}

fn take(run: &mut RunDocument, line: &JournalLine) {
    run.ended.clone_from(&line.time);
    run.lines.push(LineDocument::of(line));
    if line.host.is_empty() {
        return;
    }
    let known = run.hosts.iter().position(|host| host.host == line.host);
    let place = known.unwrap_or_else(|| {
        run.hosts.push(RunHostDocument { host: line.host.clone(), outcome: None, steps: 0 });
        run.hosts.len() - 1
    });
    let Some(host) = run.hosts.get_mut(place) else { return };
    match line.what.as_str() {
        "step" => host.steps += 1,
        "finished" => {
            host.outcome = line.details.strip_prefix("outcome=").map(str::to_owned);
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(run: &str, host: &str, what: &str, details: &str) -> JournalLine {
        JournalLine {
            number: 1,
            time: "2026-11-30T08:30:00Z".to_owned(),
            run: run.to_owned(),
            who: "root".to_owned(),
            command: "install".to_owned(),
            host: host.to_owned(),
            what: what.to_owned(),
            details: details.to_owned(),
            hash: String::new(),
            anchor: None,
        }
    }

    #[test]
    fn two_runs_at_once_are_told_apart() {
        let found = runs(&[
            line("a", "", "begun", ""),
            line("b", "", "begun", ""),
            line("a", "co1", "step", "number=1"),
            line("b", "co1", "step", "number=1"),
            line("a", "co1", "step", "number=2"),
            line("a", "co1", "finished", "outcome=changed, 2 steps"),
        ]);
        let shape: Vec<_> = found
            .iter()
            .map(|run| (run.run.as_str(), run.hosts[0].steps, run.hosts[0].outcome.as_deref()))
            .collect();
        assert_eq!(shape, [("a", 2, Some("changed, 2 steps")), ("b", 1, None)]);
    }
}
