//! The command line, as types. What is typed here is what `--help`, completions and manual pages say.

mod inside;
mod rolling;

use std::{path::PathBuf, str::FromStr, time::Duration};

use clap::{Args, Parser, Subcommand, ValueEnum};
pub use inside::{Exec, Logs};
pub use rolling::{Agreed, Apply, Failure, Install, Manner, Rollback, Upgrade};

use crate::lab::Secrets;

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
    #[command(after_help = inside::FORMS)]
    Logs(Logs),
    /// Runs a command in the container of a service that serves, as `docker exec` does.
    #[command(after_help = inside::EXIT_CODES)]
    Exec(Exec),
    /// Removes what pryvctl installed.
    Uninstall(Uninstall),
    /// Throw-away hosts on this machine, to rehearse an inventory.
    Lab(Lab),
    /// Prints the JSON Schema of the inventory.
    Schema,
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

/// The inventory, and whether the lab stands in for its hosts.
#[derive(Debug, Clone, Args)]
pub struct InventoryFile {
    /// The inventory.
    #[arg(value_name = "INVENTORY")]
    pub inventory: PathBuf,
    /// Run against the lab instead of the inventory's addresses; a name where there are several labs. Hooks that reach
    /// out of the lab are not called, and secrets are made up.
    #[arg(long, value_name = "NAME", num_args = 0..=1, default_missing_value = "", require_equals = true)]
    pub lab: Option<String>,
    /// Take the inventory's own secrets into the lab, where all others are made up.
    #[arg(long, requires = "lab")]
    pub real_secrets: bool,
}

impl InventoryFile {
    /// Which secrets a lab gets.
    pub fn secrets(&self) -> Secrets {
        if self.real_secrets { Secrets::Real } else { Secrets::MadeUp }
    }
}

/// The inventory and which of its hosts.
#[derive(Debug, Clone, Args)]
pub struct Target {
    /// The inventory.
    #[command(flatten)]
    pub file: InventoryFile,
    /// Only hosts of these names; `*` and `?` match, `!name` leaves out.
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub host: Vec<String>,
    /// Only hosts with one of these roles, likewise.
    #[arg(long, value_name = "ROLE", value_delimiter = ',')]
    pub role: Vec<String>,
    /// Only hosts of these zones, likewise.
    #[arg(long, value_name = "ZONE", value_delimiter = ',')]
    pub zone: Vec<String>,
    /// Only hosts with one of these labels, likewise.
    #[arg(long, value_name = "LABEL", value_delimiter = ',')]
    pub label: Vec<String>,
    /// Learn keys of hosts never seen before; a changed key is refused all the same.
    #[arg(long)]
    pub accept_new_host_keys: bool,
    /// How many hosts at once.
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub parallel: u16,
}

impl Target {
    /// Hosts by their names.
    pub fn hosts(file: InventoryFile, host: Vec<String>) -> Self {
        Self {
            file,
            host,
            role: Vec::new(),
            zone: Vec::new(),
            label: Vec::new(),
            accept_new_host_keys: false,
            parallel: 16,
        }
    }
}

/// A target that will be changed.
#[derive(Debug, Clone, Args)]
pub struct Change {
    /// Which hosts.
    #[command(flatten)]
    pub target: Target,
    /// Do not ask.
    #[arg(long, short)]
    pub yes: bool,
    /// Show the plan and stop.
    #[arg(long)]
    pub dry_run: bool,
    /// How long a host waits for our new login before it takes a firewall or SSH change back.
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = window)]
    pub window: Duration,
    /// Switch passwords off even where the inventory's `break_glass` names no second way in.
    #[arg(long)]
    pub no_break_glass: bool,
    /// The journal of what is done. Default: pryvctl/journal.jsonl in the state folder of this account.
    #[arg(long, value_name = "FILE", env = "PRYVCTL_JOURNAL", hide_env = true)]
    pub journal: Option<PathBuf>,
}

