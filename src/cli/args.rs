//! The command line, as types. What is typed here is what `--help`, completions and manual pages say. What one command alone
//! takes stands in its own file.

mod change;
mod target;

use std::{path::PathBuf, str::FromStr};

use clap::{Args, Parser, Subcommand, ValueEnum};

pub use change::{Agreed, Change, Manner, window};
pub use target::{InventoryFile, Target};

use super::{
    alerts::{self, Alerts},
    apply::Apply,
    audit::Audit,
    exec::{self, Exec},
    harden::Harden,
    history::Past,
    install::Install,
    lab::Lab,
    logs::{self, Logs},
    rollback::Rollback,
    schema::Schema,
    uninstall::Uninstall,
    upgrade::Upgrade,
    watch::{self, Watch},
};

/// Turn bare Linux hosts into a hardened Docker platform, and keep them that way.
#[derive(Debug, Parser)]
#[command(name = "pryvctl", version, max_term_width = 100, after_help = EXIT_CODES)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// How to say it.
    #[command(flatten)]
    pub face: Face,
}

const EXIT_CODES: &str = "Exit codes: 0 done, 1 bug in pryvctl, 2 wrong usage, 3 wrong inventory, 4 preflight failed \
    (nothing changed), 5 not converged, 6 drift found, 7 host locked by another run, 8 host unreachable.";

/// How results are shown.
#[derive(Debug, Clone, Args)]
pub struct Face {
    /// Print the result as text, json or yaml. `plan` also takes a file name (with a `.` or `/`) and saves the plan for `apply`.
    #[arg(long, short, global = true, value_name = "FORM", default_value = "text")]
    pub output: Outlet,
    /// Print debug messages to stderr; give it twice for all of them.
    #[arg(long, short, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
}

/// Where a result goes, and in which form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outlet {
    /// To stdout.
    Stdout(Format),
    /// A plan, to a file.
    File(PathBuf),
}

impl FromStr for Outlet {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match Format::from_str(text, false) {
            Ok(format) => Ok(Self::Stdout(format)),
            // A misspelt form must not become a file.
            Err(_) if text.contains(['.', '/']) => Ok(Self::File(text.into())),
            Err(_) => Err("write text, json, yaml, or a file with a `.` or `/` in its name".to_owned()),
        }
    }
}

impl Outlet {
    /// The form of what goes to stdout.
    pub fn format(&self) -> Format {
        match self {
            Self::Stdout(format) => *format,
            Self::File(_) => Format::Text,
        }
    }

    /// The file, if it is one.
    pub fn file(&self) -> Option<&PathBuf> {
        match self {
            Self::Stdout(_) => None,
            Self::File(path) => Some(path),
        }
    }
}

/// The form of a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Print lines and tables for people.
    Text,
    /// Print one JSON document to stdout.
    Json,
    /// Print the JSON document as YAML.
    Yaml,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Check the inventory without contacting hosts: keys, references, zones, ports.
    Validate(InventoryFile),
    /// Check that every host meets the requirements; change nothing.
    Preflight(Target),
    /// Show the steps that `install` would take; change nothing. `-o FILE` saves the plan for `apply`.
    Plan(Target),
    /// Apply a plan saved with `plan INVENTORY -o FILE`, batch by batch; refuse if the plan would be different now.
    Apply(Apply),
    /// Harden firewall, sshd, kernel and Docker to the inventory's level; changes that could cut SSH revert unless confirmed.
    Harden(Harden),
    /// Check and harden the hosts, then install Docker Engine and roles; a second run changes nothing.
    Install(Install),
    /// Bring hosts to the state of the inventory, batch by batch; a host that fails is rolled back automatically.
    Upgrade(Upgrade),
    /// Roll hosts back to the containers that served before the last change.
    Rollback(Rollback),
    /// Pause a running upgrade before its next batch.
    Pause(Target),
    /// Resume a paused upgrade.
    Resume(Target),
    /// Show the change journal and verify its hash chain. With an inventory, also compare the journal with the copies on the
    /// hosts, to find a journal that was cut, rewritten or replaced.
    Audit(Audit),
    /// Show what runs, and whether it matches the inventory; change nothing.
    Status(Target),
    /// Watch hosts and report when one no longer matches the inventory; record samples for `history`. Change nothing.
    #[command(after_help = watch::FORMS)]
    Watch(Watch),
    /// Show which alerts fire, as `watch` recorded them; `alerts test` sends a test message to each notifier. Change nothing.
    #[command(after_help = alerts::FORMS)]
    Alerts(Alerts),
    /// Show what `watch` recorded: state changes, or the values of a metric with a plot for each host.
    History(Past),
    /// Show logs of services; logs of several hosts or services are merged by time. Change nothing.
    #[command(after_help = logs::FORMS)]
    Logs(Logs),
    /// Run a command in the serving container of a service, as `docker exec` does.
    #[command(after_help = exec::EXIT_CODES)]
    Exec(Exec),
    /// Remove what pryvctl installed.
    Uninstall(Uninstall),
    /// Rehearse an inventory on throw-away hosts on this machine.
    Lab(Lab),
    /// Make a password for the page of `watch`: print its hash for the inventory on stdout, the password on stderr.
    Password,
    /// Print the JSON Schema of the inventory or of the JSON document.
    Schema(Schema),
    /// Print completions for a shell.
    Completions {
        /// Shell to print completions for.
        shell: clap_complete::Shell,
    },
    /// Write the manual pages to a directory.
    Man {
        /// Directory for the manual pages.
        folder: PathBuf,
    },
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Arguments::command().debug_assert();
    }
}
