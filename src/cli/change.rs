//! `harden`, `install`, `uninstall`: all hosts at once.

use std::collections::BTreeSet;

use super::{
    args::{Change, Harden, Install, Uninstall},
    carry_out::carry_out,
    halt::Halt,
    project::open,
    report::Screen,
};
use crate::{
    app::exit::Exit,
    app::orders,
    fleet::Members,
    plan::{crossing::Consents, uninstall::Volumes},
};

/// Makes the hosts hard, or takes that back, or says how hard they are.
pub async fn harden(command: &Harden, screen: &Screen) -> Result<Exit, Halt> {
    if let Some(form) = command.report {
        return super::look::controls(&command.change.target, form, screen).await;
    }
    let terms = command.change.terms(Consents::NONE);
    let order = if command.undo { orders::unharden(terms) } else { orders::harden(terms) };
    let (_, members) = open(&command.change.target, screen)?;
    carry_out("harden", &command.change, &members, order, &|_| Ok(()), screen).await
}

/// Makes the hosts a running platform.
pub async fn install(command: &Install, screen: &Screen) -> Result<Exit, Halt> {
    let order = orders::install(command.change.terms(command.agreed.into()));
    let (_, members) = open(&command.change.target, screen)?;
    carry_out("install", &command.change, &members, order, &|_| Ok(()), screen).await
}

/// Removes what is ours.
pub async fn uninstall(command: &Uninstall, screen: &Screen) -> Result<Exit, Halt> {
    let (_, members) = open(&command.change.target, screen)?;
    let volumes =
        if command.remove_volumes { Volumes::Remove } else { fate(&members, &command.change, screen) };
    let order = orders::uninstall(volumes, command.change.terms(Consents::NONE));
    carry_out("uninstall", &command.change, &members, order, &|_| Ok(()), screen).await
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
