//! `watch`: stays, and says when a host is no longer as it should be.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use clap::Args;

use super::{args::Target, halt::Halt, history::period, render::events, report::Screen};
use crate::{
    app::{
        exit::{Exit, worst},
        journal,
        project::Selection,
    },
    model::size::Bytes,
    watch::{
        News, Rhythm, Until, Watched,
        history::{Claim, History, SMALLEST, place},
        standing::Standing,
        watch,
    },
};

/// What is watched, and how often.
#[derive(Debug, Clone, Args)]
pub struct Watch {
    /// Which hosts.
    #[command(flatten)]
    pub target: Target,
    /// Measure each host once and compare it with the inventory once, then end with the exit code of `status`.
    #[arg(long)]
    pub once: bool,
    /// How often to measure each host: load, memory, disks, network and containers.
    #[arg(long, value_name = "PERIOD", default_value = "60s", value_parser = rhythm)]
    pub sample: Duration,
    /// How often to compare each host with the inventory, as `status` does.
    #[arg(long, value_name = "PERIOD", default_value = "15m", value_parser = rhythm)]
    pub look: Duration,
    /// The database of samples and events. Default: pryvctl/history.db in your state directory, ~/.local/state.
    #[arg(long, value_name = "FILE", env = "PRYVCTL_HISTORY", hide_env = true)]
    pub history: Option<PathBuf>,
    /// Serve the web page at this address, as in 127.0.0.1:9464. Default: `watch.listen` of the inventory; without both there is no
    /// page.
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub listen: Option<SocketAddr>,
    /// The journal that the page shows, and that keeps repairs. Default: pryvctl/journal.jsonl in your state directory, ~/.local/state.
    #[arg(long, value_name = "FILE", env = "PRYVCTL_JOURNAL", hide_env = true)]
    pub journal: Option<PathBuf>,
    /// How large the database may become. When it is full, the oldest samples of full detail are deleted first.
    #[arg(long, value_name = "SIZE", default_value = "2GiB", value_parser = size)]
    pub history_size: Bytes,
    /// Log in with this private key file instead of those of the inventory. May be given more than once.
    #[arg(long, value_name = "FILE")]
    pub identity: Vec<PathBuf>,
}

/// What `watch` prints, and what it listens to.
pub const FORMS: &str = "Prints a line when the state of a host changes: well (as the inventory says), drifted (not as it says), \
    unfit (does not meet the requirements), locked (another run of pryvctl works on it) or away (no answer, or no login). With \
    `-o json` each line is an object with the keys time, host, state and words. With `watch.repair` in the inventory, drift is \
    repaired unattended; a line says repaired, or not-repaired and why. An alert that begins, goes on or is over is one line, \
    too, and is sent to whom the inventory says under `watch.notify`. If the inventory file changes, or on SIGHUP, it is read \
    again; if it has an error, the old one stays in force. Ctrl-C and SIGTERM end it.";

/// Shorter ones would be more work for a host than what it is there for.
const LEAST: Duration = Duration::from_secs(1);

fn rhythm(text: &str) -> Result<Duration, String> {
    match period(text)? {
        period if period >= LEAST => Ok(period),
        _ => Err("a period is at least 1s".to_owned()),
    }
}

fn size(text: &str) -> Result<Bytes, String> {
    match text.parse::<Bytes>().map_err(|error| error.to_string())? {
        size if size >= SMALLEST => Ok(size),
        _ => Err(format!("a history has at least {SMALLEST}")),
    }
}

/// Watches until the end.
pub async fn run(command: &Watch, screen: &Screen) -> Result<Exit, Halt> {
    let until = if command.once { Until::Round } else { Until::Stopped };
    let place = place(command.history.as_ref())?;
    // One round sends no alerts, and may go on beside a daemon.
    let _claim = match until {
        Until::Stopped => Some(Claim::of(&place, &command.target.file.source().inventory)?),
        Until::Round => None,
    };
    let mut history = History::open(&place)?;
    history.limit(command.history_size)?;
    let selection = Selection { identities: command.identity.clone(), ..command.target.selection() };
    let watched = Watched {
        source: command.target.file.source(),
        selection,
        listen: command.listen,
        journal: journal::place(command.journal.as_ref()).ok(),
    };
    let rhythm = Rhythm { sample: command.sample, look: command.look, until };
    let tell = |news| tell(&news, screen);
    let standings = watch(&watched, rhythm, history, tell, &|problems| screen.problems(problems)).await?;
    Ok(if command.once { worst(standings.values().map(Standing::exit)) } else { Exit::Done })
}

fn tell(news: &News, screen: &Screen) {
    match news {
        // Who reads no more, and does not end us, still has the history.
        News::Host(one) => screen.line(&events::line(one, screen.format())).unwrap_or_default(),
        News::Alert(message) => screen.line(&events::alert(message, screen.format())).unwrap_or_default(),
        News::Reread => screen.note("the inventory has changed and is in force"),
        News::Refused(error) => screen.failure(
            "the inventory has changed, and stays out of force",
            &error.to_string(),
            Some("`pryvctl validate` shows what is wrong; the one before is in force"),
        ),
        News::Served(address) => screen.note(format!("the page is at {address}")),
        News::Unserved(error) => {
            screen.failure("the page is not served", &error.to_string(), Some(&error.hint()))
        }
        News::Unkept(error) => screen.failure("not kept", &error.to_string(), Some(&error.hint())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::args::Format;

    fn said(standing: &Standing, format: Format) -> String {
        events::line(&standing.since(1_796_027_400, &"co1".parse().unwrap()), format)
    }

    #[test]
    fn a_host_says_its_state_in_one_line() {
        let drifted =
            Standing::Drifted { steps: vec!["firewall.table".to_owned(), "service.core.start".to_owned()] };
        insta::assert_snapshot!(said(&drifted, Format::Text), @"2026-11-30T08:30:00Z co1 drifted: the host has drifted; `pryvctl install` would do firewall.table, service.core.start");
        let hostile = Standing::Away { why: "\u{1b}[2J\nco2 well".to_owned() };
        insta::assert_snapshot!(said(&hostile, Format::Text), @r"2026-11-30T08:30:00Z co1 away: the host cannot be reached: \x1b[2J\nco2 well");
        let json: serde_json::Value = serde_json::from_str(&said(&hostile, Format::Json)).unwrap();
        assert_eq!((json["state"].as_str(), json["host"].as_str()), (Some("away"), Some("co1")));
    }

    #[test]
    fn a_round_ends_with_the_exit_code_of_what_to_look_at_first() {
        let verdict = |standings: &[Standing]| worst(standings.iter().map(Standing::exit));
        let drifted = Standing::Drifted { steps: Vec::new() };
        let away = Standing::Away { why: String::new() };
        assert_eq!(verdict(&[Standing::Well]), Exit::Done);
        assert_eq!(verdict(&[Standing::Well, drifted.clone()]), Exit::Drift);
        // As `status` has it: drift is what can wait.
        assert_eq!(verdict(&[away, drifted]), Exit::Unreachable);
    }
}
