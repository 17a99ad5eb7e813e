//! A command in a container: Docker's exec, attached to a stream of its own through the SSH connection.
//!
//! The attached stream is read here and not by bollard, whose reader (0.21.1) takes what a terminal prints for the head of a
//! frame when it begins with one of the bytes 0, 1, 2, and waits for the whole of a frame however long it says that it is.

use std::{future::poll_fn, pin::Pin, time::Duration};

use bollard::{
    Docker, body_full,
    exec::ResizeExecOptions,
    models::{ExecConfig, ExecInspectResponse},
};
use bytes::BytesMut;
use http::{
    Request, StatusCode,
    header::{CONNECTION, CONTENT_TYPE, HOST, UPGRADE},
};
use hyper::{
    body::{Body as _, Incoming},
    client::conn::http1,
    upgrade::Upgraded,
};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, ReadHalf, WriteHalf},
    time::sleep,
};

use super::{
    Session,
    connection::Connection,
    dial,
    docker::{AT_ONCE, within},
    error::{Fault, HostError, causes},
    frames::Frames,
};
use crate::model::command::Command;

pub use super::frames::Piece;

/// The keys by which Docker would leave a terminal. Its own choice, Ctrl-P and Ctrl-Q, would take Ctrl-P from shells; nobody
/// types these.
const DETACH: &str = "ctrl-^,ctrl-@,ctrl-^,ctrl-@";

/// How often it is asked whether a command has ended that has closed its output before.
const LOOK: Duration = Duration::from_millis(200);

/// What is read at once, bytes.
const PIECE: usize = 64 << 10;

/// The most that is read of an error, bytes.
const ERROR: usize = 16 << 10;

/// The size of a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Size {
    /// Lines.
    pub rows: u16,
    /// Letters in a line.
    pub columns: u16,
}

impl Size {
    /// Whether it is one: a terminal that nobody sees may have none.
    pub fn is_known(self) -> bool {
        self.rows > 0 && self.columns > 0
    }
}

/// A command that was started.
pub struct Process {
    connection: Connection,
    docker: Docker,
    id: String,
}

/// What goes in.
pub struct Input(WriteHalf<TokioIo<Upgraded>>);

/// What comes out.
pub struct Output {
    connection: Connection,
    read: ReadHalf<TokioIo<Upgraded>>,
    heard: BytesMut,
    /// `None`: a terminal, which has one stream.
    frames: Option<Frames>,
}

/// Starts a command in a container that runs: at a terminal of this size, or with its three streams apart.
///
/// # Errors
/// The connection failed, Docker does not answer, or the container does not run.
pub async fn start(
    connection: &Connection,
    container: &str,
    command: &[String],
    terminal: Option<Size>,
) -> Result<(Process, Input, Output), HostError> {
    let docker = connection.docker().await?;
    let config = ExecConfig {
        attach_stdin: Some(true),
        attach_stdout: Some(true),
        attach_stderr: Some(true),
        tty: Some(terminal.is_some()),
        // From 23.0 on; others are told with `resize`.
        console_size: terminal
            .filter(|size| size.is_known())
            .map(|size| vec![size.rows.into(), size.columns.into()]),
        detach_keys: terminal.map(|_| DETACH.to_owned()),
        cmd: Some(command.to_vec()),
        ..ExecConfig::default()
    };
    let made = within(AT_ONCE, docker.create_exec(container, config)).await;
    let id = made.map_err(|error| failed(connection, &error))?.id;
    let process = Process { connection: connection.clone(), docker, id };
    let (read, write) = tokio::io::split(TokioIo::new(process.attach(terminal.is_some()).await?));
    let frames = terminal.is_none().then(Frames::default);
    let output =
        Output { connection: connection.clone(), read, heard: BytesMut::with_capacity(PIECE), frames };
    Ok((process, Input(write), output))
}

fn failed(connection: &Connection, error: &bollard::errors::Error) -> HostError {
    connection.lost(DOING).unwrap_or_else(|| HostError::docker(connection.host(), error))
}

const DOING: &str = "running a command in a container";

impl Process {
    async fn attach(&self, terminal: bool) -> Result<Upgraded, HostError> {
        let told = |error: hyper::Error| {
            let lost = self.connection.lost(DOING);
            lost.unwrap_or_else(|| self.connection.error(Fault::Docker { reason: causes(&error) }))
        };
        let stream = TokioIo::new(dial::attach(&self.connection).await?);
        let (mut sender, line) = http1::handshake(stream).await.map_err(told)?;
        tokio::spawn(line.with_upgrades());
        let order = serde_json::json!({ "Detach": false, "Tty": terminal }).to_string();
        let request = Request::post(format!("/v{}/exec/{}/start", self.docker.client_version(), self.id))
            .header(HOST, "docker")
            .header(CONNECTION, "Upgrade")
            .header(UPGRADE, "tcp")
            .header(CONTENT_TYPE, "application/json")
            .body(body_full(order.into()))
            .map_err(|error| self.connection.error(Fault::Docker { reason: error.to_string() }))?;
        let response = sender.send_request(request).await.map_err(told)?;
        if response.status() != StatusCode::SWITCHING_PROTOCOLS {
            let reason = refusal(response.into_body()).await.map_err(told)?;
            return Err(self.connection.error(Fault::Docker { reason }));
        }
        hyper::upgrade::on(response).await.map_err(told)
    }

