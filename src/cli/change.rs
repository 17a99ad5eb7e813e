//! `harden`, `install`, `uninstall`: the commands that change hosts.

use std::collections::BTreeSet;

use super::{
    args::{Agreed, Change, Harden, Install, Uninstall},
    document::Document,
    exit::{Exit, verdict},
    halt::Halt,
    progress::{Watch, watched},
    project::open,
    report::Screen,
    tables,
};
use crate::{
    app::{journal::owner, run::Run},
    fleet::{
        Members,
        brake::Brake,
        change::{Answer, Order, change, look},
    },
    model::name::HostName,
    plan::{
        Goal, Plan,
        crossing::{Consents, Found, OneWay},
        preflight::break_glass::SecondWay,
        uninstall::Volumes,
    },
};

/// Makes the hosts hard, or takes that back, or says how hard they are.
pub async fn harden(order: &Harden, screen: &Screen) -> Result<Exit, Halt> {
    match order.report {
        Some(form) => super::look::controls(&order.change.target, form, screen).await,
        None => {
            let goal = if order.undo { Goal::Soften } else { Goal::Harden };
            run("harden", &order.change, goal, Consents::NONE, screen).await
        }
    }
}

/// Makes the hosts a running platform.
pub async fn install(order: &Install, screen: &Screen) -> Result<Exit, Halt> {
    run("install", &order.change, Goal::Install, order.agreed.into(), screen).await
}

/// Removes what is ours.
pub async fn uninstall(order: &Uninstall, screen: &Screen) -> Result<Exit, Halt> {
    let members = members(&order.change, screen)?;
    let volumes = if order.remove_volumes { Volumes::Remove } else { fate(&members, &order.change, screen) };
    let goal = Goal::Uninstall(volumes);
    carry_out("uninstall", &order.change, &members, goal, Consents::NONE, screen).await
}

/// What becomes of the volumes, where that was not said: data stays unless a person says that it may go.
fn fate(members: &Members, command: &Change, screen: &Screen) -> Volumes {
    let names: BTreeSet<&str> =
        members.iter().flat_map(|member| &member.desired.volumes).map(String::as_str).collect();
    if names.is_empty() {
        return Volumes::Keep;
    }
    let list = names.into_iter().collect::<Vec<_>>().join(", ");
    let asked = !command.yes && !command.dry_run && screen.can_ask();
    if asked && screen.ask(&format!("Also remove the volumes {list}, with all data in them?")) {
        return Volumes::Remove;
    }
    screen
        .note(format!("volumes that are there stay with their data: {list} (--remove-volumes removes them)"));
    Volumes::Keep
}

async fn run(
    name: &str,
    command: &Change,
    goal: Goal,
    consents: Consents,
    screen: &Screen,
) -> Result<Exit, Halt> {
    carry_out(name, command, &members(command, screen)?, goal, consents, screen).await
}

fn members(command: &Change, screen: &Screen) -> Result<Members, Halt> {
    Ok(open(&command.target, screen)?.1)
}

async fn carry_out(
    name: &str,
    command: &Change,
    members: &Members,
    goal: Goal,
    consents: Consents,
    screen: &Screen,
) -> Result<Exit, Halt> {
    let parallel = usize::from(command.target.parallel);
    let mut kept = Exit::Done;
    let reports = if command.dry_run {
        let second_way = command.second_way();
        watched(screen, async |events| look(members, goal, second_way, consents, parallel, events).await)
            .await
    } else {
        let (run, watch) = begin(name, command, screen)?;
        let order = Order::new(goal, command, consents, run.brake.clone());
        let mut heed = None;
        let ask = async |plans: &[_]| {
            let answer = approve(screen, command, plans);
            heed = (answer == Answer::Yes).then(|| run.heed_ctrl_c());
            answer
        };
        let reports = change(members, &order, &run.events, ask).await;
        drop(heed);
        kept = end(run, watch, screen).await;
        reports
    };
    let exit = verdict(&reports).or(kept);
    screen.result(tables::reports(&reports, tables::Detail::of(command.dry_run)));
    screen.document(&Document::new(name, exit).hosts(&reports));
    Ok(exit)
}

/// Opens the journal and starts watching.
pub(super) fn begin(name: &str, command: &Change, screen: &Screen) -> Result<(Run, Watch), Halt> {
    let (events, watch) = Watch::start(screen);
    let run = Run::open(name, command.target.file.lab.as_ref(), command.journal.as_ref(), events)?;
    Ok((run, watch))
}

/// Waits until everything is shown. Every clone of the events must be gone.
pub(super) async fn end(run: Run, watch: Watch, screen: &Screen) -> Exit {
    let trouble = run.close();
    watch.done().await;
    match trouble {
        Some(trouble) => {
            screen.note(trouble);
            Exit::NotConverged
        }
        None => Exit::Done,
    }
}

impl Order {
    /// As said on the command line.
    pub(super) fn new(goal: Goal, command: &Change, consents: Consents, brake: Brake) -> Self {
        Self {
            goal,
            parallel: usize::from(command.target.parallel),
            window: command.window,
            owner: owner(),
            consents,
            second_way: command.second_way(),
            brake,
        }
    }
}

impl From<Agreed> for Consents {
    fn from(agreed: Agreed) -> Self {
        Self::Said {
            one_way: if agreed.accept_irreversible { OneWay::Accepted } else { OneWay::Refused },
            data: if agreed.data_restored { Found::Restored } else { Found::AsLeft },
        }
    }
}

impl Change {
    /// What is asked about a second way in.
    fn second_way(&self) -> SecondWay {
        if self.no_break_glass { SecondWay::Waived } else { SecondWay::Needed }
    }
}

/// Shows the plans and asks, unless `--yes`. Without a person to ask, the answer is no.
pub(super) fn approve(screen: &Screen, command: &Change, plans: &[(HostName, Plan)]) -> Answer {
    if command.yes {
        return Answer::Yes;
    }
    for (host, plan) in plans {
        screen.note(tables::plan(host, plan));
    }
    if !screen.can_ask() {
        screen.note("nobody is here to say yes; add --yes to go on without asking");
        return Answer::No;
    }
    let steps: usize = plans.iter().map(|(_, plan)| plan.steps.len()).sum();
    let hosts = plans.iter().map(|(host, _)| host).collect::<BTreeSet<_>>().len();
    if screen.ask(&format!("Carry out these {steps} steps on {hosts} hosts?")) {
        Answer::Yes
    } else {
        Answer::No
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::cli::args::{Arguments, Command, Upgrade};

    #[test]
    fn only_a_flag_waives_the_second_way_in() {
        let second_way = |line: &str| {
            let command = Arguments::parse_from(line.split(' ')).command;
            if let Command::Harden(Harden { change, .. })
            | Command::Install(Install { change, .. })
            | Command::Upgrade(Upgrade { change, .. }) = &command
            {
                return change.second_way();
            }
            let Command::Apply(order) = command else { panic!("{line}") };
            order.upgrade(Vec::new()).change.second_way()
        };
        for command in ["harden x.yaml", "install x.yaml", "upgrade x.yaml", "apply x.yaml p.json"] {
            assert_eq!(second_way(&format!("pryvctl {command} --yes")), SecondWay::Needed);
            assert_eq!(second_way(&format!("pryvctl {command} --no-break-glass")), SecondWay::Waived);
        }
    }
}
