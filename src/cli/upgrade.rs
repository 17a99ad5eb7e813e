//! `upgrade`, `rollback`, `pause`, `resume`: many hosts, one after the other.

use std::{path::Path, time::Duration};

use super::{
    args::{Agreed, Apply, Change, Failure, Manner, Rollback, Target, Upgrade},
    carry_out::carry_out,
    halt::Halt,
    progress::watched,
    project::{load, open},
    render::tables,
    report::Screen,
};
use crate::{
    app::{
        document::Document,
        exit::{Exit, verdict},
        journal::owner,
        orders::{self, Pace},
        project::{Missing, Project},
        saved_plan::{Origin, SavedPlan},
    },
    fleet::{
        Members,
        drive::propose,
        each::each,
        order::Order,
        pause::{Pause, pause},
        proposal::Proposal,
        survey::trouble,
    },
    host::Connection,
    plan::rollout::Policy,
};

/// Brings the hosts to what the inventory says, batch by batch.
pub async fn upgrade(command: &Upgrade, screen: &Screen) -> Result<Exit, Halt> {
    let project = load(&command.change.target.file, Missing::Refused, screen)?;
    let (members, order) = forward(&project, command)?;
    carry_out("upgrade", &command.change, &members, order, &|_| Ok(()), screen).await
}

/// Keeps what an upgrade would do, for [`apply`].
pub async fn plan(target: &Target, path: &Path, screen: &Screen) -> Result<Exit, Halt> {
    // Whether to go one way, or without a second way in, is asked when the plan is applied.
    let change = Change {
        target: target.clone(),
        yes: false,
        dry_run: true,
        window: Duration::ZERO,
        no_break_glass: true,
        journal: None,
    };
    let agreed = Agreed { accept_irreversible: true, data_restored: true };
    let manner = Manner { agreed, ..Manner::default() };
    let command = Upgrade { change, rolling: true, manner };
    let project = load(&target.file, Missing::Refused, screen)?;
    let (members, order) = forward(&project, &command)?;
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

/// Carries out a plan that was kept, if it still says the same. Which inventory, and so which hosts and which hooks, says
/// who applies it: a file that came from elsewhere can only be refused.
pub async fn apply(command: &Apply, screen: &Screen) -> Result<Exit, Halt> {
    let kept = SavedPlan::read(&command.plan)?;
    kept.is_for(command.file.lab.as_ref())?;
    let project = load(&command.file, Missing::Refused, screen)?;
    let origin = Origin { lab: command.file.lab.as_ref(), sources: &project.sources };
    kept.is_of(&project.sources)?;
    let upgrade = command.upgrade(kept.hosts());
    let (members, order) = forward(&project, &upgrade)?;
    let agrees = |proposal: &Proposal<'_>| kept.is_still(&SavedPlan::of(origin, proposal));
    carry_out("apply", &upgrade.change, &members, order, &agrees, screen).await
}

fn forward(project: &Project, command: &Upgrade) -> Result<(Members, Order), Halt> {
    let members = project.members(&command.change.target.selection())?;
    let Manner { on_failure, agreed, deadline } = command.manner;
    let manner = orders::Manner {
        pace: if command.rolling { Pace::Rolling } else { Pace::AtOnce },
        on_failure: on_failure.map(Policy::from),
        deadline,
    };
    let order = orders::upgrade(project, &members, command.change.terms(agreed.into()), manner)?;
    Ok((members, order))
}

/// Brings back what served before the last change.
pub async fn rollback(command: &Rollback, screen: &Screen) -> Result<Exit, Halt> {
    let (project, members) = open(&command.change.target, screen)?;
    let agreed = Agreed { data_restored: command.data_restored, ..Agreed::default() };
    let order = orders::rollback(&project, &members, command.change.terms(agreed.into()))?;
    carry_out("rollback", &command.change, &members, order, &|_| Ok(()), screen).await
}

/// Lets rollouts wait before their next batch, or go on.
pub async fn pausing(target: &Target, wish: Pause, screen: &Screen) -> Result<Exit, Halt> {
    let (_, members) = open(target, screen)?;
    let set = each(members.clone(), usize::from(target.parallel), |member| async move {
        let connection = Connection::open(&member.login).await?;
        pause(&connection, wish, &owner()).await
    })
    .await;
    let mut exit = Exit::Done;
    for (member, set) in members.iter().zip(set) {
        let host = member.host();
        match (set, wish) {
            (Some(Ok(_)), Pause::On) => screen.note(format!("{host}: rollouts wait before their next batch")),
            (Some(Ok(_)), Pause::Off) => screen.note(format!("{host}: rollouts go on")),
            (Some(Err(error)), _) => {
                let trouble = trouble(&error);
                screen.failure(host.as_str(), &trouble.message, trouble.hint.as_deref());
                exit = Exit::Unreachable;
            }
            (None, _) => exit = Exit::Bug,
        }
    }
    let name = match wish {
        Pause::On => "pause",
        Pause::Off => "resume",
    };
    screen.document(&Document::new(name, exit));
    Ok(exit)
}

impl From<Failure> for Policy {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Stop => Self::Stop,
            Failure::RollbackBatch => Self::RollbackBatch,
            Failure::RollbackAll => Self::RollbackAll,
            Failure::Continue => Self::Continue,
        }
    }
}
