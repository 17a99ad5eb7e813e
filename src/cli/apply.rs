//! `apply`: a plan that was saved, and what it says alone.

use std::path::PathBuf;

use clap::Args;

use super::{
    args::{Change, Conditions, InventoryFile, Manner, Target},
    carry_out::carry_out,
    halt::Halt,
    project::load,
    report::Screen,
    upgrade::Upgrade,
};
use crate::{
    app::{
        exit::Exit,
        project::Missing,
        saved_plan::{Origin, SavedPlan},
    },
    fleet::proposal::Proposal,
};

/// A plan that is carried out.
#[derive(Debug, Clone, Args)]
pub struct Apply {
    /// The inventory the plan was made from.
    #[command(flatten)]
    pub file: InventoryFile,
    /// Plan file written by `plan -o FILE`.
    #[arg(value_name = "FILE")]
    pub plan: PathBuf,
    /// On which conditions.
    #[command(flatten)]
    pub conditions: Conditions,
    /// Work on at most N hosts at the same time.
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub parallel: u16,
    /// In which manner.
    #[command(flatten)]
    pub manner: Manner,
}

impl Apply {
    /// The same as an upgrade of the hosts the plan is about.
    pub fn upgrade(&self, host: Vec<String>) -> Upgrade {
        let target = Target { parallel: self.parallel, ..Target::hosts(self.file.clone(), host) };
        let Self { conditions, manner, .. } = self.clone();
        Upgrade { change: Change { target, dry_run: false, conditions }, rolling: true, manner }
    }
}

/// Carries out a plan that was kept, if it still says the same. Which inventory, and so which hosts and which hooks, says
/// who applies it: a file that came from elsewhere can only be refused.
pub async fn run(command: &Apply, screen: &Screen) -> Result<Exit, Halt> {
    let kept = SavedPlan::read(&command.plan)?;
    kept.is_for(command.file.lab.as_ref())?;
    let project = load(&command.file, Missing::Refused, screen)?;
    let origin = Origin { lab: command.file.lab.as_ref(), sources: &project.sources };
    kept.is_of(&project.sources)?;
    let upgrade = command.upgrade(kept.hosts());
    let (members, order) = upgrade.order(&project)?;
    let agrees = |proposal: &Proposal<'_>| kept.is_still(&SavedPlan::of(origin, proposal));
    carry_out("apply", &upgrade.change, &members, order, &agrees, screen).await
}
