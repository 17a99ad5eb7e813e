//! What is typed of upgrades and the way back.

use std::{path::PathBuf, time::Duration};

use clap::{Args, ValueEnum};

use super::{Change, InventoryFile, Target, window};
use crate::model::compose::parse_period;

/// A plan that is carried out.
#[derive(Debug, Clone, Args)]
pub struct Apply {
    /// The inventory the plan was made from.
    #[command(flatten)]
    pub file: InventoryFile,
    /// The plan.
    #[arg(value_name = "FILE")]
    pub plan: PathBuf,
    /// Do not ask.
    #[arg(long, short)]
    pub yes: bool,
    /// How long a host waits for our new login before it takes a firewall or SSH change back.
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = window)]
    pub window: Duration,
    /// Switch passwords off even where the inventory's `break_glass` names no second way in.
    #[arg(long)]
    pub no_break_glass: bool,
    /// How many hosts at once.
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub parallel: u16,
    /// In which manner.
    #[command(flatten)]
    pub manner: Manner,
    /// The journal of what is done. Default: pryvctl/journal.jsonl in the state folder of this account.
    #[arg(long, value_name = "FILE", env = "PRYVCTL_JOURNAL", hide_env = true)]
    pub journal: Option<PathBuf>,
}

impl Apply {
    /// The same as an upgrade of the hosts the plan is about.
    pub fn upgrade(&self, host: Vec<String>) -> Upgrade {
        let target = Target { parallel: self.parallel, ..Target::hosts(self.file.clone(), host) };
        let Self { yes, window, no_break_glass, journal, manner, .. } = self.clone();
        let change = Change { target, yes, dry_run: false, window, no_break_glass, journal };
        Upgrade { change, rolling: true, manner }
    }
}

/// How hosts are upgraded.
#[derive(Debug, Clone, Args)]
pub struct Upgrade {
    /// Which hosts.
    #[command(flatten)]
    pub change: Change,
    /// A canary first, then batches, as the roles say; without it, all hosts of a role at once.
    #[arg(long)]
    pub rolling: bool,
    /// In which manner.
    #[command(flatten)]
    pub manner: Manner,
}

/// What an administrator says about one upgrade.
#[derive(Debug, Clone, Default, Args)]
pub struct Manner {
    /// What happens when more hosts fail than a role tolerates. Default: as the roles say. A host that fails goes back in
    /// any case.
    #[arg(long, value_enum, value_name = "WHAT")]
    pub on_failure: Option<Failure>,
    /// What is agreed to.
    #[command(flatten)]
    pub agreed: Agreed,
    /// Begin no batch when this much time has passed, as in 90m or 2h.
    #[arg(long, value_name = "TIME", value_parser = parse_period)]
    pub deadline: Option<Duration>,
}

/// What an administrator agrees to that cannot be taken back.
#[derive(Debug, Clone, Copy, Default, Args)]
pub struct Agreed {
    /// Also upgrade services whose data an older version cannot read again, after the backup their role names.
    #[arg(long)]
    pub accept_irreversible: bool,
    /// What the inventory wants is older than what opened the data last: you stopped it and restored a backup.
    #[arg(long)]
    pub data_restored: bool,
}

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

/// What happens when more hosts fail than a role tolerates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Failure {
    /// Go no further; what was reached stays.
    Stop,
    /// Go no further; the hosts of the last batch go back.
    RollbackBatch,
    /// Go no further; every host of this run goes back.
    RollbackAll,
    /// Go on with the next hosts.
    Continue,
}

/// Which hosts go back.
#[derive(Debug, Clone, Args)]
pub struct Rollback {
    /// Which hosts.
    #[command(flatten)]
    pub change: Change,
    /// A newer version has opened data that the older one cannot read: you stopped it and restored the backup from before the
    /// change.
    #[arg(long)]
    pub data_restored: bool,
}
