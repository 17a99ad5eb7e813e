//! What happened to hosts, as people and programs read it.

use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::element;
use crate::{
    app::document::EventDocument,
    cli::{args::Format, gate},
    watch::history::Occurrence,
};

/// A time in UTC, from seconds since 1970.
pub fn time(at: i64) -> String {
    OffsetDateTime::from_unix_timestamp(at)
        .ok()
        .and_then(|time| time.format(&Rfc3339).ok())
        .unwrap_or_else(|| at.to_string())
}

/// For programs.
pub fn document(one: &Occurrence) -> EventDocument {
    EventDocument {
        time: time(one.at),
        host: one.host.clone(),
        state: one.state.clone(),
        words: one.words.clone(),
    }
}

/// One line.
pub fn line(one: &Occurrence, format: Format) -> String {
    element(|| document(one), format)
        .unwrap_or_else(|| format!("{} {} {}: {}", time(one.at), one.host, one.state, gate::line(&one.words)))
}
