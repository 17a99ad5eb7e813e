//! `exec`: a command in the container of a service. With a terminal it passes every byte on, as ssh does, also those that a
//! terminal obeys: whoever opens a shell in a container trusts it as far.

use std::{future::pending, io, sync::Arc, time::Duration};

use clap::Args;
use tokio::{
    io::AsyncReadExt as _,
    signal::unix::{Signal, SignalKind, signal},
    time::{sleep, timeout},
};

use super::{
    args::{InventoryFile, Target},
    exit::Ended,
    halt::Halt,
    logs::{NO_CONTAINER, named},
    pipe::{self, Ends, Pipe},
    project::open,
    report::Screen,
    terminal::{self, Raw},
};
use crate::{
    app::exit::Exit,
    fleet::Member,
    host::{
        Connection, HostError, Kind,
        containers::find,
        exec::{Input, Output, Piece, Process, start},
    },
    model::name::ServiceName,
    plan::{leftover::is_up, serving::serving},
};

/// What is run, and where.
#[derive(Debug, Clone, Args)]
pub struct Exec {
    /// The inventory.
    #[command(flatten)]
    pub file: InventoryFile,
    /// Name of the host.
    #[arg(value_name = "HOST")]
    pub host: String,
    /// Name of the service.
    #[arg(value_name = "SERVICE")]
    pub service: String,
    /// Command and arguments, after `--`. COMMAND gets a terminal if stdin and stdout are terminals, and its output is then
    /// not filtered; otherwise COMMAND reads your stdin, and its stdout and stderr stay separate.
    #[arg(value_name = "COMMAND", last = true, required = true)]
    pub command: Vec<String>,
    /// Accept and record host keys of unknown hosts; changed keys are still rejected.
    #[arg(long)]
    pub accept_new_host_keys: bool,
}

impl Exec {
    /// The host.
    fn target(&self) -> Target {
        Target::named(&self.file, &self.host, self.accept_new_host_keys)
    }
}

/// What the exit code of `exec` means.
pub const EXIT_CODES: &str = "Exit codes: the code of COMMAND, which can also be 1 to 8; 126 or 127 if Docker \
    cannot run COMMAND; 128 plus the number of the signal if you stop pryvctl, which also stops COMMAND (Ctrl-C: 130); 141 \
    if nobody reads stdout any more. If COMMAND was never started, 1 to 8 mean what they mean for other commands.";

/// What is read of stdin at once, bytes.
const PIECE: usize = 64 << 10;

/// How long somebody who leaves waits until the command is told.
const FAREWELL: Duration = Duration::from_secs(10);

/// How often, and how far apart, a command that is just starting is told the size of its terminal.
const TRIES: u32 = 10;
const PAUSE: Duration = Duration::from_millis(100);

/// How a command came to its end, or we to ours.
enum Left {
    /// It ended, with this code.
    Ended(u8),
    /// We were stopped.
    Stopped(Stop),
}

/// What stops us before the command has ended.
#[derive(Debug, Clone, Copy)]
enum Stop {
    /// Ctrl-C.
    Interrupt,
    /// `kill`.
    Terminate,
    /// Our terminal is gone.
    HangUp,
    /// Nobody reads our stdout any more.
    Unread,
}

impl Stop {
    /// The exit code by which a shell says so: 128 and the number of the signal.
    fn code(self) -> u8 {
        match self {
            Self::HangUp => 129,
            Self::Interrupt => 130,
            Self::Unread => 141,
            Self::Terminate => 143,
        }
    }
}

/// Runs a command, and gives its exit code.
pub async fn run(command: &Exec, screen: &Screen) -> Result<Ended, Halt> {
    let (_, members) = open(&command.target(), screen)?;
    let hosts: Vec<_> = members.iter().map(|member| (member.host().as_str(), member)).collect();
    let member = one("host", &command.host, &hosts)?;
    let services = named(&command.service, &members)?;
    let names: Vec<_> = services.iter().map(|name| (name.as_str(), name)).collect();
    let service = one("service", &command.service, &names)?;
    let connection = Connection::open(&member.login).await.map_err(|error| halt(&error))?;
    let container = container(&connection, member, service).await?;
    let size = terminal::size();
    let started = start(&connection, &container, &command.command, size).await;
    let (process, input, output) = started.map_err(|error| halt(&error))?;
    // Until here a signal simply ends us.
    let mut heed = Heed::new().map_err(|error| Halt::new(Exit::Bug, error, None))?;
    let raw = size.and_then(|_| Raw::enter(io::stdin()).ok());
    let ends = if raw.is_some() { Ends::Terminal } else { Ends::Pipes };
    let left = tokio::select! {
        left = talk(&process, input, output, ends) => left,
        stop = heed.next() => Ok(Left::Stopped(stop)),
        () = pipe::nobody_reads() => Ok(Left::Stopped(Stop::Unread)),
    };
    drop(raw);
    match left {
        Ok(Left::Ended(code)) => Ok(Ended::Command(code)),
        Ok(Left::Stopped(stop)) => {
            // Whether it heard or not, we were told to leave.
            timeout(FAREWELL, process.hang_up()).await.map(drop).unwrap_or_default();
            Ok(Ended::Command(stop.code()))
        }
        Err(error) => Err(in_the_middle(&error)),
    }
}

