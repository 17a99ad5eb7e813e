//! What is typed to look into containers.

use clap::Args;

use super::{InventoryFile, Target};
use crate::host::Since;

/// Whose logs are shown.
#[derive(Debug, Clone, Args)]
pub struct Logs {
    /// The inventory.
    #[command(flatten)]
    pub file: InventoryFile,
    /// The host; `*` and `?` match several, commas stand between several, `!name` leaves out.
    #[arg(value_name = "HOST")]
    pub host: String,
    /// The service, likewise. Default: all services of the host.
    #[arg(value_name = "SERVICE")]
    pub service: Option<String>,
    /// Also show new lines as they come, until you press Ctrl-C or the containers stop.
    #[arg(long, short)]
    pub follow: bool,
    /// Show lines since then only: how long ago by the host's clock, as in 10m or 1h30m, or a time, as in
    /// 2026-11-29T10:00:00Z.
    #[arg(long, value_name = "TIME")]
    pub since: Option<Since>,
    /// Show the last N lines of each container only.
    #[arg(long, value_name = "N")]
    pub tail: Option<u32>,
    /// Show every container of a service, also the one that is kept for a rollback. Default: the one that serves.
    #[arg(long)]
    pub all: bool,
    /// Show the time of each line, in UTC.
    #[arg(long, short)]
    pub timestamps: bool,
    /// Learn keys of hosts never seen before; a changed key is refused all the same.
    #[arg(long)]
    pub accept_new_host_keys: bool,
}

/// What `logs` prints for programs.
pub const FORMS: &str = "With `-o json` each line is an object with the keys host, service, time and text.";

impl Logs {
    /// The hosts.
    pub fn target(&self) -> Target {
        target(&self.file, &self.host, self.accept_new_host_keys)
    }
}

/// What is run, and where.
#[derive(Debug, Clone, Args)]
pub struct Exec {
    /// The inventory.
    #[command(flatten)]
    pub file: InventoryFile,
    /// The host.
    #[arg(value_name = "HOST")]
    pub host: String,
    /// The service.
    #[arg(value_name = "SERVICE")]
    pub service: String,
    /// The command and its arguments, after `--`. It has a terminal if stdin and stdout are terminals, and then prints what
    /// it likes on yours; otherwise it reads your stdin, and its stdout and stderr stay apart.
    #[arg(value_name = "COMMAND", last = true, required = true)]
    pub command: Vec<String>,
    /// Learn keys of hosts never seen before; a changed key is refused all the same.
    #[arg(long)]
    pub accept_new_host_keys: bool,
}

impl Exec {
    /// The host.
    pub fn target(&self) -> Target {
        target(&self.file, &self.host, self.accept_new_host_keys)
    }
}

fn target(file: &InventoryFile, host: &str, accept_new_host_keys: bool) -> Target {
    Target { accept_new_host_keys, ..Target::hosts(file.clone(), vec![host.to_owned()]) }
}

/// What the exit code of `exec` means.
pub const EXIT_CODES: &str = "Exit codes: that of COMMAND, which may be 1 to 8, too; 126 or 127 if Docker cannot run \
    COMMAND. If you end pryvctl, it ends COMMAND and gives 128 and the number of the signal (Ctrl-C: 130); if nobody reads \
    its stdout any more, 141. If COMMAND could not be started: 1 to 8 as of the other commands.";

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::{super::Command, *};
    use crate::cli::args::Arguments;

    fn parsed(line: &str) -> Result<Command, clap::Error> {
        Arguments::try_parse_from(line.split(' ')).map(|arguments| arguments.command)
    }

    fn exec(line: &str) -> Exec {
        let Command::Exec(order) = parsed(line).unwrap() else { panic!("{line}") };
        order
    }

    #[test]
    fn what_stands_behind_the_hyphens_is_the_commands() {
        let order = exec("pryvctl exec a.yaml one web -- ls -l --all -- /");
        assert_eq!(order.command, ["ls", "-l", "--all", "--", "/"]);
        assert_eq!((order.host.as_str(), order.service.as_str()), ("one", "web"));
        let order = exec("pryvctl exec a.yaml --lab one web --accept-new-host-keys -- id");
        assert!(order.accept_new_host_keys && order.target().accept_new_host_keys);
        assert_eq!(order.file.lab.as_deref(), Some(""));
        assert_eq!(order.target().host, ["one"]);
    }

    #[test]
    fn a_command_must_be_named() {
        for line in [
            "pryvctl exec a.yaml one web",
            "pryvctl exec a.yaml one web --",
            "pryvctl exec a.yaml one web id",
        ] {
            assert!(parsed(line).is_err(), "{line}");
        }
        let missing = parsed("pryvctl exec a.yaml one web --").unwrap_err().to_string();
        assert!(missing.contains("<COMMAND>..."), "{missing}");
    }

    #[test]
    fn logs_are_of_all_services_unless_one_is_named() {
        let logs = |line: &str| {
            let Command::Logs(order) = parsed(line).unwrap() else { panic!("{line}") };
            order
        };
        let all = logs("pryvctl logs a.yaml co*,!co2");
        assert_eq!((all.service.as_deref(), all.follow, all.tail), (None, false, None));
        let one = logs("pryvctl logs a.yaml one web -f --since 10m --tail 5");
        assert_eq!((one.service.as_deref(), one.follow, one.tail), (Some("web"), true, Some(5)));
        assert_eq!(one.since, "10m".parse().ok());
        for wrong in ["--since soon", "--tail many", "--tail -1"] {
            assert!(parsed(&format!("pryvctl logs a.yaml one {wrong}")).is_err(), "{wrong}");
        }
    }
}
