//! What happened to hosts, as people and programs read it.

use super::element;
use crate::{
    app::document::EventDocument,
    cli::{args::Format, gate},
    watch::{history::Occurrence, moment},
};

/// For programs.
pub fn document(one: &Occurrence) -> EventDocument {
    EventDocument {
        time: moment(one.at),
        host: one.host.clone(),
        state: one.state.clone(),
        words: one.words.clone(),
    }
}

/// One line.
pub fn line(one: &Occurrence, format: Format) -> String {
    element(|| document(one), format).unwrap_or_else(|| {
        format!("{} {} {}: {}", moment(one.at), one.host, one.state, gate::line(&one.words))
    })
}
