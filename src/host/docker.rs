//! The host's Docker engine: bollard over streams of the SSH connection.

use std::{
    future::Future,
    io,
    pin::Pin,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use bollard::{BollardRequest, Docker};
use http::{HeaderValue, Uri, uri::PathAndQuery};
use hyper_util::{
    client::legacy::Client,
    rt::{TokioExecutor, TokioIo, TokioTimer},
};
use tokio::{sync::Semaphore, time::timeout};

use super::{
    connection::Connection,
    dial::{self, Stream},
    error::{Fault, HostError},
};

/// bollard counts a container's grace period into its timeout, and not an answer's body; [`within`] counts all of a call.
const HOUR: u64 = 3600;

/// How long the engine may take for what is done at once. A busy host takes a minute to make a container.
pub(super) const AT_ONCE: Duration = Duration::from_secs(300);

/// How long the engine may take to say its version.
const GREETING: Duration = Duration::from_secs(30);

/// An idle stream keeps a session on the host; this long it may be used again.
const IDLE: Duration = Duration::from_secs(5);

/// How many requests wait for their answer's head at once. A request that finds no idle stream opens one, and another that
/// becomes idle meanwhile does not stop it: with more, programs would be started on the host for nobody, each of which
/// costs as much as running a health check.
const TURNS: usize = 2;

impl Connection {
    /// The host's Docker engine, at the newest API version that both sides know. The handle holds the connection;
    /// after a [`reconnect`](super::Session::reconnect) ask again.
    pub async fn docker(&self) -> Result<Docker, HostError> {
        let (version, fault) = (Version::default(), LastFault::default());
        let connector = Connector { connection: self.clone(), fault: fault.clone() };
        let docker =
            docker(connector, version.clone()).map_err(|error| HostError::docker(self.host(), &error))?;
        let greeting = timeout(GREETING, docker.negotiate_version()).await;
        let silent = || Fault::Docker { reason: format!("no answer within {} s", GREETING.as_secs()) };
        let docker = greeting.map_err(|_| self.error(silent()))?.map_err(|error| {
            let dialing = fault.lock().unwrap_or_else(PoisonError::into_inner).take();
            dialing.unwrap_or_else(|| said(self, &error))
        })?;
        let _ = version.0.set(format!("/v{}", docker.client_version()));
        Ok(docker)
    }
}

/// Gives a call its time and no more: an engine may also answer a byte at a time.
pub(super) async fn within<T>(
    limit: Duration,
    call: impl Future<Output = Result<T, bollard::errors::Error>>,
) -> Result<T, bollard::errors::Error> {
    timeout(limit, call).await.unwrap_or(Err(bollard::errors::Error::RequestTimeoutError))
}

fn said(connection: &Connection, error: &bollard::errors::Error) -> HostError {
    let error = HostError::docker(connection.host(), error);
    if dial::is_no_docker(&error.to_string()) { connection.error(Fault::NoDocker) } else { error }
}

fn docker(connector: Connector, version: Version) -> Result<Docker, bollard::errors::Error> {
    // Without a pool timer idle streams, and with them sessions on the host, would never end.
    let client = Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(IDLE)
        .pool_max_idle_per_host(1)
        .build(connector);
    let turns = Arc::new(Semaphore::new(TURNS));
    let send = move |mut request: BollardRequest| {
        version.pin(&mut request);
        mend_auth(&mut request);
        let (client, turns) = (client.clone(), turns.clone());
        async move {
            let _turn = turns.acquire().await;
            client.request(request).await.map_err(bollard::errors::Error::from)
        }
    };
    Docker::connect_with_custom_transport(send, Some("http://docker"), HOUR, bollard::API_DEFAULT_VERSION)
}

/// The negotiated version as a path prefix, once it is known.
#[derive(Clone, Default)]
struct Version(Arc<OnceLock<String>>);

impl Version {
    /// bollard 0.21.1 negotiates a version but never sends it, so that every call would run at the engine's newest.
    fn pin(&self, request: &mut BollardRequest) {
        let Some(prefix) = self.0.get() else { return };
        let mut parts = request.uri().clone().into_parts();
        let path = parts.path_and_query.as_ref().map_or("/", PathAndQuery::as_str);
        parts.path_and_query = format!("{prefix}{path}").parse().ok();
        if let Ok(uri) = Uri::from_parts(parts) {
            *request.uri_mut() = uri;
        }
    }
}

/// bollard 0.21.1 encodes registry credentials in standard base64, the engine reads the URL-safe alphabet: without
/// this some passwords would be lost on the way.
fn mend_auth(request: &mut BollardRequest) {
    let Some(auth) = request.headers_mut().get_mut("x-registry-auth") else { return };
    let Ok(text) = auth.to_str() else { return };
    if let Ok(mut mended) = HeaderValue::from_str(&text.replace('+', "-").replace('/', "_")) {
        mended.set_sensitive(true);
        *auth = mended;
    }
}

/// Why the last stream could not be opened; hyper would make a text of it.
type LastFault = Arc<Mutex<Option<HostError>>>;

#[derive(Clone)]
struct Connector {
    connection: Connection,
    fault: LastFault,
}

impl tower_service::Service<Uri> for Connector {
    type Response = TokioIo<Stream>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<TokioIo<Stream>>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let Self { connection, fault } = self.clone();
        Box::pin(async move {
            let dialed = dial::dial(&connection).await;
            dialed.map(TokioIo::new).map_err(|error| {
                let words = io::Error::other(error.to_string());
                *fault.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                words
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(uri: &str) -> BollardRequest {
        let body = http::Request::builder().uri(uri).header("x-registry-auth", "a+b/c==");
        body.body(bollard::body_full(bytes::Bytes::new())).unwrap()
    }

    #[test]
    fn a_negotiated_version_is_sent_and_only_then() {
        let (version, mut call) = (Version::default(), request("http://docker/containers/json?all=true"));
        version.pin(&mut call);
        assert_eq!(call.uri(), "http://docker/containers/json?all=true");
        version.0.set("/v1.41".to_owned()).unwrap();
        version.pin(&mut call);
        assert_eq!(call.uri(), "http://docker/v1.41/containers/json?all=true");
    }

    #[test]
    fn credentials_travel_url_safe_and_hidden() {
        let mut call = request("http://docker/images/create");
        mend_auth(&mut call);
        assert_eq!(call.headers()["x-registry-auth"], "a-b_c==");
        assert!(call.headers()["x-registry-auth"].is_sensitive());
    }
}
