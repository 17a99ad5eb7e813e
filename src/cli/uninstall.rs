//! `uninstall`: what is ours is removed.

use std::collections::BTreeSet;

use clap::Args;

use super::{args::Change, carry_out::carry_out, halt::Halt, project::open, report::Screen};
use crate::{
    app::{exit::Exit, orders},
    fleet::Members,
    plan::{crossing::Consents, uninstall::Volumes},
};

/// What to remove.
#[derive(Debug, Clone, Args)]
pub struct Uninstall {
    /// Which hosts.
    #[command(flatten)]
    pub change: Change,
    /// Also delete the platform's volumes with all data in them. No backup is made, and you cannot undo this.
    #[arg(long)]
    pub remove_volumes: bool,
}

/// Removes what is ours.
pub async fn run(command: &Uninstall, screen: &Screen) -> Result<Exit, Halt> {
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
    let asked = !command.conditions.yes && !command.dry_run && screen.can_ask();
    if asked && screen.ask(&format!("Also remove the volumes {list}, with all data in them?")) {
        return Volumes::Remove;
    }
    screen.note(format!("existing volumes and their data are kept: {list} (--remove-volumes removes them)"));
    Volumes::Keep
}
