//! `upgrade`, `rollback`, `pause`, `resume`: many hosts, one after the other.

use std::{path::Path, time::Duration};

use super::{
    args::{Agreed, Apply, Change, Failure, Manner, Rollback, Target, Upgrade},
    change::{approve, begin, end},
    document::Document,
    exit::{Exit, verdict},
    halt::Halt,
    progress::watched,
    project::{load, open},
    report::Screen,
    tables,
};
use crate::{
    app::{
        journal::owner,
        project::{Missing, Project},
        saved_plan::{Origin, SavedPlan, SavedPlanError},
    },
    fleet::{
        Members,
        brake::Brake,
        change::{Answer, Order},
        each::each,
        rollout::{Pause, Proposal, Rolling, pause, propose, roll},
        survey::trouble,
    },
    host::Connection,
    plan::{
        Goal,
        rollout::{Direction, Policy, Stage},
    },
};

/// Brings the hosts to what the inventory says, batch by batch.
pub async fn upgrade(command: &Upgrade, screen: &Screen) -> Result<Exit, Halt> {
    let project = load(&command.change.target.file, Missing::Refused, screen)?;
    let (members, rolling) = forward(&project, command)?;
    run("upgrade", &members, rolling, &command.change, screen, |_| Ok(())).await
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
    let (members, rolling) = forward(&project, &command)?;
    let origin = Origin { lab: target.file.lab.as_ref(), sources: &project.sources };
    let mut kept = Ok(());
    let keep = |proposal: &Proposal| {
        screen.result(tables::proposal(proposal));
        kept = SavedPlan::of(origin, proposal).write(path);
    };
    let reports = watched(screen, async |events| propose(&members, &rolling, events, keep).await).await;
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
    let order = command.upgrade(kept.hosts());
    let (members, rolling) = forward(&project, &order)?;
    let agrees = |proposal: &Proposal<'_>| kept.is_still(&SavedPlan::of(origin, proposal));
    run("apply", &members, rolling, &order.change, screen, agrees).await
}

fn forward(project: &Project, command: &Upgrade) -> Result<(Members, Rolling), Halt> {
    let members = project.members(&command.change.target.selection())?;
    let mut stages = project.stages(&members, Direction::Forward)?;
    if !command.rolling {
        stages = stages.into_iter().map(Stage::at_once).collect();
    }
    let consents = command.manner.agreed.into();
    let rolling = Rolling {
        // The hand on the brake comes with the desk.
        order: Order::new(Goal::Install, &command.change, consents, Brake::none()),
        stages,
        policy: command.manner.on_failure.map(Policy::from),
        upgrades: project.upgrades.clone(),
        deadline: command.manner.deadline,
    };
    Ok((members, rolling))
}

/// Brings back what served before the last change.
pub async fn rollback(command: &Rollback, screen: &Screen) -> Result<Exit, Halt> {
    let (project, members) = open(&command.change.target, screen)?;
    let agreed = Agreed { data_restored: command.data_restored, ..Agreed::default() };
    let rolling = Rolling {
        order: Order::new(Goal::Rollback, &command.change, agreed.into(), Brake::none()),
        stages: project.stages(&members, Direction::Back)?,
        // One host that cannot go back is no reason to leave the others where they are.
        policy: Some(Policy::Continue),
        upgrades: project.upgrades,
        deadline: None,
    };
    run("rollback", &members, rolling, &command.change, screen, |_| Ok(())).await
}

async fn run(
    name: &str,
    members: &Members,
    mut rolling: Rolling,
    command: &Change,
    screen: &Screen,
    agrees: impl Fn(&Proposal<'_>) -> Result<(), SavedPlanError>,
) -> Result<Exit, Halt> {
    if command.dry_run {
        let show = |proposal: &Proposal| screen.result(tables::proposal(proposal));
        let reports = watched(screen, async |events| propose(members, &rolling, events, show).await).await;
        let exit = verdict(&reports);
        screen.result(tables::reports(&reports, tables::Detail::Plans));
        screen.document(&Document::new(name, exit).hosts(&reports));
        return Ok(exit);
    }
    let (run, watch) = begin(name, command, screen)?;
    rolling.order.brake = run.brake.clone();
    let (mut heed, mut refused) = (None, None);
    let ask = async |proposal: &Proposal<'_>| {
        refused = agrees(proposal).err();
        if refused.is_some() {
            return Answer::No;
        }
        screen.note(tables::proposal(proposal));
        let answer = approve(screen, command, proposal.plans);
        heed = (answer == Answer::Yes).then(|| run.heed_ctrl_c());
        answer
    };
    let rolled = roll(members, &rolling, &run.events, ask).await;
    drop(heed);
    let kept = end(run, watch, screen).await;
    if let Some(error) = refused {
        return Err(error.into());
    }
    let exit = verdict(&rolled.reports);
    let exit = if exit == Exit::Done && rolled.early.is_some() { Exit::NotConverged } else { exit };
    let exit = exit.or(kept);
    screen.result(tables::reports(&rolled.reports, tables::Detail::Outcomes));
    if let Some(why) = &rolled.early {
        screen.note(format!("it ended early: {why}"));
    }
    screen.document(&Document::new(name, exit).early(rolled.early.as_deref()).hosts(&rolled.reports));
    Ok(exit)
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
