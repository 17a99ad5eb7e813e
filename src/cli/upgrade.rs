//! `upgrade`, `rollback`, `pause`, `resume`: many hosts, one after the other.

use std::{path::Path, time::Duration};

use super::{
    args::{Agreed, Apply, Change, Failure, Manner, Rollback, Target, Upgrade},
    change::approve,
    context::{Loaded, Missing},
    desk::{Desk, owner},
    document::Document,
    exit::{Exit, verdict},
    plan_file::{Origin, PlanFile},
    progress::watched,
    report::{Halt, Screen},
    tables,
};
use crate::{
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
        rollout::{Direction, Policy, Stage, stages},
    },
};

/// Brings the hosts to what the inventory says, batch by batch.
pub async fn upgrade(command: &Upgrade, screen: &Screen) -> Result<Exit, Halt> {
    let loaded = Loaded::load(&command.change.target.file, Missing::Refused, screen)?;
    let (members, rolling) = forward(&loaded, command)?;
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
    let loaded = Loaded::load(&target.file, Missing::Refused, screen)?;
    let (members, rolling) = forward(&loaded, &command)?;
    let origin = Origin { lab: target.file.lab.as_ref(), sources: &loaded.sources };
    let mut kept = Ok(());
    let keep = |proposal: &Proposal| {
        screen.result(tables::proposal(proposal));
        kept = PlanFile::of(origin, proposal).write(path);
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
    let kept = PlanFile::read(&command.plan)?;
    kept.is_for(command.file.lab.as_ref())?;
    let loaded = Loaded::load(&command.file, Missing::Refused, screen)?;
    let origin = Origin { lab: command.file.lab.as_ref(), sources: &loaded.sources };
    kept.is_of(&loaded.sources)?;
    let order = command.upgrade(kept.hosts());
    let (members, rolling) = forward(&loaded, &order)?;
    let agrees = |proposal: &Proposal<'_>| kept.is_still(&PlanFile::of(origin, proposal));
    run("apply", &members, rolling, &order.change, screen, agrees).await
}

fn forward(loaded: &Loaded, command: &Upgrade) -> Result<(Members, Rolling), Halt> {
    let members = loaded.members(&command.change.target)?;
    let mut stages = in_order(loaded, &members, Direction::Forward)?;
    if !command.rolling {
        stages = stages.into_iter().map(Stage::at_once).collect();
    }
    let consents = command.manner.agreed.into();
    let rolling = Rolling {
        // The hand on the brake comes with the desk.
        order: Order::new(Goal::Install, &command.change, consents, Brake::none()),
        stages,
        policy: command.manner.on_failure.map(Policy::from),
        upgrades: loaded.upgrades.clone(),
        deadline: command.manner.deadline,
    };
    Ok((members, rolling))
}

/// Brings back what served before the last change.
pub async fn rollback(command: &Rollback, screen: &Screen) -> Result<Exit, Halt> {
    let loaded = Loaded::load(&command.change.target.file, Missing::Refused, screen)?;
    let members = loaded.members(&command.change.target)?;
    let agreed = Agreed { data_restored: command.data_restored, ..Agreed::default() };
    let rolling = Rolling {
        order: Order::new(Goal::Rollback, &command.change, agreed.into(), Brake::none()),
        stages: in_order(&loaded, &members, Direction::Back)?,
        // One host that cannot go back is no reason to leave the others where they are.
        policy: Some(Policy::Continue),
        upgrades: loaded.upgrades,
        deadline: None,
    };
    run("rollback", &members, rolling, &command.change, screen, |_| Ok(())).await
}

fn in_order(loaded: &Loaded, members: &Members, direction: Direction) -> Result<Vec<Stage>, Halt> {
    let hosts: Vec<_> = members.iter().map(|member| member.place.clone()).collect();
    stages(&hosts, &loaded.upgrades, direction).map_err(|circle| {
        let hint = "take one of them out of `after` in the role's compose.yaml".to_owned();
        Halt::new(Exit::Inventory, circle, Some(hint))
    })
}

async fn run(
    name: &str,
    members: &Members,
    mut rolling: Rolling,
    command: &Change,
    screen: &Screen,
    agrees: impl Fn(&Proposal<'_>) -> Result<(), Halt>,
) -> Result<Exit, Halt> {
    if command.dry_run {
        let show = |proposal: &Proposal| screen.result(tables::proposal(proposal));
        let reports = watched(screen, async |events| propose(members, &rolling, events, show).await).await;
        let exit = verdict(&reports);
        screen.result(tables::reports(&reports, tables::Detail::Plans));
        screen.document(&Document::new(name, exit).hosts(&reports));
        return Ok(exit);
    }
    let desk = Desk::open(name, command.target.file.lab.as_ref(), command.journal.as_ref(), screen)?;
    rolling.order.brake = desk.brake.clone();
    let (mut heed, mut refused) = (None, None);
    let ask = async |proposal: &Proposal<'_>| {
        refused = agrees(proposal).err();
        if refused.is_some() {
            return Answer::No;
        }
        screen.note(tables::proposal(proposal));
        let answer = approve(screen, command, proposal.plans);
        heed = (answer == Answer::Yes).then(|| desk.heed_ctrl_c());
        answer
    };
    let rolled = roll(members, &rolling, &desk.events, ask).await;
    drop(heed);
    let kept = desk.close(screen).await;
    if let Some(halt) = refused {
        return Err(halt);
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
    let loaded = Loaded::load(&target.file, Missing::Refused, screen)?;
    let members = loaded.members(target)?;
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
