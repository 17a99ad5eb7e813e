//! Reading a journal: what was done, and whether anybody changed the lines.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{
    NOTHING,
    anchor::{Anchored, Kept},
    hash,
    head::{Place, is_gone},
};
use crate::{host::signature::signer, model::name::HostName};

/// One line of a journal.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct JournalLine {
    /// Its place in the file, from 1.
    pub number: usize,
    /// When, RFC 3339.
    pub time: String,
    /// Which run.
    pub run: String,
    /// Who ran it.
    pub who: String,
    /// Which command.
    pub command: String,
    /// On which host; empty: the run as a whole.
    pub host: String,
    /// What happened.
    pub what: String,
    /// Its other values, as in `id=service.core.start number=4`.
    pub details: String,
    /// Its hash, as it says.
    #[serde(skip)]
    pub hash: String,
    /// What a host was told, if that is what it says.
    #[serde(skip)]
    pub anchor: Option<Anchored>,
}

/// Something wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JournalFault {
    /// It is no line of a journal, as after a crash in its middle.
    #[error("line {0} is truncated or is not a journal line")]
    Unreadable(usize),
    /// Its hash is another.
    #[error("line {0} was changed: its hash does not match its content")]
    Changed(usize),
    /// It does not follow from the one before.
    #[error("lines before line {0} are missing, were added or were moved")]
    Broken(usize),
    /// A host was told of another journal than this.
    #[error("line {0} records another end of the journal than the lines above it")]
    Rewritten(usize),
    /// Its signature is of another text, or of nobody.
    #[error("line {0} is not signed by the key it names")]
    Forged(usize),
    /// A host knows of lines that are not here.
    #[error(
        "{host} keeps that run {run} had written {lines} lines; they are not in this journal: it was cut, written anew or \
         replaced"
    )]
    Missing {
        /// The host.
        host: HostName,
        /// The run that told it.
        run: String,
        /// How many lines there were.
        lines: usize,
    },
    /// A host knows of a journal that is gone.
    #[error("{host} has a copy of the end of the journal {journal}, but that file no longer exists")]
    Gone {
        /// The host.
        host: HostName,
        /// The journal.
        journal: String,
    },
    /// A host does not keep any more what it was told.
    #[error(
        "line {number} says that {host} stored a copy of the journal's end, but {host} has no such copy: its log was changed"
    )]
    Forgotten {
        /// The host.
        host: HostName,
        /// The line.
        number: usize,
    },
}

/// A journal that was read.
#[derive(Debug, Default)]
pub struct CheckedJournal {
    /// Its lines, in order.
    pub lines: Vec<JournalLine>,
    /// What is wrong with it.
    pub faults: Vec<JournalFault>,
    /// Keys that signed how far it went, and how often.
    pub signers: BTreeMap<String, usize>,
}

/// What the log of one host says to a journal.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// Where they do not fit.
    pub faults: Vec<JournalFault>,
    /// Journals of others who changed the host, by machine and path, and how often each told it something.
    pub others: BTreeMap<String, usize>,
    /// Keys with which those came who wrote this journal, as the host's sshd saw them.
    pub keys: BTreeMap<String, usize>,
}

/// The keys that have places of their own.
const OWN: [&str; 9] = ["time", "run", "who", "command", "host", "what", "prev", "hash", "signature"];

/// Reads a journal and verifies its chain. A chain cannot tell that lines at its end were cut off, or that somebody made a
/// new one: [`CheckedJournal::compare`] can.
pub fn audit(text: &str) -> CheckedJournal {
    let mut audit = CheckedJournal::default();
    let mut last = NOTHING.to_owned();
    for (number, text) in (1..).zip(text.lines()) {
        let Ok(Value::Object(mut body)) = serde_json::from_str(text) else {
            audit.faults.push(JournalFault::Unreadable(number));
            continue;
        };
        let said = body.remove("hash").and_then(|hash| hash.as_str().map(str::to_owned));
        let word = |key: &str| body.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        if word("prev") != last {
            audit.faults.push(JournalFault::Broken(number));
        }
        if said.as_deref() != Some(&hash(&body)) {
            audit.faults.push(JournalFault::Changed(number));
        }
        last = said.clone().unwrap_or_default();
        let anchor = (word("what") == "anchored").then(|| anchor(&body)).flatten();
        let details = body.iter().filter(|(key, value)| !OWN.contains(&key.as_str()) && !value.is_null());
        audit.weigh(number, anchor.as_ref());
        audit.lines.push(JournalLine {
            number,
            time: word("time"),
            run: word("run"),
            who: word("who"),
            command: word("command"),
            host: word("host"),
            what: word("what"),
            details: details
                .map(|(key, value)| format!("{key}={}", plain(value)))
                .collect::<Vec<_>>()
                .join(" "),
            hash: said.unwrap_or_default(),
            anchor,
        });
    }
    audit
}

fn anchor(body: &Map<String, Value>) -> Option<Anchored> {
    serde_json::from_value(Value::Object(body.clone())).ok()
}

impl CheckedJournal {
    /// What a line says of lines before it, and who signed that.
    fn weigh(&mut self, number: usize, anchor: Option<&Anchored>) {
        let Some(anchor) = anchor else { return };
        if !self.has(anchor) {
            self.faults.push(JournalFault::Rewritten(number));
        }
        let Some(pem) = &anchor.signature else { return };
        match signer(pem, &anchor.text()) {
            Some(key) if Some(&key) == anchor.key.as_ref() => *self.signers.entry(key).or_default() += 1,
            Some(_) | None => self.faults.push(JournalFault::Forged(number)),
        }
    }

    /// Whether the journal was once as far as this.
    fn has(&self, anchor: &Anchored) -> bool {
        self.lines.iter().any(|line| line.number == anchor.lines && line.hash == anchor.head)
    }

    /// Compares with what a host keeps. `place` is where this journal is.
    pub fn compare(&self, place: &Place, host: &HostName, kept: &[Kept]) -> Comparison {
        let mut found = Comparison::default();
        for Kept { key, anchor, .. } in kept {
            let named = anchor.named.as_deref();
            let ours =
                place.is(&anchor.journal, named) || self.lines.iter().any(|line| line.run == anchor.of);
            if !ours {
                *found.others.entry(anchor.journal.clone()).or_default() += 1;
            } else if self.has(anchor) {
                *found.keys.entry(key.clone()).or_default() += 1;
            } else {
                let (host, run) = (host.clone(), anchor.of.clone());
                found.faults.push(JournalFault::Missing { host, run, lines: anchor.lines });
            }
        }
        let gone = found.others.keys().filter(|journal| is_gone(journal)).cloned();
        found.faults.extend(gone.map(|journal| JournalFault::Gone { host: host.clone(), journal }));
        let told = self.lines.iter().filter(|line| line.host == host.as_str());
        for (number, anchor) in told.filter_map(|line| Some((line.number, line.anchor.as_ref()?))) {
            if !kept.iter().any(|kept| kept.anchor == *anchor) {
                found.faults.push(JournalFault::Forgotten { host: host.clone(), number });
            }
        }
        found
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(list) => list.iter().map(plain).collect::<Vec<_>>().join(","),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => value.to_string(),
    }
}
