//! HTTP/1.1 over TLS, just enough to ask and to know what became of it.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{
        ClientConfig, RootCertStore,
        pki_types::{CertificateDer, ServerName, pem::PemObject as _},
    },
};

use super::Answer;

/// Who is trusted.
#[derive(Clone)]
pub struct Tls(TlsConnector);

impl Tls {
    /// Trusts one CA. Sessions are not resumed: a new connection is to be a whole one.
    pub fn trusting(ca: &[u8]) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(ca).unwrap()).unwrap();
        let mut config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        config.resumption = tokio_rustls::rustls::client::Resumption::disabled();
        Self(TlsConnector::from(Arc::new(config)))
    }

    async fn connect(&self, at: SocketAddr, name: &str) -> Result<TlsStream<TcpStream>, String> {
        let tcp = TcpStream::connect(at).await.map_err(|error| format!("connect: {error}"))?;
        tcp.set_nodelay(true).map_err(|error| error.to_string())?;
        let name = ServerName::try_from(name.to_owned()).unwrap();
        self.0.connect(name, tcp).await.map_err(|error| format!("handshake: {error}"))
    }
}

/// A connection that is kept.
pub type Kept = Option<TlsStream<TcpStream>>;

/// One request over a connection of its own.
pub async fn once(tls: &Tls, at: SocketAddr, name: &str, path: &str) -> Result<Answer, String> {
    let mut stream = tls.connect(at, name).await?;
    let (answer, _) = exchange(&mut stream, name, path, "close").await?;
    Ok(answer)
}

/// One request over the kept connection, or over a new one where the server has said or shown that it ended the last.
pub async fn kept(
    kept: &mut Kept,
    tls: &Tls,
    at: SocketAddr,
    name: &str,
    path: &str,
) -> Result<Answer, String> {
    let mut stream = match kept.take() {
        Some(stream) => match still_open(stream).await {
            Some(stream) => stream,
            None => tls.connect(at, name).await?,
        },
        None => tls.connect(at, name).await?,
    };
    let (answer, stays) = exchange(&mut stream, name, path, "keep-alive").await?;
    *kept = stays.then_some(stream);
    Ok(answer)
}

/// The connection, unless its end has arrived. Nothing else may arrive between two requests.
async fn still_open(mut stream: TlsStream<TcpStream>) -> Kept {
    let mut byte = [0];
    timeout(Duration::ZERO, stream.read(&mut byte)).await.is_err().then_some(stream)
}

/// A request and its whole answer, and whether the connection stays.
async fn exchange(
    stream: &mut TlsStream<TcpStream>,
    name: &str,
    path: &str,
    connection: &str,
) -> Result<(Answer, bool), String> {
    let request = format!("GET {path} HTTP/1.1\r\nHost: {name}\r\nConnection: {connection}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.map_err(|error| format!("send: {error}"))?;
    let mut answer = Vec::new();
    let end = loop {
        if let Some(end) = answer.windows(4).position(|part| part == b"\r\n\r\n") {
            break end + 4;
        }
        receive(stream, &mut answer).await?;
    };
    let head = String::from_utf8_lossy(&answer[..end]).to_ascii_lowercase();
    let length = header(&head, "content-length").and_then(|length| length.parse::<usize>().ok());
    let length = length.ok_or_else(|| format!("an answer without length: {head}"))?;
    while answer.len() < end + length {
        receive(stream, &mut answer).await?;
    }
    let stays = header(&head, "connection") != Some("close");
    match head.split(' ').nth(1).unwrap_or_default() {
        "200" => Ok((Answer::Good, stays)),
        "503" if header(&head, "retry-after").is_some() => Ok((Answer::Told, stays)),
        status => Err(format!("status {status}")),
    }
}

async fn receive(stream: &mut TlsStream<TcpStream>, answer: &mut Vec<u8>) -> Result<(), String> {
    let length = stream.read_buf(answer).await.map_err(|error| format!("receive: {error}"))?;
    if length == 0 {
        return Err(format!("the connection ended after {} bytes of an answer", answer.len()));
    }
    Ok(())
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim)
}
