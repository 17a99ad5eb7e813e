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

/// A stream to the Docker engine. When dial-stdio fails, reading gives its last words instead of a bare end.
pub(super) struct Stream {
    near: DuplexStream,
    fault: Arc<OnceLock<String>>,
}

/// Opens a stream.
pub(super) async fn dial(connection: &Connection) -> Result<Stream, HostError> {
    let started = timeout(QUEUE, connection.start(Purpose::Dial, SCRIPT)).await;
    let in_use = || Fault::Docker { reason: "all channels to Docker are in use".to_owned() };
    let running =
        started.map_err(|_| connection.error(in_use()))?.map_err(|fault| connection.error(fault))?;
    let (near, far) = tokio::io::duplex(BUFFER);
    let fault = Arc::new(OnceLock::new());
    tokio::spawn(pump(running, far, fault.clone()));
    Ok(Stream { near, fault })
}

/// The words of [`SCRIPT`] for a host without Docker.
pub(super) fn is_no_docker(text: &str) -> bool {
    text.contains("pryvctl: no docker")
}

async fn pump(mut running: Running, far: DuplexStream, fault: Arc<OnceLock<String>>) {
    let writer = running.writer();
    let (from, to) = tokio::io::split(far);
    tokio::select! {
        () = send(from, writer) => {}
        end = receive(&mut running, to) => if let Some(words) = end { let _ = fault.set(words); },
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
async fn receive(running: &mut Running, mut to: impl AsyncWrite + Unpin) -> Option<String> {
    let (mut stderr, mut exit) = (String::new(), None);
    while let Some(said) = running.next().await {
        match said {
            Said::Out(data) => match timeout(PATIENCE, to.write_all(&data)).await {
                Ok(Ok(())) => {}
                // The request was dropped.
                Ok(Err(_)) => return None,
                Err(_) => return Some("an answer nobody read was given up".to_owned()),
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
