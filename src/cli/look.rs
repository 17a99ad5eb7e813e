//! `preflight`, `plan`, `status`: the commands that look and change nothing.

use super::{
    args::Target,
    context::{Loaded, Missing},
    document::Document,
    exit::{Exit, verdict},
    progress::Watch,
    report::{Halt, Screen},
    tables,
};
use crate::{
    fleet::{
        change::look,
        outcome::{Outcome, Report},
    },
    plan::{Goal, finding::Verdict},
};

/// Looks whether every host meets its needs.
pub async fn preflight(target: &Target, screen: &Screen) -> Result<Exit, Halt> {
    let reports = reports(target, screen).await?;
    let failed = |report: &Report| {
        report.outcome == Outcome::NotReady
            || report.findings.iter().any(|finding| finding.verdict == Verdict::Failure)
    };
    let exit = if reports.iter().any(failed) { Exit::Preflight } else { reach(&reports) };
    screen.result(tables::findings(&reports));
    screen.document(&Document::new("preflight", exit).hosts(&reports));
    Ok(exit)
}

/// Shows the exact steps of an install.
pub async fn plan(target: &Target, screen: &Screen) -> Result<Exit, Halt> {
    let reports = reports(target, screen).await?;
    let exit = verdict(&reports);
    screen.result(tables::reports(&reports, tables::Detail::Plans));
    screen.document(&Document::new("plan", exit).hosts(&reports));
    Ok(exit)
}

/// Shows what runs, and whether it is what the inventory says.
pub async fn status(target: &Target, screen: &Screen) -> Result<Exit, Halt> {
    let reports = reports(target, screen).await?;
    let drifted = reports.iter().any(|report| report.outcome == Outcome::Planned);
    let exit = verdict(&reports);
    let exit = if exit == Exit::Done && drifted { Exit::Drift } else { exit };
    screen.result(tables::status(&reports));
    screen.document(&Document::new("status", exit).hosts(&reports));
    Ok(exit)
}

async fn reports(target: &Target, screen: &Screen) -> Result<Vec<Report>, Halt> {
    let loaded = Loaded::load(&target.file, Missing::Refused, screen)?;
    let members = loaded.members(target)?;
    let (events, watch) = Watch::start(screen);
    let reports = look(&members, Goal::Install, usize::from(target.parallel), &events).await;
    drop(events);
    watch.done().await;
    Ok(reports)
}

/// For preflight only reaching the host counts; what would be planned does not.
fn reach(reports: &[Report]) -> Exit {
    let unreachable = |report: &Report| matches!(report.outcome, Outcome::Unreachable(_));
    if reports.iter().any(unreachable) { Exit::Unreachable } else { Exit::Done }
}
