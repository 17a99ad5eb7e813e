//! `logs`: what services of hosts have said, as one log.

use std::fmt::Write as _;

use clap::Args;

use super::{
    args::{Format, InventoryFile, NewHosts, Target},
    gate,
    halt::Halt,
    pipe, project,
    render::element,
    report::Screen,
};
use crate::{
    app::{
        choice::services,
        document::LogDocument,
        exec::NO_CONTAINER,
        exit::{self, Exit},
    },
    fleet::{
        ask::Asked,
        logs::{HostLogs, LogPiece, Wanted, Which, merged, open},
    },
    host::{
        HostError, Kind, Since,
        logs::{Entry, Line, Query},
    },
    model::name::HostName,
};

/// Whose logs are shown.
#[derive(Debug, Clone, Args)]
pub struct Logs {
    /// The inventory.
    #[command(flatten)]
    pub file: InventoryFile,
    /// Hosts, separated by commas (wildcards `*` and `?`; `!NAME` leaves hosts out).
    #[arg(value_name = "HOST")]
    pub host: String,
    /// Services, separated by commas (wildcards `*` and `?`; `!NAME` leaves hosts out). Default: all services of the hosts.
    #[arg(value_name = "SERVICE")]
    pub service: Option<String>,
    /// Follow new lines until you press Ctrl-C or the containers stop.
    #[arg(long, short)]
    pub follow: bool,
    /// Show only lines since TIME: an age by the host's clock, as in 10m or 1h30m, or a time, as in 2026-11-29T10:00:00Z.
    #[arg(long, value_name = "TIME")]
    pub since: Option<Since>,
    /// Show only the last N lines of each container.
    #[arg(long, value_name = "N")]
    pub tail: Option<u32>,
    /// Show all containers of a service, including those kept for a rollback. Default: only the serving container.
    #[arg(long)]
    pub all: bool,
    /// Show the time of each line, in UTC.
    #[arg(long, short)]
    pub timestamps: bool,
    /// What becomes of hosts that were never seen before.
    #[command(flatten)]
    pub new_hosts: NewHosts,
}

/// What `logs` prints for programs.
pub const FORMS: &str =
    "With `-o json` each line is an object with the keys `host`, `service`, `time` and `text`.";

impl Logs {
    /// The hosts.
    pub fn target(&self) -> Target {
        Target::named(&self.file, &self.host, self.new_hosts)
    }
}

/// Shows logs until they end, or until nobody reads them any more.
pub async fn run(command: &Logs, screen: &Screen) -> Result<Exit, Halt> {
    let (_, members) = project::open(&command.target(), screen)?;
    let query = Query { follow: command.follow, since: command.since, tail: command.tail };
    let chosen = command.service.as_deref().map(|patterns| services(patterns, &members)).transpose()?;
    let which = if command.all { Which::All } else { Which::Serving };
    let is_one =
        members.len() == 1 && chosen.as_ref().is_some_and(|chosen| chosen.len() == 1) && !command.all;
    let wanted = Wanted { services: chosen, which, query };
    let (mut hosts, exit) = opened(open(&members, &wanted).await, screen);
    let form = Form {
        format: screen.format(),
        timestamps: command.timestamps,
        name: if is_one { None } else { Some(widest(&hosts)) },
    };
    let show = show(&mut hosts, query, &form, screen);
    // Whoever has read enough need not wait until something is said.
    let shown = tokio::select! {
        shown = show => shown,
        () = pipe::nobody_reads() => Exit::Done,
    };
    Ok(exit.or(shown))
}

/// The logs that are open; what is missing is said.
fn opened(asked: Vec<Asked<HostLogs>>, screen: &Screen) -> (Vec<HostLogs>, Exit) {
    let (mut hosts, mut exit) = (Vec::new(), exit::asked(&asked));
    for Asked { host: name, answer } in asked {
        match answer {
            Ok(host) => {
                if !host.without.is_empty() {
                    let names: Vec<_> = host.without.iter().map(|name| format!("`{name}`")).collect();
                    let why = format!("there is no container of {}", names.join(", "));
                    screen.failure(host.host.as_str(), &why, Some(NO_CONTAINER));
                    exit = exit.or(Exit::NotConverged);
                }
                hosts.push(host);
            }
            Err(outcome) => screen.trouble(&name, &outcome),
        }
    }
    (hosts, exit)
}

