//! What is typed of every change.

use std::{path::PathBuf, time::Duration};

use clap::{Args, ValueEnum};

use super::Target;
use crate::{
    app::orders::Terms,
    fleet::order::Approval,
    model::compose::parse_period,
    plan::{
        crossing::{Consents, Found, OneWay},
        preflight::break_glass::SecondWay,
        rollout::Policy,
    },
};

/// A target that will be changed.
#[derive(Debug, Clone, Args)]
pub struct Change {
    /// Which hosts.
    #[command(flatten)]
    pub target: Target,
    /// Show the steps that would be taken, and change nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// On which conditions.
    #[command(flatten)]
    pub conditions: Conditions,
}

/// On which conditions hosts are changed, and where that is written down.
#[derive(Debug, Clone, Args)]
pub struct Conditions {
    /// Do not ask before hosts are changed. Without a terminal you have to give this.
    #[arg(long, short)]
    pub yes: bool,
    /// How long pryvctl may take to log in again after a change of firewall or sshd. If no login succeeds by then, the host undoes
    /// that change by itself.
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = window)]
    pub window: Duration,
    /// Accept hosts for which the inventory names no second way in (`break_glass`), although password logins are turned off. Without
    /// this, such hosts are refused.
    #[arg(long)]
    pub no_break_glass: bool,
    /// Write the journal of changes to this file. Default: pryvctl/journal.jsonl in your state directory, ~/.local/state.
    #[arg(long, value_name = "FILE", env = "PRYVCTL_JOURNAL", hide_env = true)]
    pub journal: Option<PathBuf>,
}

/// Shorter than a slow login would undo good changes; longer than an hour would leave an administrator waiting.
fn window(text: &str) -> Result<Duration, String> {
    match text.trim_end_matches('s').parse() {
        Ok(seconds @ 10..=3600) => Ok(Duration::from_secs(seconds)),
        Ok(_) | Err(_) => Err("a window is 10 to 3600 seconds".to_owned()),
    }
}

impl Change {
    /// As said on the command line.
    pub fn terms(&self, consents: Consents) -> Terms {
        Terms {
            parallel: usize::from(self.target.parallel),
            window: self.conditions.window,
            second_way: if self.conditions.no_break_glass { SecondWay::Waived } else { SecondWay::Needed },
            consents,
            approval: if self.conditions.yes { Approval::Given } else { Approval::Asked },
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

/// What an administrator says about one upgrade.
#[derive(Debug, Clone, Default, Args)]
pub struct Manner {
    /// What to do when more hosts fail than the role allows. Default: what the roles say. A host that failed starts its old containers
    /// again, unless they can no longer read the data.
    #[arg(long, value_enum, value_name = "WHAT")]
    pub on_failure: Option<Failure>,
    /// What is agreed to.
    #[command(flatten)]
    pub agreed: Agreed,
    /// Begin no new batch of hosts when the command has run for this long, as in 90m or 2h. The hosts that are left keep the old
    /// version.
    #[arg(long, value_name = "DURATION", value_parser = parse_period)]
    pub deadline: Option<Duration>,
}

/// What an administrator agrees to that cannot be taken back.
#[derive(Debug, Clone, Copy, Default, Args)]
pub struct Agreed {
    /// Allow upgrades after which the old version cannot read the data any more. You can then go back only with a backup. The
    /// backup command that the inventory or the role names runs first; if none is named, or it fails, the host is not changed.
    #[arg(long)]
    pub accept_irreversible: bool,
    /// Confirm that you stopped the service and restored the backup from before the upgrade; pryvctl cannot check that. Without
    /// this, an older version is not started on data that a newer one has changed.
    #[arg(long)]
    pub data_restored: bool,
}

/// What happens when more hosts fail than a role tolerates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Failure {
    /// Stop. Hosts that are upgraded keep the new version.
    Stop,
    /// Stop, and bring all hosts of the failed batch back to the old version.
    RollbackBatch,
    /// Stop, and bring every host of this run back to the old version.
    RollbackAll,
    /// Continue with the next batch.
    Continue,
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

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::cli::{
        args::{Arguments, Command},
        harden::Harden,
        install::Install,
        upgrade::Upgrade,
    };

    #[test]
    fn only_a_flag_waives_the_second_way_in() {
        let second_way = |line: &str| {
            let command = Arguments::parse_from(line.split(' ')).command;
            if let Command::Harden(Harden { change, .. })
            | Command::Install(Install { change, .. })
            | Command::Upgrade(Upgrade { change, .. }) = &command
            {
                return change.terms(Consents::NONE).second_way;
            }
            let Command::Apply(order) = command else { panic!("{line}") };
            order.upgrade(Vec::new()).change.terms(Consents::NONE).second_way
        };
        for command in ["harden x.yaml", "install x.yaml", "upgrade x.yaml", "apply x.yaml p.json"] {
            assert_eq!(second_way(&format!("pryvctl {command} --yes")), SecondWay::Needed);
            assert_eq!(second_way(&format!("pryvctl {command} --no-break-glass")), SecondWay::Waived);
        }
    }

    #[test]
    fn a_window_is_bounded() {
        assert_eq!(window("30"), Ok(Duration::from_secs(30)));
        assert_eq!(window("30s"), Ok(Duration::from_secs(30)));
        assert!(window("9").is_err() && window("3601").is_err() && window("soon").is_err());
    }
}
