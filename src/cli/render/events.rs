//! What happened to hosts, as people and programs read it.

use super::element;
use crate::{
    app::document::EventDocument,
    cli::{args::Format, gate},
    watch::{alert::message::Message, history::Occurrence, moment},
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

/// One line of an alert; for programs as receivers get it.
pub fn alert(message: &Message, format: Format) -> String {
    element(|| message.clone(), format).unwrap_or_else(|| {
        let Message { time, alert, event, severity, summary, .. } = message;
        format!("{time} alert {alert} {} ({}): {}", event.word(), severity.word(), gate::line(summary))
    })
}
