//! `plan`: the steps of an install; or, with a file, those of an upgrade, for `apply`.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use super::{
    args::{Agreed, Change, Conditions, Manner, Target},
    halt::Halt,
    look::reports,
    progress::watched,
    project::load,
    render::tables,
    report::Screen,
    upgrade::Upgrade,
};
use crate::{
    app::{
        document::Document,
        exit::{Exit, verdict},
        project::Missing,
        saved_plan::{Origin, SavedPlan},
    },
    fleet::{drive::propose, proposal::Proposal},
    plan::{Goal, preflight::break_glass::SecondWay},
};

/// Shows a plan, or saves one.
pub async fn run(target: &Target, file: Option<PathBuf>, screen: &Screen) -> Result<Exit, Halt> {
    match file {
        None => show(target, screen).await,
        Some(file) => save(target, &file, screen).await,
    }
}

/// Shows the steps of an install.
async fn show(target: &Target, screen: &Screen) -> Result<Exit, Halt> {
    let reports = reports(target, Goal::Install, SecondWay::Needed, screen).await?;
    let exit = verdict(&reports);
    screen.result(tables::reports(&reports, tables::Detail::Plans));
    screen.document(&Document::new("plan", exit).hosts(&reports));
    Ok(exit)
}

/// Keeps what an upgrade would do, for `apply`.
async fn save(target: &Target, path: &Path, screen: &Screen) -> Result<Exit, Halt> {
    // Whether to go one way, or without a second way in, is asked when the plan is applied.
    let change = Change {
        target: target.clone(),
        dry_run: true,
        conditions: Conditions { yes: false, window: Duration::ZERO, no_break_glass: true, journal: None },
    };
    let agreed = Agreed { accept_irreversible: true, data_restored: true };
    let manner = Manner { agreed, ..Manner::default() };
    let command = Upgrade { change, rolling: true, manner };
    let project = load(&target.file, Missing::Refused, screen)?;
    let (members, order) = command.order(&project)?;
    let origin = Origin { lab: target.file.lab.as_ref(), sources: &project.sources };
    let mut kept = Ok(());
    let keep = |proposal: &Proposal| {
        screen.result(tables::proposal(proposal));
        kept = SavedPlan::of(origin, proposal).write(path);
    };
    let reports = watched(screen, async |events| propose(&members, &order, events, keep).await).await;
    kept?;
    let exit = verdict(&reports);
    screen.result(tables::reports(&reports, tables::Detail::Plans));
    Ok(exit)
}
