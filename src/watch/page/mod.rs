//! The page of the daemon: the platform as it is, for people with a browser and for programs. It changes nothing.
//!
//! Pages are whole without a script; a small one of ours fetches them anew when something changes. Nothing comes from elsewhere.

mod door;
mod guard;
mod listen;
mod render;
mod route;
mod served;
mod settings;
mod show;
mod stream;

use std::{net::SocketAddr, path::PathBuf, sync::Arc};

use tokio::{net::TcpListener, task::JoinHandle};

pub use {
    door::{hash, invented},
    served::Served,
    settings::{PageError, Settings},
};

use super::live::Live;
use door::Door;

/// Where pages read from.
#[derive(Debug, Clone)]
pub struct Sources {
    /// What is known now.
    pub live: Arc<Live>,
    /// The database of the past.
    pub history: PathBuf,
    /// The journal of runs; `None`: there is no place for one.
    pub journal: Option<PathBuf>,
}

/// A page that is served until it is dropped.
#[derive(Debug)]
pub struct Page {
    /// As it was wanted.
    settings: Settings,
    /// Where it is, which is another port than was wanted where that was 0.
    at: SocketAddr,
    task: JoinHandle<()>,
}

impl Page {
    /// Serves a page from now on.
    ///
    /// # Errors
    /// Nobody can listen there, or the certificate is none.
    pub async fn open(settings: Settings, sources: &Sources) -> Result<Self, PageError> {
        let at = settings.listen;
        let tls = settings.acceptor()?;
        let door = Door::of(settings.password.as_ref())?;
        let listener = TcpListener::bind(at).await.map_err(|source| PageError::Listen { at, source })?;
        let at = listener.local_addr().map_err(|source| PageError::Listen { at, source })?;
        let router = route::router(sources.clone(), Arc::new(door));
        let task = tokio::spawn(listen::serve(listener, tls, router));
        Ok(Self { settings, at, task })
    }

    /// As it was wanted.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Ends it; nobody listens there any more.
    pub async fn close(mut self) {
        self.task.abort();
        (&mut self.task).await.unwrap_or_default();
    }

    /// Where a browser finds it.
    pub fn address(&self) -> String {
        let scheme = if self.settings.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{}/", self.at)
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[cfg(test)]
mod tests;
