//! The command line, as types. What is typed here is what `--help`, completions and manual pages say. What one command alone
//! takes stands in its own file.

mod change;
mod target;

use std::{path::PathBuf, str::FromStr};

use clap::{Args, Parser, Subcommand, ValueEnum};

pub use change::{Agreed, Change, Conditions, Manner};
pub use target::{InventoryFile, NewHosts, Target};

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
First steps on a new platform:
  pryvctl validate INVENTORY                            Is the inventory without errors?
  pryvctl lab up INVENTORY                              Make a copy of the platform on this machine
  pryvctl install INVENTORY --lab                       Rehearse the installation there
  pryvctl preflight INVENTORY --accept-new-host-keys    Do the real hosts meet the requirements?
  pryvctl plan INVENTORY                                What would be changed on them?
  pryvctl install INVENTORY                             Harden them and start the services
  pryvctl status INVENTORY                              Are they as the inventory says?

Words:
  inventory    The YAML file that names your hosts and says what runs on each of them
  zone         A part of the platform, for example one country. A host is in one zone
  role         A folder with a Compose file: the services that a host with this role runs
  batch        The hosts that are upgraded at the same time. The role says how many
  hook         A command of a role that runs before or after an upgrade, for example a backup
  level        How strict hardening is: 1 for every host, 2 is stricter. A level is a list of controls
  control      One rule of hardening, for example \"sshd refuses passwords\"
  break glass  A second way into a host, as a console or another login, for the day on which your
               SSH key does not let you in
  journal      The file on this machine in which every change is a line
  lab          A copy of the platform in containers on this machine, to rehearse a command

Exit codes:
  0  Everything you asked for is done
  1  pryvctl itself has a bug
  2  The command line is wrong
  3  The inventory, or a file that it names, is wrong. No host was contacted
  4  At least one host does not meet the requirements, so no host was changed. See `preflight`
  5  A change failed, or could not begin, or pryvctl undid it: see the hosts with `status`
  6  `status`, `harden --report` or `watch --once` found a host that is not as the inventory says,
     `apply` that other steps are needed now, or `audit` that the journal is not whole
  7  Another run of pryvctl works on a host. Nothing was changed on that host
  8  A host does not answer, or refuses the login. Other hosts may be changed

\"pryvctl COMMAND --help\" explains a command.";

const PLAN_FILE: &str = "`-o FILE` saves the plan, with FILE a name that has a `.` or a `/`. The file is JSON and \
    holds no secret. Whoever has to approve the plan reads it, then `pryvctl apply INVENTORY FILE` takes these steps and no others.";

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
    /// Check the inventory and the files that it names. No host is contacted.
    Validate(InventoryFile),
    /// Check whether the hosts meet the requirements, for example Linux version, memory and disk; change nothing.
    Preflight(Target),
    /// Show what is to be done on each host to match the inventory; change nothing. `install` and `upgrade` take these steps.
    /// With `-o FILE` the plan is saved for `apply`.
    #[command(after_help = PLAN_FILE)]
    Plan(Target),
    /// Upgrade hosts, batch by batch, by a plan that you saved with `plan -o FILE`. If other steps are needed now, nothing is
    /// changed on any host.
    Apply(Apply),
    /// Harden the hosts, and nothing else: firewall, sshd, kernel and Docker, to the level that the inventory names. Services keep
    /// running. After a change that could lock you out pryvctl logs in again; if it cannot, the host undoes the change by itself.
    Harden(Harden),
    /// Check the hosts, harden them, install Docker Engine and start the services of their roles, on all hosts at
    /// once. Hosts that run an older version are upgraded with them; `upgrade --rolling` does that one batch after the other.
    Install(Install),
    /// Change hosts to match the inventory, for example to a new version of an image. If this fails on a host, its old containers
    /// are started again. Give `--rolling` to change one batch of hosts after the other.
    Upgrade(Upgrade),
    /// Stop the containers that serve now, and start those that served before the last upgrade, with their configuration files.
    /// Hardening and data stay as they are. Then change the version in the inventory back, too.
    Rollback(Rollback),
    /// Pause upgrades of these hosts: a running upgrade finishes its batch, and then waits for `resume`. Services keep running.
    Pause(Target),
    /// Let paused upgrades of these hosts go on.
    Resume(Target),
    /// Show the journal, in which every change is a line, and check that no line was altered or removed. With an inventory,
    /// also compare the journal with the copies that the hosts keep.
    Audit(Audit),
    /// Show which containers run, and whether each host matches the inventory, hardening included; change nothing.
    Status(Target),
    /// Go on watching the hosts until you stop it: print when one is no longer as the inventory says, send alerts, serve a web
    /// page, record load, memory and disks for `history`, and repair what the inventory allows (`watch.repair`; default: nothing).
    #[command(after_help = watch::FORMS)]
    Watch(Watch),
    /// Show the alerts that `watch` recorded. `alerts test` sends a test message to everybody who would be told.
    #[command(after_help = alerts::FORMS)]
    Alerts(Alerts),
    /// Show what `watch` recorded: what happened to the hosts, or with `--metric` a value over time, for example
    /// free memory.
    History(Past),
    /// Show logs of services; logs of several hosts or services are merged by time. Change nothing.
    #[command(after_help = logs::FORMS)]
    Logs(Logs),
    /// Run a command in the serving container of a service, as `docker exec` does.
    #[command(after_help = exec::EXIT_CODES)]
    Exec(Exec),
    /// Remove the containers, networks and firewall rules of the platform, and undo hardening, on all hosts unless you select some.
    /// Docker stays. Volumes and their data stay, unless you give `--remove-volumes`.
    Uninstall(Uninstall),
    /// Make a lab: a copy of the platform in containers on this machine. Then add `--lab` to a command that works on hosts, to rehearse it.
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