/// What helps where a log broke off.
fn again(error: &HostError) -> Option<String> {
    match error.kind() {
        Kind::Lost => Some("run the same command again; `--since 5m` skips older lines".to_owned()),
        Kind::Unreachable | Kind::Refused | Kind::Remote | Kind::Locked => error.hint(),
    }
}

async fn show(hosts: &mut [HostLogs], query: Query, form: &Form, screen: &Screen) -> Exit {
    let (mut log, mut exit) = (merged(hosts, query), Exit::Done);
    while let Some((place, piece)) = log.next().await {
        let host = &hosts[place];
        match piece {
            LogPiece::Entry(Entry::Line(line)) => {
                if screen.line(&form.text(host, &line)).is_err() {
                    return exit;
                }
            }
            LogPiece::Entry(Entry::Complaint(words)) => {
                screen.note(gate::line(format!("{}: {words}", host.host)))
            }
            LogPiece::Failed(error) => {
                screen.failure(host.host.as_str(), &error.words(), again(&error).as_deref());
                exit = Exit::Unreachable;
            }
        }
    }
    exit
}

/// How a line looks.
struct Form {
    format: Format,
    timestamps: bool,
    /// The width of the names in front; `None`: there is only one container.
    name: Option<usize>,
}

fn widest(hosts: &[HostLogs]) -> usize {
    let names =
        hosts.iter().flat_map(|host| host.sources.iter().map(|source| name(&host.host, source).len()));
    names.max().unwrap_or_default()
}

fn name(host: &HostName, source: &str) -> String {
    format!("{host} {source}")
}

impl Form {
    fn text(&self, host: &HostLogs, line: &Line) -> String {
        let source = host.sources.get(line.container).map_or("?", String::as_str);
        self.of(&host.host, source, line)
    }

    fn of(&self, host: &HostName, source: &str, line: &Line) -> String {
        let document = || LogDocument {
            host: host.to_string(),
            service: source.to_owned(),
            time: line.time.clone(),
            text: line.text.clone(),
        };
        if let Some(element) = element(document, self.format) {
            return element;
        }
        let mut text = String::new();
        if let Some(width) = self.name {
            write!(text, "{:width$} | ", name(host, source)).unwrap_or_default();
        }
        if self.timestamps {
            text.push_str(&gate::line(&line.time));
            text.push(' ');
        }
        text.push_str(&gate::line(&line.text));
        text
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::cli::args::{Arguments, Command};

    fn text(form: &Form, said: &str) -> String {
        let line =
            Line { container: 0, time: "2026-11-29T10:00:00.000000000Z".to_owned(), text: said.to_owned() };
        form.of(&"co1".parse().unwrap(), "core", &line)
    }

    #[test]
    fn a_line_has_its_names_in_front_where_there_are_several() {
        let form = |name, timestamps| Form { format: Format::Text, timestamps, name };
        assert_eq!(text(&form(None, false), "GET /"), "GET /");
        assert_eq!(text(&form(Some(10), false), "GET /"), "co1 core   | GET /");
        insta::assert_snapshot!(text(&form(Some(8), true), "GET /"), @"co1 core | 2026-11-29T10:00:00.000000000Z GET /");
    }

    #[test]
    fn what_a_terminal_would_obey_is_shown() {
        let form = Form { format: Format::Text, timestamps: false, name: Some(8) };
        assert_eq!(text(&form, "a\u{1b}[2K\rco2 core | b"), r"co1 core | a\x1b[2K\rco2 core | b");
    }

    #[test]
    fn programs_get_a_line_of_json_or_an_element_of_yaml() {
        let form = |format| Form { format, timestamps: false, name: None };
        let json: serde_json::Value = serde_json::from_str(&text(&form(Format::Json), "a\u{9b}b")).unwrap();
        let yaml: serde_json::Value = serde_yaml::from_str(&text(&form(Format::Yaml), "a\u{9b}b")).unwrap();
        assert_eq!(yaml[0], json);
        assert_eq!((json["host"].as_str(), json["text"].as_str()), (Some("co1"), Some("a\u{9b}b")));
    }

    fn parsed(line: &str) -> Result<Command, clap::Error> {
        Arguments::try_parse_from(line.split(' ')).map(|arguments| arguments.command)
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
