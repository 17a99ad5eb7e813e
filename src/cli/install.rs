//! `install`: hosts become a running platform.

use clap::Args;

use super::{
    args::{Agreed, Change},
    carry_out::carry_out,
    halt::Halt,
    project::open,
    report::Screen,
};
use crate::app::{exit::Exit, orders};

/// What is installed.
#[derive(Debug, Clone, Args)]
pub struct Install {
    /// Which hosts.
    #[command(flatten)]
    pub change: Change,
    /// What is agreed to.
    #[command(flatten)]
    pub agreed: Agreed,
}

/// Makes the hosts a running platform.
pub async fn run(command: &Install, screen: &Screen) -> Result<Exit, Halt> {
    let order = orders::install(command.change.terms(command.agreed.into()));
    let (_, members) = open(&command.change.target, screen)?;
    carry_out("install", &command.change, &members, order, &|_| Ok(()), screen).await
}
