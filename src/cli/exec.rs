//! `exec`: a command in the container of a service. With a terminal it passes every byte on, as ssh does, also those that a
//! terminal obeys: whoever opens a shell in a container trusts it as far.

use std::{future::pending, io};

use clap::Args;
use tokio::{
    io::{Stderr, Stdout},
    signal::unix::{Signal, SignalKind, signal},
    sync::watch,
};

use super::{
    args::{InventoryFile, NewHosts, Target},
    exit::Ended,
    halt::Halt,
    pipe::{self, Pipe, Streams},
    project::open,
    report::Screen,
    terminal::{self, Raw},
};
use crate::{
    app::{
        choice::one_service,
        exec::{Ends, Left, Running, Sink},
        exit::Exit,
    },
    host::exec::{Piece, Size},
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
    /// What becomes of hosts that were never seen before.
    #[command(flatten)]
    pub new_hosts: NewHosts,
}

impl Exec {
    /// The host.
    fn target(&self) -> Target {
        Target::named(&self.file, &self.host, self.new_hosts)
    }
}

/// What the exit code of `exec` means.
pub const EXIT_CODES: &str = "Exit codes: the code of COMMAND, which can also be 1 to 8; 126 or 127 if Docker \
    cannot run COMMAND; 128 plus the number of the signal if you stop pryvctl, which also stops COMMAND (Ctrl-C: 130); 141 \
    if nobody reads stdout any more. If COMMAND was never started, 1 to 8 mean what they mean for other commands.";

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
    let (member, service) = one_service(&command.host, &command.service, &members)?;
    let size = terminal::size();
    let running = Running::start(&member, &service, &command.command, size).await?;
    // Until here a signal simply ends us.
    let signals = Signals::new().map_err(|error| Halt::new(Exit::Bug, error, None))?;
    let raw = size.and_then(|_| Raw::enter(io::stdin()).ok());
    let streams = if raw.is_some() { Streams::Terminal } else { Streams::Pipes };
    let (sender, sizes) = watch::channel(size.unwrap_or_default());
    let ends = Ends {
        input: tokio::io::stdin(),
        output: Own::new(streams),
        stop: stop(signals, sender),
        sizes: raw.is_some().then_some(sizes),
    };
    let left = running.talk(ends).await;
    drop(raw);
    Ok(Ended::Command(match left? {
        Left::Ended(code) => code,
        Left::Unread => Stop::Unread.code(),
        Left::Stopped(stop) => stop.code(),
    }))
}

/// Our own stdout and stderr.
struct Own {
    stdout: Pipe<Stdout>,
    stderr: Pipe<Stderr>,
}

impl Own {
    fn new(streams: Streams) -> Self {
        Self {
            stdout: Pipe::new(tokio::io::stdout(), &io::stdout(), streams),
            stderr: Pipe::new(tokio::io::stderr(), &io::stderr(), streams),
        }
    }
}

impl Sink for Own {
    async fn pass(&mut self, piece: Piece) -> io::Result<()> {
        match piece {
            Piece::Out(data) => self.stdout.pass(&data).await,
            Piece::Err(data) => {
                // Its stdout may still be read.
                self.stderr.pass(&data).await.unwrap_or_default();
                Ok(())
            }
        }
    }
}

/// Waits until we are to leave. Until then every new size of our terminal is passed on.
async fn stop(mut signals: Signals, sizes: watch::Sender<Size>) -> Stop {
    tokio::select! {
        stop = signals.next() => stop,
        () = pipe::nobody_reads() => Stop::Unread,
        never = watch_size(sizes) => never,
    }
}

async fn watch_size<T>(sizes: watch::Sender<Size>) -> T {
    if let Ok(mut changes) = signal(SignalKind::window_change()) {
        while changes.recv().await.is_some() {
            if let Some(size) = terminal::size() {
                sizes.send_replace(size);
            }
        }
    }
    pending().await
}

/// The signals that are to end us.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hang_up: Signal,
}

impl Signals {
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
        assert!(order.new_hosts.accept_new_host_keys && order.target().new_hosts.accept_new_host_keys);
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