    /// Tells the command that its terminal has another size.
    ///
    /// # Errors
    /// The connection failed, or the command has ended.
    pub async fn resize(&self, size: Size) -> Result<(), HostError> {
        let size = ResizeExecOptions { height: size.rows, width: size.columns };
        let told = within(AT_ONCE, self.docker.resize_exec(&self.id, size)).await;
        told.map_err(|error| failed(&self.connection, &error))
    }

    /// Waits until the command has ended, and gives its exit code.
    ///
    /// # Errors
    /// The connection failed, or Docker does not answer.
    pub async fn wait(&self) -> Result<u8, HostError> {
        loop {
            match self.inspect().await? {
                ExecInspectResponse { running: Some(true), .. } => sleep(LOOK).await,
                ExecInspectResponse { exit_code: Some(code), .. } => {
                    return Ok(u8::try_from(code).unwrap_or(255));
                }
                ExecInspectResponse { .. } => {
                    let reason = "it does not know how the command ended".to_owned();
                    return Err(self.connection.error(Fault::Docker { reason }));
                }
            }
        }
    }

    /// Tells the command, and what it has started in its session, that nobody is there any more: `SIGHUP`, as from a terminal
    /// that is gone. Docker itself lets it go on. A command that is only just starting is waited for, without a bound.
    ///
    /// # Errors
    /// The connection failed, or Docker does not answer.
    pub async fn hang_up(&self) -> Result<(), HostError> {
        let leader = loop {
            match Stage::of(&self.inspect().await?) {
                Stage::Starting => sleep(LOOK).await,
                Stage::Runs(leader) => break leader,
                Stage::Ended => return Ok(()),
            }
        };
        let kill = format!("kill -s HUP -- -{leader} 2>/dev/null || kill -s HUP {leader}");
        self.connection.exec(&Command::root(kill)).await.map(drop)
    }

    async fn inspect(&self) -> Result<ExecInspectResponse, HostError> {
        let found = within(AT_ONCE, self.docker.inspect_exec(&self.id)).await;
        found.map_err(|error| failed(&self.connection, &error))
    }
}

/// How far a command has come, as Docker tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Docker starts it. It may have printed something already: Docker learns its number only after that.
    Starting,
    /// It runs, under this number of a process.
    Runs(i64),
    /// It has ended, or could not be started.
    Ended,
}

impl Stage {
    fn of(found: &ExecInspectResponse) -> Self {
        match (found.exit_code, found.pid) {
            (Some(_), _) => Self::Ended,
            (None, Some(leader @ 1..)) => Self::Runs(leader),
            (None, _) => Self::Starting,
        }
    }
}

/// Docker's words for why it did not start a command.
async fn refusal(mut body: Incoming) -> Result<String, hyper::Error> {
    let mut said = Vec::new();
    while let Some(frame) = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
        said.extend(frame?.into_data().unwrap_or_default());
        if said.len() > ERROR {
            break;
        }
    }
    let told: Option<serde_json::Value> = serde_json::from_slice(&said).ok();
    let message = told.as_ref().and_then(|told| told["message"].as_str());
    Ok(message.map_or_else(|| String::from_utf8_lossy(&said).into_owned(), ToOwned::to_owned))
}

impl Input {
    /// Sends some bytes. A command that has stopped reading is no failure: its exit code tells.
    pub async fn send(&mut self, data: &[u8]) {
        self.0.write_all(data).await.unwrap_or_default();
        self.0.flush().await.unwrap_or_default();
    }

    /// Says that nothing more will come.
    pub async fn finish(&mut self) {
        self.0.shutdown().await.unwrap_or_default();
    }
}

impl Output {
    /// The next piece; `None` after the last one.
    ///
    /// # Errors
    /// The connection failed.
    pub async fn next(&mut self) -> Result<Option<Piece>, HostError> {
        loop {
            let piece = match &mut self.frames {
                Some(frames) => frames.next(&mut self.heard),
                None => (!self.heard.is_empty()).then(|| Piece::Out(self.heard.split().freeze())),
            };
            if piece.is_some() {
                return Ok(piece);
            }
            self.heard.reserve(PIECE);
            match self.read.read_buf(&mut self.heard).await {
                Ok(0) => return Ok(None),
                Ok(_) => {}
                Err(error) => {
                    let lost = self.connection.lost(DOING);
                    let fault = Fault::Docker { reason: causes(&error) };
                    return Err(lost.unwrap_or_else(|| self.connection.error(fault)));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_that_docker_is_still_starting_has_not_ended() {
        let asked = ExecInspectResponse { running: Some(false), pid: Some(0), ..Default::default() };
        assert_eq!(Stage::of(&asked), Stage::Starting);
        let starting = ExecInspectResponse { running: Some(true), ..asked };
        assert_eq!(Stage::of(&starting), Stage::Starting);
        let runs = ExecInspectResponse { pid: Some(4711), ..starting };
        assert_eq!(Stage::of(&runs), Stage::Runs(4711));
        let ended = ExecInspectResponse { running: Some(false), exit_code: Some(0), ..runs };
        assert_eq!(Stage::of(&ended), Stage::Ended);
    }
}