/// What of the journal is shown, and with what it is compared.
#[derive(Debug, Clone, Args)]
pub struct Audit {
    /// The inventory whose hosts are asked what they keep of the journal; changes nothing.
    #[arg(value_name = "INVENTORY")]
    pub inventory: Option<PathBuf>,
    /// Ask the lab's hosts; a name where there are several labs.
    #[arg(
        long,
        value_name = "NAME",
        num_args = 0..=1,
        default_missing_value = "",
        require_equals = true,
        requires = "inventory"
    )]
    pub lab: Option<String>,
    /// Ask only hosts of these names; `*` and `?` match, `!name` leaves out.
    #[arg(long, value_name = "NAME", value_delimiter = ',', requires = "inventory")]
    pub host: Vec<String>,
    /// The journal. Default: pryvctl/journal.jsonl in the state folder of this account.
    #[arg(long, value_name = "FILE", env = "PRYVCTL_JOURNAL", hide_env = true)]
    pub journal: Option<PathBuf>,
    /// Only runs whose name begins so.
    #[arg(long, value_name = "RUN")]
    pub run: Option<String>,
}

impl Audit {
    /// The hosts to ask.
    pub fn target(&self) -> Option<Target> {
        let file =
            InventoryFile { inventory: self.inventory.clone()?, lab: self.lab.clone(), real_secrets: false };
        Some(Target::hosts(file, self.host.clone()))
    }
}

/// Shorter than a slow login would undo good changes; longer than an hour would leave an administrator waiting.
fn window(text: &str) -> Result<Duration, String> {
    match text.trim_end_matches('s').parse() {
        Ok(seconds @ 10..=3600) => Ok(Duration::from_secs(seconds)),
        Ok(_) | Err(_) => Err("a window is 10 to 3600 seconds".to_owned()),
    }
}

/// What to do about hardening.
#[derive(Debug, Clone, Args)]
pub struct Harden {
    /// Which hosts.
    #[command(flatten)]
    pub change: Change,
    /// Bring everything back to how it was recorded before the first run; roles go on.
    #[arg(long, conflicts_with = "report")]
    pub undo: bool,
    /// Show what every control finds, with its score; changes nothing.
    #[arg(long, value_enum, value_name = "FORM", num_args = 0..=1, default_missing_value = "table",
        require_equals = true)]
    pub report: Option<ReportForm>,
}

/// The form of a report about controls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ReportForm {
    /// A table; or what --output says.
    Table,
    /// SARIF 2.1.0, for code scanners and dashboards.
    Sarif,
    /// One page that needs nothing else.
    Html,
}

/// What to remove.
#[derive(Debug, Clone, Args)]
pub struct Uninstall {
    /// Which hosts.
    #[command(flatten)]
    pub change: Change,
    /// Also remove the platform's volumes and with them its data.
    #[arg(long)]
    pub remove_volumes: bool,
}

/// The lab.
#[derive(Debug, Clone, Args)]
pub struct Lab {
    /// What to do with it.
    #[command(subcommand)]
    pub action: LabAction,
    /// The journal of what is done. Default: pryvctl/journal.jsonl in the state folder of this account.
    #[arg(long, value_name = "FILE", env = "PRYVCTL_JOURNAL", hide_env = true, global = true)]
    pub journal: Option<PathBuf>,
}

/// What can be done with a lab.
#[derive(Debug, Clone, Subcommand)]
pub enum LabAction {
    /// Starts one throw-away host for every host of the inventory, and a registry with stand-in images.
    Up {
        /// The inventory.
        inventory: PathBuf,
        /// The lab's name. Default: the platform's.
        #[arg(long)]
        name: Option<String>,
    },
    /// Removes a lab and everything it left.
    Down {
        /// The lab's name, or the inventory it was made for.
        lab: String,
        /// Also remove the cached host images.
        #[arg(long)]
        images: bool,
    },
    /// Lists labs and their hosts.
    Status,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn a_window_is_bounded() {
        assert_eq!(window("30"), Ok(Duration::from_secs(30)));
        assert_eq!(window("30s"), Ok(Duration::from_secs(30)));
        assert!(window("9").is_err() && window("3601").is_err() && window("soon").is_err());
    }
}
