//! `harden`: hosts are made hard, or that is taken back, or shown.

use clap::{Args, ValueEnum};

use super::{
    args::{Change, Target},
    carry_out::carry_out,
    halt::Halt,
    look::reports,
    project::open,
    render::{controls, html, sarif},
    report::Screen,
};
use crate::{
    app::{
        document::Document,
        exit::{Exit, verdict},
        orders,
    },
    plan::{Goal, control::Verdict, crossing::Consents, preflight::break_glass::SecondWay},
};

/// What to do about hardening.
#[derive(Debug, Clone, Args)]
pub struct Harden {
    /// Which hosts.
    #[command(flatten)]
    pub change: Change,
    /// Undo hardening: every setting that pryvctl changed becomes what it was before its first run. What somebody else changed
    /// since then stays. Services keep running.
    #[arg(long, conflicts_with = "report")]
    pub undo: bool,
    /// Show for every control whether the host holds it now, and the score; change nothing.
    #[arg(long, value_enum, value_name = "FORM", num_args = 0..=1, default_missing_value = "table",
        require_equals = true)]
    pub report: Option<ReportForm>,
}

/// The form of a report about controls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ReportForm {
    /// Print a table, or the format given with --output.
    Table,
    /// Print SARIF 2.1.0, for code scanners and dashboards.
    Sarif,
    /// Print one self-contained HTML page.
    Html,
}

/// Makes the hosts hard, or takes that back, or says how hard they are.
pub async fn run(command: &Harden, screen: &Screen) -> Result<Exit, Halt> {
    if let Some(form) = command.report {
        return report(&command.change.target, form, screen).await;
    }
    let terms = command.change.terms(Consents::NONE);
    let order = if command.undo { orders::unharden(terms) } else { orders::harden(terms) };
    let (_, members) = open(&command.change.target, screen)?;
    carry_out("harden", &command.change, &members, order, &|_| Ok(()), screen).await
}

/// Shows what every control finds.
async fn report(target: &Target, form: ReportForm, screen: &Screen) -> Result<Exit, Halt> {
    let reports = reports(target, Goal::Harden, SecondWay::NotAsked, screen).await?;
    let drifted = reports.iter().flat_map(|report| &report.controls).any(|one| one.verdict == Verdict::Fail);
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
