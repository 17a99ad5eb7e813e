//! What pages show and programs read, made of what is known now and of the past.

pub mod controls;
pub mod figure;
pub mod host;
pub mod metrics;
pub mod overview;
pub mod past;
pub mod platform;
pub mod plot;
pub mod plots;
pub mod runs;
pub mod span;

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use tokio::task::spawn_blocking;

use super::render::page;
use crate::watch::history::HistoryError;

/// Why something cannot be shown.
#[derive(Debug)]
pub enum Fault {
    /// There is no such thing.
    NotFound,
    /// The past cannot be read.
    History(HistoryError),
    /// The journal cannot be read.
    Journal(std::io::Error),
    /// A bug of ours ended the work on it.
    Died,
}

impl From<HistoryError> for Fault {
    fn from(error: HistoryError) -> Self {
        Self::History(error)
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let (status, words) = match self {
            Self::NotFound => (StatusCode::NOT_FOUND, "There is no such page, host or run.".to_owned()),
            Self::History(error) => {
                (StatusCode::SERVICE_UNAVAILABLE, format!("The history cannot be read: {error}."))
            }
            Self::Journal(error) => {
                (StatusCode::SERVICE_UNAVAILABLE, format!("The journal cannot be read: {error}."))
            }
            Self::Died => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "A bug in pryvctl ended the work on this page.".to_owned(),
            ),
        };
        let shows = serde_json::json!({ "platform": "", "words": words });
        (status, page("fault.html", shows)).into_response()
    }
}

/// Does what takes a while away from the threads that talk.
///
/// # Errors
/// Those of the work.
pub async fn off<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Fault> + Send + 'static,
) -> Result<T, Fault> {
    spawn_blocking(work).await.unwrap_or(Err(Fault::Died))
}
