//! `rollback`: what served before the last change serves again.

use clap::Args;

use super::{
    args::{Agreed, Change},
    carry_out::carry_out,
    halt::Halt,
    project::open,
    report::Screen,
};
use crate::app::{exit::Exit, orders};

/// Which hosts go back.
#[derive(Debug, Clone, Args)]
pub struct Rollback {
    /// Which hosts.
    #[command(flatten)]
    pub change: Change,
    /// Confirm that you stopped the service and restored the backup from before the upgrade; pryvctl cannot check that. Without
    /// this, an older version is not started on data that a newer one has changed.
    #[arg(long)]
    pub data_restored: bool,
}

/// Brings back what served before the last change.
pub async fn run(command: &Rollback, screen: &Screen) -> Result<Exit, Halt> {
    let (project, members) = open(&command.change.target, screen)?;
    let agreed = Agreed { data_restored: command.data_restored, ..Agreed::default() };
    let order = orders::rollback(&project, &members, command.change.terms(agreed.into()))?;
    carry_out("rollback", &command.change, &members, order, &|_| Ok(()), screen).await
}
