//! The command line, as types. What is typed here is what `--help`, completions and manual pages say. What one command alone
//! takes stands in its own file.

mod change;
mod target;

use std::{path::PathBuf, str::FromStr};

use clap::{Args, Parser, Subcommand, ValueEnum};

pub use change::{Agreed, Change, Manner, window};
pub use target::{InventoryFile, Target};

use super::{
    apply::Apply,
    audit::Audit,
    exec::{self, Exec},
    harden::Harden,
    install::Install,
    lab::Lab,
    logs::{self, Logs},
    rollback::Rollback,
    schema::Schema,
    uninstall::Uninstall,
    upgrade::Upgrade,
};

/// Makes bare Linux hosts a hardened, running platform, and keeps them so.
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

const EXIT_CODES: &str = "Exit codes: 0 done, 1 a bug, 2 usage, 3 inventory, 4 preflight (nothing touched), \
    5 not converged, 6 drift, 7 locked, 8 unreachable.";

/// How results are shown.
#[derive(Debug, Clone, Args)]
pub struct Face {
    /// text, json or yaml; for `plan` also a file (with a `.` or `/` in its name) that `apply` takes.
    #[arg(long, short, global = true, value_name = "FORM", default_value = "text")]
    pub output: Outlet,
    /// More tracing on stderr; twice for all of it.
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
    /// Lines and tables for people.
    Text,
    /// One JSON document on stdout.
    Json,
    /// The same document as YAML.
    Yaml,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Checks the inventory offline: keys, references, zones, ports.
    Validate(InventoryFile),
    /// Looks whether every host meets its needs; changes nothing.
    Preflight(Target),
    /// Shows the steps `install` would take; changes nothing. `-o FILE` keeps them for `apply`.
    Plan(Target),
    /// Carries out a plan that was kept with `plan INVENTORY -o FILE`, batch by batch; refuses if now something else would be
    /// done.
    Apply(Apply),
    /// Sets firewall, sshd, kernel and Docker as hard as the inventory says; what could cut SSH is commit-confirmed.
    Harden(Harden),
    /// Preflight, harden, Docker Engine, roles; a second run changes nothing.
    Install(Install),
    /// Brings the hosts to what the inventory says, one after the other; a host that fails goes back by itself.
    Upgrade(Upgrade),
    /// Brings back what served before the last change.
    Rollback(Rollback),
    /// Lets a running upgrade wait before its next batch.
    Pause(Target),
    /// Lets a waiting upgrade go on.
    Resume(Target),
    /// Shows what was done and by whom. Finds lines of that record that were changed, lost or moved; with an inventory also a
    /// record that was cut, written anew or replaced, by what the changed hosts keep of it.
    Audit(Audit),
    /// Shows what runs, and whether it is what the inventory says; changes nothing.
    Status(Target),
    /// Shows the logs of the services of a host; of several hosts and services as one log in order of time. Changes nothing.
    #[command(after_help = logs::FORMS)]
    Logs(Logs),
    /// Runs a command in the container of a service that serves, as `docker exec` does.
    #[command(after_help = exec::EXIT_CODES)]
    Exec(Exec),
    /// Removes what pryvctl installed.
    Uninstall(Uninstall),
    /// Throw-away hosts on this machine, to rehearse an inventory.
    Lab(Lab),
    /// Prints the JSON Schema of the inventory, or of the JSON document.
    Schema(Schema),
    /// Prints completions for a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Writes the manual pages into a folder.
    Man {
        /// The folder.
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
