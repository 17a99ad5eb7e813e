//! `status`: what runs, and whether it is what the inventory says.

use super::{args::Target, halt::Halt, look::reports, render::tables, report::Screen};
use crate::{
    app::{
        document::Document,
        exit::{Exit, looked, worst},
    },
    plan::{Goal, preflight::break_glass::SecondWay},
};

/// Shows what runs, and whether it is what the inventory says.
pub async fn run(target: &Target, screen: &Screen) -> Result<Exit, Halt> {
    let reports = reports(target, Goal::Install, SecondWay::NotAsked, screen).await?;
    let exit = worst(reports.iter().map(|report| looked(&report.outcome)));
    screen.result(tables::status(&reports));
    screen.document(&Document::new("status", exit).hosts(&reports));
    Ok(exit)
}
