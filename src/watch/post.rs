//! A request to a web server, over TLS where its URL says so.

use http::{Request, StatusCode, Uri, header, request::Builder};
use hyper::{body::Body, client::conn::http1::handshake};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::rustls::pki_types::ServerName;

use super::tls::connector;

/// What is common to our requests: a POST to a URL, by pryvctl.
pub fn to(url: &Uri) -> Builder {
    let path = url.path_and_query().map_or("/", |path| path.as_str());
    let host = url.authority().map_or("", |authority| authority.as_str());
    Request::post(path)
        .header(header::HOST, host.rsplit('@').next().unwrap_or(host))
        .header(header::USER_AGENT, concat!("pryvctl/", env!("CARGO_PKG_VERSION")))
}

/// Sends a request where a URL leads, to a server with a certificate of this CA (PEM; default: one that this machine trusts),
/// and gives what was answered. A redirect is an answer like any other: what is meant for one receiver is not for another.
///
/// # Errors
/// Why there was no answer.
pub async fn post<B>(url: &Uri, ca: Option<&str>, request: Request<B>) -> Result<StatusCode, String>
where
    B: Body<Data: Send, Error: std::error::Error + Send + Sync> + Send + 'static,
{
    let host = url.host().ok_or("the URL has no host")?;
    let is_secure = url.scheme_str() == Some("https");
    let name = host.trim_matches(['[', ']']);
    let port = url.port_u16().unwrap_or(if is_secure { 443 } else { 80 });
    let connect = TcpStream::connect((name, port)).await;
    let stream = connect.map_err(|error| format!("cannot connect to {host} port {port}: {error}"))?;
    if !is_secure {
        return over(stream, request).await;
    }
    let server = ServerName::try_from(name.to_owned()).map_err(|error| error.to_string())?;
    let stream = connector(ca)?.connect(server, stream).await;
    over(stream.map_err(|error| format!("no TLS with {host}: {error}"))?, request).await
}

async fn over<S, B>(stream: S, request: Request<B>) -> Result<StatusCode, String>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    B: Body<Data: Send, Error: std::error::Error + Send + Sync> + Send + 'static,
{
    let told = |error: hyper::Error| format!("no answer: {error}");
    let (mut sender, connection) = handshake(TokioIo::new(stream)).await.map_err(told)?;
    // It ends with the answer, or when nobody waits for one any more.
    let connection = tokio::spawn(connection);
    let answer = sender.send_request(request).await;
    connection.abort();
    Ok(answer.map_err(told)?.status())
}
