//! Connections to the page: how many, how long one may dawdle, and their encryption.

use std::{sync::Arc, time::Duration};

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpListener,
    sync::Semaphore,
    task::JoinSet,
    time::{sleep, timeout},
};
use tokio_rustls::TlsAcceptor;

/// Connections at once: a browser opens up to six, and keeps one for what is new.
const CONNECTIONS: usize = 256;

/// How long somebody may take to say what he wants.
const PATIENCE: Duration = Duration::from_secs(10);

/// The longest head of a request.
const LONGEST: usize = 16 << 10;

/// After this machine had no room for one more connection.
const PAUSE: Duration = Duration::from_millis(200);

/// Takes connections without end.
pub async fn serve(listener: TcpListener, tls: Option<TlsAcceptor>, router: Router) {
    let room = Arc::new(Semaphore::new(CONNECTIONS));
    // Whoever ends this ends them, too.
    let mut connections = JoinSet::new();
    loop {
        let Ok(place) = Arc::clone(&room).acquire_owned().await else { return };
        let Ok((stream, _)) = listener.accept().await else {
            sleep(PAUSE).await;
            continue;
        };
        let (tls, router) = (tls.clone(), router.clone());
        connections.spawn(async move {
            let _place = place;
            match tls {
                None => talk(stream, router).await,
                Some(tls) => {
                    if let Ok(Ok(stream)) = timeout(PATIENCE, tls.accept(stream)).await {
                        talk(stream, router).await;
                    }
                }
            }
        });
        while connections.try_join_next().is_some() {}
    }
}

async fn talk(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, router: Router) {
    let mut server = http1::Builder::new();
    server.timer(TokioTimer::new()).header_read_timeout(PATIENCE).max_buf_size(LONGEST);
    let talk = server.serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    // Who asked has gone, or did not speak HTTP: nobody is left to tell.
    talk.await.unwrap_or_default();
}
