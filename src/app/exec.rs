//! A command in the container of a service that serves: found, started, and talked with until one side leaves.

use std::{
    future::{Future, pending},
    io,
    sync::Arc,
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncReadExt as _},
    sync::watch,
    time::{sleep, timeout},
};

use super::exit::Exit;
use crate::{
    fleet::Member,
    host::{
        Connection, HostError, Kind,
        containers::find,
        exec::{Input, Output, Piece, Process, Size, start},
    },
    model::name::{HostName, ServiceName},
    plan::{leftover::is_up, serving::serving},
};

/// How many bytes of the input are read at once.
const PIECE: usize = 64 << 10;

/// How long somebody who leaves waits until the command is told.
const FAREWELL: Duration = Duration::from_secs(10);

/// How often, and how far apart, a command that is just starting is told the size of its terminal.
const TRIES: u32 = 10;
const PAUSE: Duration = Duration::from_millis(100);

/// Why a command did not run, or why nobody knows how it ended.
#[derive(Debug, thiserror::Error)]
pub enum ExecError {
    /// The service has no container.
    #[error("{host}: there is no container of `{service}`")]
    NoContainer {
        /// The host.
        host: HostName,
        /// The service.
        service: ServiceName,
    },
    /// The service has a container that does not run.
    #[error("{host}: no container of `{service}` runs: {container} is {status}")]
    NotRunning {
        /// The host.
        host: HostName,
        /// The service.
        service: ServiceName,
        /// The name of the container.
        container: String,
        /// Docker's word for its state.
        status: String,
    },
    /// The command was never started.
    #[error("{}: {}", .0.host, .0.words())]
    Host(HostError),
    /// The command was started, and is not known to have ended.
    #[error("{}: {}", .0.host, .0.words())]
    Running(HostError),
}

/// What helps where a service has no container.
pub const NO_CONTAINER: &str = "`pryvctl status` shows what runs; `pryvctl install` starts what is missing";

impl ExecError {
    /// The exit code that says so.
    pub fn exit(&self) -> Exit {
        match self {
            Self::NoContainer { .. } | Self::NotRunning { .. } => Exit::NotConverged,
            Self::Host(_) | Self::Running(_) => Exit::Unreachable,
        }
    }

    /// The way out.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NoContainer { .. } => Some(NO_CONTAINER.to_owned()),
            Self::NotRunning { host, service, .. } => {
                Some(format!("`pryvctl logs INVENTORY {host} {service}` shows its last log lines"))
            }
            Self::Host(error) => error.hint(),
            Self::Running(error) => match error.kind() {
                Kind::Lost => Some(
                    "the command may still be running in the container; check before you run it again"
                        .to_owned(),
                ),
                Kind::Unreachable | Kind::Refused | Kind::Remote | Kind::Locked => error.hint(),
            },
        }
    }
}

/// A command that runs.
pub struct Running {
    process: Process,
    input: Input,
    output: Output,
}

/// Who talks with the command.
pub struct Ends<I, O, S> {
    /// What the command reads.
    pub input: I,
    /// Where what it prints goes.
    pub output: O,
    /// Ends when we are to leave before the command has ended.
    pub stop: S,
    /// The size of its terminal, as it is now and as it becomes; `None`: it has none.
    pub sizes: Option<watch::Receiver<Size>>,
}

/// Where what a command prints goes.
pub trait Sink {
    /// Passes a piece on.
    ///
    /// # Errors
    /// Nobody reads its stdout any more.
    fn pass(&mut self, piece: Piece) -> impl Future<Output = io::Result<()>>;
}

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Left<S> {
    /// The command ended, with this code.
    Ended(u8),
    /// Nobody reads what it prints any more.
    Unread,
    /// We were stopped.
    Stopped(S),
}

impl Running {
    /// Starts a command in the container of a service that serves: at a terminal of this size, or with its three streams apart.
    ///
    /// # Errors
    /// The host does not answer, or no container of the service runs.
    pub async fn start(
        member: &Arc<Member>,
        service: &ServiceName,
        command: &[String],
        terminal: Option<Size>,
    ) -> Result<Self, ExecError> {
        let connection = Connection::open(&member.login).await.map_err(ExecError::Host)?;
        let container = container(&connection, member, service).await?;
        let started = start(&connection, &container, command, terminal).await;
        let (process, input, output) = started.map_err(ExecError::Host)?;
        Ok(Self { process, input, output })
    }

    /// Passes on what is said on both sides until the command has ended, or until we are to leave; then the command is told
    /// that nobody is there any more.
    ///
    /// # Errors
    /// The connection is lost, or Docker does not answer.
    pub async fn talk<I, O, S>(self, ends: Ends<I, O, S>) -> Result<Left<S::Output>, ExecError>
    where
        I: AsyncRead + Unpin,
        O: Sink,
        S: Future,
    {
        let Self { process, input, output } = self;
        let left = tokio::select! {
            left = listen(&process, output, ends.output) => left.map_err(ExecError::Running)?,
            stop = ends.stop => Left::Stopped(stop),
            never = feed(input, ends.input) => never,
            never = resize(&process, ends.sizes) => never,
        };
        match left {
            Left::Ended(_) => {}
            // Whether it heard or not, we were told to leave.
            Left::Unread | Left::Stopped(_) => {
                timeout(FAREWELL, process.hang_up()).await.map(drop).unwrap_or_default();
            }
        }
        Ok(left)
    }
}

/// The container of a service that serves.
async fn container(
    connection: &Connection,
    member: &Arc<Member>,
    service: &ServiceName,
) -> Result<String, ExecError> {
    let found = find(connection, &member.desired.platform).await.map_err(ExecError::Host)?;
    let (host, named) = (member.host().clone(), service.clone());
    match serving(service.as_str(), &found.containers, &found.map) {
        Some(serves) if is_up(serves) => Ok(serves.name.clone()),
        Some(last) => Err(ExecError::NotRunning {
            host,
            service: named,
            container: last.name.clone(),
            status: last.status.clone(),
        }),
        None => Err(ExecError::NoContainer { host, service: named }),
    }
}

async fn listen<S>(process: &Process, mut output: Output, mut to: impl Sink) -> Result<Left<S>, HostError> {
    while let Some(piece) = output.next().await? {
        if to.pass(piece).await.is_err() {
            return Ok(Left::Unread);
        }
    }
    process.wait().await.map(Left::Ended)
}

/// Passes the input on, to its end. The command may go on after that.
async fn feed<T>(mut input: Input, mut from: impl AsyncRead + Unpin) -> T {
    let mut piece = vec![0; PIECE];
    while let Ok(length @ 1..) = from.read(&mut piece).await {
        input.send(&piece[..length]).await;
    }
    input.finish().await;
    pending().await
}

/// Passes on the size of the terminal, and every other that it gets.
async fn resize<T>(process: &Process, sizes: Option<watch::Receiver<Size>>) -> T {
    if let Some(mut sizes) = sizes {
        for _ in 0..TRIES {
            if tell_size(process, &mut sizes).await.is_ok() {
                break;
            }
            sleep(PAUSE).await;
        }
        while sizes.changed().await.is_ok() {
            // A command that has just ended has no terminal any more.
            tell_size(process, &mut sizes).await.unwrap_or_default();
        }
    }
    pending().await
}

async fn tell_size(process: &Process, sizes: &mut watch::Receiver<Size>) -> Result<(), HostError> {
    let size = *sizes.borrow_and_update();
    if size.is_known() { process.resize(size).await } else { Ok(()) }
}
