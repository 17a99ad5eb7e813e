//! The one way of every command that changes hosts: open, plan, ask, do, report.

use std::collections::BTreeSet;

use super::{
    args::Change,
    halt::Halt,
    progress::{Watch, watched},
    render::tables,
    report::Screen,
};
use crate::{
    app::{
        document::Document,
        exit::{Exit, verdict},
        run::{Ended, Run},
        saved_plan::SavedPlanError,
    },
    fleet::{
        Members,
        drive::{Done, propose},
        order::Order,
        proposal::{Answer, Proposal},
    },
};

/// What a proposal is held against: a plan that was saved, or nothing.
pub type Agrees<'a> = &'a dyn Fn(&Proposal<'_>) -> Result<(), SavedPlanError>;

/// Carries out an order, or with `--dry-run` shows what it would do.
pub async fn carry_out(
    name: &str,
    command: &Change,
    members: &Members,
    order: Order,
    agrees: Agrees<'_>,
    screen: &Screen,
) -> Result<Exit, Halt> {
    if command.dry_run {
        return Ok(show(name, members, &order, screen).await);
    }
    let (events, watch) = Watch::start(screen);
    let run = Run::open(name, command.target.file.lab.as_ref(), command.conditions.journal.as_ref(), events)?;
    let review = |proposal: &Proposal<'_>| {
        agrees(proposal)?;
        batches(proposal, |text| screen.note(text));
        Ok(())
    };
    let ended = run
        .carry_out(members, order, review, async |proposal: &Proposal<'_>| approve(screen, proposal))
        .await;
    watch.done().await;
    let Ended { done: Done { reports, early }, journal } = ended?;
    let kept = kept(journal, screen);
    let exit = verdict(&reports);
    let exit = if exit == Exit::Done && early.is_some() { Exit::NotConverged } else { exit };
    let exit = exit.or(kept);
    screen.result(tables::reports(&reports, tables::Detail::Outcomes));
    let early = early.map(|why| why.to_string());
    if let Some(why) = &early {
        screen.note(format!("the run ended early: {why}"));
    }
    screen.document(&Document::new(name, exit).early(early).hosts(&reports));
    Ok(exit)
}

async fn show(name: &str, members: &Members, order: &Order, screen: &Screen) -> Exit {
    let show = |proposal: &Proposal<'_>| batches(proposal, |text| screen.result(text));
    let reports = watched(screen, async |events| propose(members, order, events, show).await).await;
    let exit = verdict(&reports);
    screen.result(tables::reports(&reports, tables::Detail::Plans));
    screen.document(&Document::new(name, exit).hosts(&reports));
    exit
}

/// The order of the hosts, where there is one.
fn batches(proposal: &Proposal<'_>, print: impl FnOnce(String)) {
    if !proposal.rules.is_empty() {
        print(tables::proposal(proposal));
    }
}

/// A run whose journal is not whole did not end well, however its hosts are.
pub fn kept(journal: Option<String>, screen: &Screen) -> Exit {
    match journal {
        Some(trouble) => {
            screen.note(trouble);
            Exit::NotConverged
        }
        None => Exit::Done,
    }
}

/// Shows the plans and asks. Without a person to ask, the answer is no.
fn approve(screen: &Screen, proposal: &Proposal<'_>) -> Answer {
    let plans = proposal.plans;
    for (host, plan) in plans {
        screen.note(tables::plan(host, plan));
    }
    if !screen.can_ask() {
        screen.note("cannot ask for confirmation: not a terminal; pass --yes");
        return Answer::No;
    }
    let steps: usize = plans.iter().map(|(_, plan)| plan.steps.len()).sum();
    let hosts = plans.iter().map(|(host, _)| host).collect::<BTreeSet<_>>().len();
    if screen.ask(&format!("Apply these {steps} steps to {hosts} hosts?")) { Answer::Yes } else { Answer::No }
}
