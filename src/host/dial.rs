//! A byte stream to the host's Docker engine through an exec channel: `docker system dial-stdio` speaks for the socket.
//!
//! Not a forwarded socket: hardened sshd forbids forwarding, plain commands it never forbids.

use std::{
    io,
    pin::Pin,
    sync::{Arc, OnceLock},
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::BytesMut;
use hyper_util::client::legacy::connect::{Connected, Connection as HyperConnection};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf},
    time::timeout,
};

use crate::model::command::Exit;

use super::{
    channel::{Running, Said, Writer},
    connection::{Connection, Purpose},
    error::{Fault, HostError},
};

/// Without the command, dial-stdio fails with words that differ by shell; these do not.
const SCRIPT: &str = "command -v docker >/dev/null || { echo 'pryvctl: no docker' >&2; exit 127; }
exec docker system dial-stdio";

/// What lies between the channel and its reader, bytes.
const BUFFER: usize = 256 << 10;

/// A channel nobody reads stops the whole SSH connection: after this long its reader is given up instead.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long a request waits while all channels to Docker are in use.
const QUEUE: Duration = Duration::from_secs(60);

/// The most that the engine may answer to one request, bytes. A list of a thousand containers takes 2 MiB.
const MOST: usize = 16 << 20;

/// The most that it may say about a pull, bytes: some 10 kB each second for as long as a pull may take.
const MOST_OF_PULL: usize = 96 << 20;

/// A stream to the Docker engine. When dial-stdio fails, reading gives its last words instead of a bare end.
pub(super) struct Stream {
    near: DuplexStream,
    fault: Arc<OnceLock<String>>,
    /// What the answers may be; `None`: it is attached to a command, and bytes are no requests and answers.
    answer: Option<Answer>,
}

/// How much of an answer has come, and how much may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Answer {
    came: usize,
    most: usize,
}

impl Answer {
    const NONE: Self = Self { came: 0, most: MOST };

    /// A request is sent, or more of its body: the answer is yet to come.
    fn to(self, sent: &[u8]) -> Self {
        let line = sent.split(|byte| *byte == b'\r').next().unwrap_or_default();
        let line = String::from_utf8_lossy(&line[..line.len().min(LINE)]);
        let is_request =
            ["GET ", "POST ", "PUT ", "DELETE ", "HEAD "].iter().any(|verb| line.starts_with(verb));
        let most = match is_request {
            true if line.contains("/images/create?") => MOST_OF_PULL,
            true => MOST,
            false => self.most,
        };
        Self { came: 0, most }
    }
}

/// As much of a request as says what is asked.
const LINE: usize = 64;

/// Opens a stream for requests.
pub(super) async fn dial(connection: &Connection) -> Result<Stream, HostError> {
    open(connection, Some(Answer::NONE), PATIENCE).await
}

/// Opens a stream that will be attached to a command. It may print without end, and who reads it may let it wait: nothing
/// else is to be done over the connection meanwhile.
pub(super) async fn attach(connection: &Connection) -> Result<Stream, HostError> {
    open(connection, None, Duration::MAX).await
}

async fn open(
    connection: &Connection,
    answer: Option<Answer>,
    patience: Duration,
) -> Result<Stream, HostError> {
    let started = timeout(QUEUE, connection.start(Purpose::Dial, SCRIPT)).await;
    let in_use = || Fault::Docker { reason: "all channels to Docker are in use".to_owned() };
    let running =
        started.map_err(|_| connection.error(in_use()))?.map_err(|fault| connection.error(fault))?;
    let (near, far) = tokio::io::duplex(BUFFER);
    let fault = Arc::new(OnceLock::new());
    tokio::spawn(pump(running, far, patience, fault.clone()));
    Ok(Stream { near, fault, answer })
}

/// The words of [`SCRIPT`] for a host without Docker.
pub(super) fn is_no_docker(text: &str) -> bool {
    text.contains("pryvctl: no docker")
}

async fn pump(mut running: Running, far: DuplexStream, patience: Duration, fault: Arc<OnceLock<String>>) {
    let writer = running.writer();
    let (from, to) = tokio::io::split(far);
    tokio::select! {
        () = send(from, writer) => {}
        end = receive(&mut running, to, patience) => if let Some(words) = end { let _ = fault.set(words); },
    }
}

/// Ends only by error: after the last byte the answers still come.
async fn send(mut from: impl AsyncRead + Unpin, writer: Writer) {
    let mut buffer = BytesMut::with_capacity(BUFFER);
    while let Ok(1..) = from.read_buf(&mut buffer).await {
        if writer.send(buffer.split().freeze()).await.is_err() {
            return;
        }
    }
    let _ = writer.finish().await;
    std::future::pending().await
}

/// Gives dial-stdio's last words when it did not end well.
async fn receive(
    running: &mut Running,
    mut to: impl AsyncWrite + Unpin,
    patience: Duration,
) -> Option<String> {
    let (mut stderr, mut exit) = (String::new(), None);
    while let Some(said) = running.next().await {
        match said {
            Said::Out(data) => match timeout(patience, to.write_all(&data)).await {
                Ok(Ok(())) => {}
                // The request was dropped.
                Ok(Err(_)) => return None,
                Err(_) => return Some("an answer was dropped because nothing read it".to_owned()),
            },
            Said::Err(data) if stderr.len() < 4096 => stderr.push_str(&String::from_utf8_lossy(&data)),
            Said::Err(_) => {}
            Said::Exit(ended) => exit = Some(ended),
        }
    }
    match exit {
        Some(Exit::Code(0)) => None,
        Some(exit) => Some(format!("docker system dial-stdio: {}, {exit}", stderr.trim())),
        None => Some(running.lost("talking to Docker").to_string()),
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.near).poll_read(cx, buf))?;
        if let Some(answer) = &mut self.answer {
            answer.came += buf.filled().len() - before;
            if answer.came > answer.most {
                let words = format!("an answer of more than {} MiB was cut off", answer.most >> 20);
                return Poll::Ready(Err(io::Error::other(words)));
            }
        }
        match self.fault.get() {
            Some(words) if buf.filled().len() == before && buf.remaining() > 0 => {
                Poll::Ready(Err(io::Error::other(words.clone())))
            }
            Some(_) | None => Poll::Ready(Ok(())),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.answer = self.answer.map(|answer| answer.to(buf));
        Pin::new(&mut self.near).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.near).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.near).poll_shutdown(cx)
    }
}

impl HyperConnection for Stream {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_request_has_an_answer_of_its_own() {
        let come = |answer: Answer| Answer { came: 7, ..answer };
        let version = Answer::NONE.to(b"GET /v1.41/version HTTP/1.1\r\nhost: docker\r\n");
        assert_eq!(version, Answer::NONE);
        let pull = come(version).to(b"POST /v1.41/images/create?fromImage=r HTTP/1.1\r\n\r\n");
        assert_eq!(pull, Answer { came: 0, most: MOST_OF_PULL });
        assert_eq!(come(pull).to(b"a body"), pull);
        assert_eq!(come(pull).to(b"GET /images/create/json HTTP/1.1\r\n"), Answer::NONE);
    }
}
