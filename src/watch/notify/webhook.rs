//! A webhook: an HTTPS request with the message as JSON, signed as Standard Webhooks has it
//! (<https://www.standardwebhooks.com>), so that receivers check it with a library that they have.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::{Request, StatusCode, Uri, header};
use hyper::client::conn::http1::handshake;
use hyper_util::rt::TokioIo;
use sha2::Sha256;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::rustls::pki_types::ServerName;

use super::{key, tls::connector};
use crate::{
    model::secret::Secret,
    watch::{alert::message::Message, now},
};

/// Where requests go, and what they are signed with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// Where to. Its path may be a secret, and is never shown.
    pub url: String,
    /// What is signed with.
    pub secret: Option<Secret>,
    /// The CA of the receiver, PEM.
    pub ca: Option<String>,
}

impl Webhook {
    /// The host that it leads to.
    pub fn host(&self) -> String {
        self.url.parse::<Uri>().ok().and_then(|url| url.host().map(ToOwned::to_owned)).unwrap_or_default()
    }

    /// Sends it. A redirect is refused: what is meant for one receiver is not for another.
    pub async fn send(&self, message: &Message, body: &str) -> Result<String, String> {
        let url: Uri = self.url.parse().map_err(|_| "this is no URL".to_owned())?;
        let host = url.host().ok_or("the URL has no host")?;
        let is_secure = url.scheme_str() == Some("https");
        let name = host.trim_matches(['[', ']']);
        let port = url.port_u16().unwrap_or(if is_secure { 443 } else { 80 });
        let connect = TcpStream::connect((name, port)).await;
        let stream = connect.map_err(|error| format!("cannot connect to {host} port {port}: {error}"))?;
        let request = self.request(&url, message, body)?;
        let status = if is_secure {
            let server = ServerName::try_from(name.to_owned()).map_err(|error| error.to_string())?;
            let stream = connector(self.ca.as_deref())?.connect(server, stream).await;
            post(stream.map_err(|error| format!("no TLS with {host}: {error}"))?, request).await?
        } else {
            post(stream, request).await?
        };
        if status.is_success() { Ok(status.to_string()) } else { Err(format!("{host} answered {status}")) }
    }

    fn request(&self, url: &Uri, message: &Message, body: &str) -> Result<Request<String>, String> {
        let path = url.path_and_query().map_or("/", |path| path.as_str());
        let host = url.authority().map_or("", |authority| authority.as_str());
        let at = now();
        let mut request = Request::post(path)
            .header(header::HOST, host.rsplit('@').next().unwrap_or(host))
            .header(header::USER_AGENT, concat!("pryvctl/", env!("CARGO_PKG_VERSION")))
            .header(header::CONTENT_TYPE, "application/json")
            .header("webhook-id", &message.id)
            .header("webhook-timestamp", at);
        if let Some(secret) = &self.secret {
            request = request.header("webhook-signature", signature(secret, &message.id, at, body));
        }
        request.body(body.to_owned()).map_err(|error| error.to_string())
    }
}

/// The signature of `ID.TIME.BODY`.
pub fn signature(secret: &Secret, id: &str, at: i64, body: &str) -> String {
    // HMAC takes a key of any length.
    let mac = Hmac::<Sha256>::new_from_slice(&key(secret)).map(|mut mac| {
        mac.update(format!("{id}.{at}.{body}").as_bytes());
        mac.finalize().into_bytes()
    });
    format!("v1,{}", BASE64_STANDARD.encode(mac.unwrap_or_default()))
}

async fn post<S>(stream: S, request: Request<String>) -> Result<StatusCode, String>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let told = |error: hyper::Error| format!("no answer: {error}");
    let (mut sender, connection) = handshake(TokioIo::new(stream)).await.map_err(told)?;
    // It ends with the answer, or when nobody waits for one any more.
    let connection = tokio::spawn(connection);
    let answer = sender.send_request(request).await;
    connection.abort();
    Ok(answer.map_err(told)?.status())
}
