//! The past, read from the database by a connection of its own.

use super::{Fault, off, plots, span::Span};
use crate::{
    app::document::{CurveDocument, CurvesDocument, EventDocument, VERSION},
    watch::{
        history::{Curve, History, HistoryError, Occurrence},
        moment, now,
        page::Sources,
    },
};

/// What happened, in order; of one host or of all.
///
/// # Errors
/// The past cannot be read.
pub async fn events(sources: &Sources, host: Option<&str>, span: Span) -> Result<Vec<EventDocument>, Fault> {
    let host = host.map(str::to_owned);
    let mut found = read(sources, move |history| history.occurrences(now() - span.seconds())).await?;
    found.retain(|one| host.as_ref().is_none_or(|host| one.host == *host));
    Ok(found.into_iter().map(document_of).collect())
}

/// The curves of a host that pages show.
///
/// # Errors
/// The past cannot be read.
pub async fn curves(sources: &Sources, host: &str, span: Span) -> Result<Vec<Curve>, Fault> {
    let (host, now) = (host.to_owned(), now());
    read(sources, move |history| history.curves(&plots::metrics(), Some(&host), now - span.seconds(), now))
        .await
}

/// The same for programs.
///
/// # Errors
/// There is no such host, or the past cannot be read.
pub async fn document(sources: &Sources, host: &str, span: Span) -> Result<CurvesDocument, Fault> {
    if sources.live.view().host(host).is_none() {
        return Err(Fault::NotFound);
    }
    let curves = curves(sources, host, span).await?.into_iter().map(|curve| CurveDocument {
        points: curve.points.iter().map(|point| (point.at, point.mean, point.least, point.most)).collect(),
        metric: curve.metric,
        part: curve.part,
    });
    Ok(CurvesDocument { version: VERSION, host: host.to_owned(), curves: curves.collect() })
}

async fn read<T: Default + Send + 'static>(
    sources: &Sources,
    work: impl FnOnce(&History) -> Result<T, HistoryError> + Send + 'static,
) -> Result<T, Fault> {
    let path = sources.history.clone();
    off(move || match History::read(&path) {
        // The first sample makes it.
        Err(HistoryError::None(_)) => Ok(T::default()),
        Err(error) => Err(error.into()),
        Ok(history) => Ok(work(&history)?),
    })
    .await
}

fn document_of(one: Occurrence) -> EventDocument {
    EventDocument { time: moment(one.at), host: one.host, state: one.state, words: one.words }
}
