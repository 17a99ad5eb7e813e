//! `harden`, `install`, `uninstall`: the commands that change hosts.

use std::collections::BTreeSet;

use super::{
    args::{Change, Uninstall},
    context::{Loaded, Missing},
    document::Document,
    exit::{Exit, verdict},
    progress::Watch,
    report::{Halt, Screen},
    tables,
};
use crate::{
    fleet::change::{Answer, Order, change, look},
    model::name::HostName,
    plan::{Goal, Plan, uninstall::Volumes},
};

/// Applies firewall and SSH hardening.
pub async fn harden(order: &Change, screen: &Screen) -> Result<Exit, Halt> {
    run("harden", order, Goal::Harden, screen).await
}

/// Makes the hosts a running platform.
pub async fn install(order: &Change, screen: &Screen) -> Result<Exit, Halt> {
    run("install", order, Goal::Install, screen).await
}

/// Removes what is ours.
pub async fn uninstall(order: &Uninstall, screen: &Screen) -> Result<Exit, Halt> {
    let volumes = if order.remove_volumes { Volumes::Remove } else { Volumes::Keep };
    run("uninstall", &order.change, Goal::Uninstall(volumes), screen).await
}

async fn run(name: &str, command: &Change, goal: Goal, screen: &Screen) -> Result<Exit, Halt> {
    let loaded = Loaded::load(&command.target.file, Missing::Refused, screen)?;
    let members = loaded.members(&command.target)?;
    let parallel = usize::from(command.target.parallel);
    let (events, watch) = Watch::start(screen);
    let reports = if command.dry_run {
        look(&members, goal, parallel, &events).await
    } else {
        let order = Order { goal, parallel, window: command.window, owner: owner() };
        change(&members, &order, &events, async |plans| approve(screen, command, plans)).await
    };
    drop(events);
    watch.done().await;
    let exit = verdict(&reports);
    screen.result(tables::reports(&reports, tables::Detail::of(command.dry_run)));
    screen.document(&Document::new(name, exit).hosts(&reports));
    Ok(exit)
}

/// Shows the plans and asks, unless `--yes`. Without a person to ask, the answer is no.
fn approve(screen: &Screen, command: &Change, plans: &[(HostName, Plan)]) -> Answer {
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

/// Who holds the lock, for the eyes of a second administrator.
fn owner() -> String {
    let name = |key| std::env::var(key).ok().filter(|value| !value.is_empty());
    let user = name("SUDO_USER").or_else(|| name("USER")).or_else(|| name("LOGNAME"));
    let machine = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    format!(
        "{}@{} (pid {})",
        user.unwrap_or_else(|| "someone".to_owned()),
        machine.trim(),
        std::process::id()
    )
}
