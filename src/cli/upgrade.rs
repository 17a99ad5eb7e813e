//! `upgrade`: hosts become what the inventory says, batch by batch.

use clap::Args;

use super::{
    args::{Change, Manner},
    carry_out::carry_out,
    halt::Halt,
    project::load,
    report::Screen,
};
use crate::{
    app::{
        exit::Exit,
        orders::{self, Pace},
        project::{Missing, Project},
    },
    fleet::{Members, order::Order},
    plan::rollout::Policy,
};

/// How hosts are upgraded.
#[derive(Debug, Clone, Args)]
pub struct Upgrade {
    /// Which hosts.
    #[command(flatten)]
    pub change: Change,
    /// Upgrade one host first, and when its services are healthy the others in batches, as large as the roles say. Without this,
    /// all hosts of a role are upgraded at once.
    #[arg(long)]
    pub rolling: bool,
    /// In which manner.
    #[command(flatten)]
    pub manner: Manner,
}

/// Brings the hosts to what the inventory says, batch by batch.
pub async fn run(command: &Upgrade, screen: &Screen) -> Result<Exit, Halt> {
    let project = load(&command.change.target.file, Missing::Refused, screen)?;
    let (members, order) = command.order(&project)?;
    carry_out("upgrade", &command.change, &members, order, &|_| Ok(()), screen).await
}

impl Upgrade {
    /// Its hosts, and what is to be done on them.
    pub fn order(&self, project: &Project) -> Result<(Members, Order), Halt> {
        let members = project.members(&self.change.target.selection())?;
        let Manner { on_failure, agreed, deadline } = self.manner;
        let manner = orders::Manner {
            pace: if self.rolling { Pace::Rolling } else { Pace::AtOnce },
            on_failure: on_failure.map(Policy::from),
            deadline,
        };
        let order = orders::upgrade(project, &members, self.change.terms(agreed.into()), manner)?;
        Ok((members, order))
    }
}
