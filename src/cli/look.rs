//! `preflight`, `plan`, `status`, `harden --report`: the commands that look and change nothing.

use super::{
    args::{ReportForm, Target},
    halt::Halt,
    progress::watched,
    project::open,
    render::{controls, html, sarif, tables},
    report::Screen,
};
use crate::{
    app::{
        document::Document,
        exit::{Exit, verdict},
    },
    fleet::{
        drive::look,
        order::Aim,
        outcome::{Outcome, Report},
    },
    plan::{
        Goal, control::Verdict as Failing, crossing::Consents, finding::Verdict,
        preflight::break_glass::SecondWay,
    },
};

/// Looks whether every host meets its needs.
pub async fn preflight(target: &Target, screen: &Screen) -> Result<Exit, Halt> {
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

/// Shows the steps of an install.
pub async fn plan(target: &Target, screen: &Screen) -> Result<Exit, Halt> {
    let reports = reports(target, Goal::Install, SecondWay::Needed, screen).await?;
    let exit = verdict(&reports);
    screen.result(tables::reports(&reports, tables::Detail::Plans));
    screen.document(&Document::new("plan", exit).hosts(&reports));
    Ok(exit)
}

/// Shows what runs, and whether it is what the inventory says.
pub async fn status(target: &Target, screen: &Screen) -> Result<Exit, Halt> {
    let reports = reports(target, Goal::Install, SecondWay::NotAsked, screen).await?;
    let drifted = reports.iter().any(|report| report.outcome == Outcome::Planned);
    let exit = verdict(&reports);
    let exit = if exit == Exit::Done && drifted { Exit::Drift } else { exit };
    screen.result(tables::status(&reports));
    screen.document(&Document::new("status", exit).hosts(&reports));
    Ok(exit)
}

/// Shows what every control finds.
pub async fn controls(target: &Target, form: ReportForm, screen: &Screen) -> Result<Exit, Halt> {
    let reports = reports(target, Goal::Harden, SecondWay::NotAsked, screen).await?;
    let drifted = reports.iter().flat_map(|report| &report.controls).any(|one| one.verdict == Failing::Fail);
    let exit = verdict(&reports);
    let exit = if exit == Exit::Done && drifted { Exit::Drift } else { exit };
    match form {
        ReportForm::Table => {
            screen.result(controls::table(&reports));
            screen.document(&Document::new("harden", exit).hosts_with_controls(&reports));
        }
        ReportForm::Sarif => screen.json(&sarif::log(&reports)),
        ReportForm::Html => screen.text(html::html(&reports).trim_end()),
    }
    Ok(exit)
}

async fn reports(
    target: &Target,
    goal: Goal,
    second_way: SecondWay,
    screen: &Screen,
) -> Result<Vec<Report>, Halt> {
    let (_, members) = open(target, screen)?;
    let parallel = usize::from(target.parallel);
    let aim = Aim { goal, consents: Consents::NotAsked, second_way, parallel };
    Ok(watched(screen, async |events| look(&members, &aim, events).await).await)
}

/// For preflight only reaching the host counts; what would be planned does not.
fn reach(reports: &[Report]) -> Exit {
    let unreachable = |report: &Report| matches!(report.outcome, Outcome::Unreachable(_));
    if reports.iter().any(unreachable) { Exit::Unreachable } else { Exit::Done }
}
