//! What controls found, as people read it: a table, the evidence of what does not hold, and scores.

use std::fmt::Write as _;

use super::tables;
use crate::{
    cli::gate::line,
    fleet::outcome::Report,
    plan::control::{Assessment, Verdict, score::Score},
};

/// Every control on every host.
pub fn table(reports: &[Report]) -> String {
    let mut table = tables::table(&["host", "control", "level", "verdict", "found", "wanted"]);
    for report in reports {
        for one in &report.controls {
            let (found, wanted) = one.shown();
            let level = u8::from(one.level).to_string();
            let found = one.reason.clone().unwrap_or(found);
            table.add_row([
                report.host.as_str(),
                &one.id,
                &level,
                one.verdict.word(),
                &short(&found),
                &short(&wanted),
            ]);
        }
    }
    let mut text = table.to_string();
    for report in reports {
        report
            .controls
            .iter()
            .filter(|one| one.verdict == Verdict::Fail)
            .for_each(|one| evidence(report, one, &mut text));
    }
    for report in reports {
        for score in Score::of(&report.controls) {
            write!(text, "\n{}: {}", report.host, words(&score)).unwrap_or_default();
        }
    }
    text.push_str(&tables::troubles(reports));
    text
}

/// Lists of algorithms and rules are long; the evidence has them whole.
fn short(text: &str) -> String {
    const LONGEST: usize = 60;
    let text = line(text);
    let start: String = text.chars().take(LONGEST).collect();
    if start.len() < text.len() { format!("{start}…") } else { text }
}

/// A score in words.
pub fn words(score: &Score) -> String {
    let Score { level, pass, fail, skipped, not_applicable } = score;
    format!(
        "level {}: {} %, {pass} pass, {fail} fail, {skipped} skipped, {not_applicable} not applicable",
        u8::from(*level),
        score.percent()
    )
}

fn evidence(report: &Report, one: &Assessment, text: &mut String) {
    write!(text, "\n\n{}: {}: {}", report.host, one.id, one.title).unwrap_or_default();
    for part in one.parts.iter().filter(|part| !part.fits) {
        let part = format!("{}: {} -> {}", part.place, part.found, part.wanted);
        write!(text, "\n    {}", line(part)).unwrap_or_default();
    }
    write!(text, "\n    asked for by {}\n    may break: {}", one.refs.join(", "), one.breaks)
        .unwrap_or_default();
}
