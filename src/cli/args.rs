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
#[command(name = "pryvctl", version, max_term_width = 100, after_help = WORDS)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// How to say it.
    #[command(flatten)]
    pub face: Face,
}

const WORDS: &str = "\
Words:
  inventory    The YAML file that names your hosts and says what runs on each of them
  zone         A part of the platform, as one country. A host is in one zone
  role         A folder with a Compose file: the services that a host with this role runs
  hook         A command of a role that runs before or after an upgrade, as a backup
  control      One rule of hardening, as \"sshd refuses passwords\"
  break glass  The second way into a host, for the day on which your SSH key no longer lets you in
  lab          A copy of the platform in containers on this machine, to rehearse a command

Exit codes:
  0  Everything you asked for is done
  1  pryvctl itself has a bug
  2  The command line is wrong
  3  The inventory, or a file that it names, is wrong. No host was contacted
  4  A host does not meet the requirements of `preflight`. No host was changed
  5  A change failed, was reverted, or something is in its way. A host is not as the inventory says
  6  A host is not as the inventory says, and the command was only to look. Nothing was changed
  7  Another run of pryvctl works on a host
  8  A host does not answer, or refuses the login

\"pryvctl COMMAND --help\" explains a command.";

const PLAN_FILE: &str = "`-o FILE` saves the plan, with FILE a name that has a `.` or a `/`. Show it to whoever has to approve \
    it, then `pryvctl apply INVENTORY FILE` takes these steps and no others.";

/// How results are shown.
#[derive(Debug, Clone, Args)]
pub struct Face {
    /// Print the result as text, json or yaml.
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
    /// Show the steps that `install` or `upgrade` would take; change nothing. `-o FILE` saves the plan for `apply`.
    #[command(after_help = PLAN_FILE)]
    Plan(Target),
    /// Take the steps of a plan that you saved with `plan -o FILE`; refuse if the hosts now need other steps.
    Apply(Apply),
    /// Harden the hosts only: firewall, sshd, kernel and Docker, to the level that the inventory names. A change that could
    /// lock you out is reverted by the host unless a new login succeeds.
    Harden(Harden),
    /// Check the hosts, harden them, install Docker Engine and start the roles. If nothing is to do, nothing is changed.
    Install(Install),
    /// Bring running hosts to what the inventory says now, as a new version of an image. A host on which that fails gets its old
    /// containers back.
    Upgrade(Upgrade),
    /// Start the containers again that served before the last `install` or `upgrade`, in place of those that serve now.
    Rollback(Rollback),
    /// Pause upgrades of these hosts: one that runs now stops before its next batch.
    Pause(Target),
    /// Allow upgrades of paused hosts again.
    Resume(Target),
    /// Show the journal, in which every change is a line, and check that no line was altered or removed. With an inventory,
    /// also compare the journal with what the hosts keep of it.
    Audit(Audit),
    /// Show what runs, and whether it matches the inventory; change nothing.
    Status(Target),
    /// Go on watching the hosts until you stop it: print when one is no longer as the inventory says, send alerts, serve a web
    /// page, and record load, memory and disks for `history`.
    #[command(after_help = watch::FORMS)]
    Watch(Watch),
    /// Show the alerts that `watch` recorded. `alerts test` sends a test message to everybody who would be told.
    #[command(after_help = alerts::FORMS)]
    Alerts(Alerts),
    /// Show what `watch` recorded: what happened to the hosts, or with `--metric` a value over time, as free memory.
    History(Past),
    /// Show logs of services; logs of several hosts or services are merged by time. Change nothing.
    #[command(after_help = logs::FORMS)]
    Logs(Logs),
    /// Run a command in the serving container of a service, as `docker exec` does.
    #[command(after_help = exec::EXIT_CODES)]
    Exec(Exec),
    /// Remove what pryvctl installed and take back what it changed. Data stays unless you give `--remove-volumes`.
    Uninstall(Uninstall),
    /// Make a lab: a copy of the platform in containers on this machine. Then add `--lab` to any command to rehearse it there.
    Lab(Lab),
    /// Make a password for the page of `watch`: print its hash for the inventory on stdout, the password on stderr.
    Password,
    /// Print the JSON Schema of the inventory, or of what commands print with `-o json`.
    Schema(Schema),
    /// Print a script with which your shell completes commands and options when you press Tab.
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
