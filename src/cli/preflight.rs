//! `preflight`: whether every host meets its needs.

use super::{args::Target, halt::Halt, look::reports, render::tables, report::Screen};
use crate::{
    app::{document::Document, exit::Exit},
    fleet::outcome::{Outcome, Report},
    plan::{Goal, finding::Verdict, preflight::break_glass::SecondWay},
};

/// Looks whether every host meets its needs.
pub async fn run(target: &Target, screen: &Screen) -> Result<Exit, Halt> {
    let reports = reports(target, Goal::Install, SecondWay::Needed, screen).await?;
    let failed = |report: &Report| {
        report.outcome == Outcome::NotReady
            || report.findings.iter().any(|finding| finding.verdict == Verdict::Failure)
    };
    let exit = if reports.iter().any(failed) { Exit::Preflight } else { reach(&reports) };
    screen.result(tables::findings(&reports));
    screen.document(&Document::new("preflight", exit).hosts(&reports));
    Ok(exit)
}

/// For preflight only reaching the host counts; what would be planned does not.
fn reach(reports: &[Report]) -> Exit {
    let unreachable = |report: &Report| matches!(report.outcome, Outcome::Unreachable(_));
    if reports.iter().any(unreachable) { Exit::Unreachable } else { Exit::Done }
}