/// The one that a pattern must fit.
fn one<T: Copy>(what: &str, pattern: &str, found: &[(&str, T)]) -> Result<T, Halt> {
    match found {
        [(_, only)] => Ok(*only),
        several => {
            let names = several.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
            let message =
                format!("`{pattern}` matches more than one {what}: {names}; a command runs in one container");
            Err(Halt::new(Exit::Usage, message, Some(format!("name one {what}"))))
        }
    }
}

/// The container of a service that serves.
async fn container(
    connection: &Connection,
    member: &Arc<Member>,
    service: &ServiceName,
) -> Result<String, Halt> {
    let found = find(connection, &member.desired.platform).await.map_err(|error| halt(&error))?;
    let (host, service) = (member.host(), service.as_str());
    match serving(service, &found.containers, &found.map) {
        Some(serves) if is_up(serves) => Ok(serves.name.clone()),
        Some(last) => {
            let message =
                format!("{host}: no container of `{service}` runs: {} is {}", last.name, last.status);
            let hint = format!("`pryvctl logs INVENTORY {host} {service}` shows its last log lines");
            Err(Halt::new(Exit::NotConverged, message, Some(hint)))
        }
        None => {
            let message = format!("{host}: there is no container of `{service}`");
            Err(Halt::new(Exit::NotConverged, message, Some(NO_CONTAINER.to_owned())))
        }
    }
}

fn halt(error: &HostError) -> Halt {
    Halt::new(Exit::Unreachable, format!("{}: {}", error.host, error.words()), error.hint())
}

/// A command that has begun is not known to have ended.
fn in_the_middle(error: &HostError) -> Halt {
    match error.kind() {
        Kind::Lost => {
            let hint = "the command may still be running in the container; check before you run it again";
            Halt { hint: Some(hint.to_owned()), ..halt(error) }
        }
        Kind::Unreachable | Kind::Refused | Kind::Remote | Kind::Locked => halt(error),
    }
}

/// Passes on what is said on both sides until the command has ended.
async fn talk(process: &Process, input: Input, output: Output, ends: Ends) -> Result<Left, HostError> {
    tokio::select! {
        left = listen(process, output, ends) => left,
        never = feed(input) => never,
        never = resize(process, ends) => never,
    }
}

async fn listen(process: &Process, mut output: Output, ends: Ends) -> Result<Left, HostError> {
    let mut stdout = Pipe::new(tokio::io::stdout(), &io::stdout(), ends);
    let mut stderr = Pipe::new(tokio::io::stderr(), &io::stderr(), ends);
    while let Some(piece) = output.next().await? {
        match piece {
            Piece::Out(data) => {
                if stdout.pass(&data).await.is_err() {
                    return Ok(Left::Stopped(Stop::Unread));
                }
            }
            Piece::Err(data) => stderr.pass(&data).await.unwrap_or_default(),
        }
    }
    process.wait().await.map(Left::Ended)
}

/// Passes stdin on, to its end. The command may go on after that.
async fn feed<T>(mut input: Input) -> T {
    let (mut stdin, mut piece) = (tokio::io::stdin(), vec![0; PIECE]);
    while let Ok(length @ 1..) = stdin.read(&mut piece).await {
        input.send(&piece[..length]).await;
    }
    input.finish().await;
    pending().await
}

/// Passes on the size of the terminal, and every other that it gets.
async fn resize<T>(process: &Process, ends: Ends) -> T {
    if let (Ends::Terminal, Ok(mut changes)) = (ends, signal(SignalKind::window_change())) {
        for _ in 0..TRIES {
            if tell_size(process).await.is_ok() {
                break;
            }
            sleep(PAUSE).await;
        }
        while changes.recv().await.is_some() {
            // A command that has just ended has no terminal any more.
            tell_size(process).await.unwrap_or_default();
        }
    }
    pending().await
}

async fn tell_size(process: &Process) -> Result<(), HostError> {
    match terminal::size().filter(|size| size.is_known()) {
        Some(size) => process.resize(size).await,
        None => Ok(()),
    }
}

/// Listens for what is to end us.
struct Heed {
    interrupt: Signal,
    terminate: Signal,
    hang_up: Signal,
}

impl Heed {
    fn new() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    async fn next(&mut self) -> Stop {
        tokio::select! {
            _ = self.interrupt.recv() => Stop::Interrupt,
            _ = self.terminate.recv() => Stop::Terminate,
            _ = self.hang_up.recv() => Stop::HangUp,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::cli::args::{Arguments, Command};

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
}
