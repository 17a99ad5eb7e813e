//! Reading a journal: what was done, and whether anybody changed the lines.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{
    NOTHING,
    anchor::{Anchored, Kept},
    hash,
};
use crate::{host::signature::signer, model::name::HostName};

/// One line of a journal.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Line {
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
pub enum Fault {
    /// It is no line of a journal, as after a crash in its middle.
    #[error("line {0} is cut short or no line of a journal")]
    Unreadable(usize),
    /// Its hash is another.
    #[error("line {0} was changed: its hash is not that of what it says")]
    Changed(usize),
    /// It does not follow from the one before.
    #[error("before line {0} lines are missing, were added or were moved")]
    Broken(usize),
    /// A host was told of another journal than this.
    #[error("line {0} says how far the journal went, and it is another now")]
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
    /// A host does not keep any more what it was told.
    #[error(
        "line {number} says that {host} keeps how far the journal went, and it does not: its log was changed"
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
pub struct Audit {
    /// Its lines, in order.
    pub lines: Vec<Line>,
    /// What is wrong with it.
    pub faults: Vec<Fault>,
    /// Keys that signed how far it went, and how often.
    pub signers: BTreeMap<String, usize>,
}

/// What the log of one host says to a journal.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// Where they do not fit.
    pub faults: Vec<Fault>,
    /// Journals of others who changed the host, by machine and path, and how often each told it something.
    pub others: BTreeMap<String, usize>,
    /// Keys with which those came who wrote this journal, as the host's sshd saw them.
    pub keys: BTreeMap<String, usize>,
}

/// The keys that have places of their own.
const OWN: [&str; 9] = ["time", "run", "who", "command", "host", "what", "prev", "hash", "signature"];

/// Reads a journal and verifies its chain. A chain cannot tell that lines at its end were cut off, or that somebody made a
/// new one: [`Audit::compare`] can.
pub fn audit(text: &str) -> Audit {
    let mut audit = Audit::default();
    let mut last = NOTHING.to_owned();
    for (number, text) in (1..).zip(text.lines()) {
        let Ok(Value::Object(mut body)) = serde_json::from_str(text) else {
            audit.faults.push(Fault::Unreadable(number));
            continue;
        };
        let said = body.remove("hash").and_then(|hash| hash.as_str().map(str::to_owned));
        let word = |key: &str| body.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        if word("prev") != last {
            audit.faults.push(Fault::Broken(number));
        }
        if said.as_deref() != Some(&hash(&body)) {
            audit.faults.push(Fault::Changed(number));
        }
        last = said.clone().unwrap_or_default();
        let anchor = (word("what") == "anchored").then(|| anchor(&body)).flatten();
        let details = body.iter().filter(|(key, value)| !OWN.contains(&key.as_str()) && !value.is_null());
        audit.weigh(number, anchor.as_ref());
        audit.lines.push(Line {
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

impl Audit {
    /// What a line says of lines before it, and who signed that.
    fn weigh(&mut self, number: usize, anchor: Option<&Anchored>) {
        let Some(anchor) = anchor else { return };
        if !self.has(anchor) {
            self.faults.push(Fault::Rewritten(number));
        }
        let Some(pem) = &anchor.signature else { return };
        match signer(pem, &anchor.text()) {
            Some(key) if Some(&key) == anchor.key.as_ref() => *self.signers.entry(key).or_default() += 1,
            Some(_) | None => self.faults.push(Fault::Forged(number)),
        }
    }

    /// Whether the journal was once as far as this.
    fn has(&self, anchor: &Anchored) -> bool {
        self.lines.iter().any(|line| line.number == anchor.lines && line.hash == anchor.head)
    }

    /// Compares with what a host keeps. `place` is where this journal is, by machine and path.
    pub fn compare(&self, place: &str, host: &HostName, kept: &[Kept]) -> Comparison {
        let mut found = Comparison::default();
        for Kept { key, anchor, .. } in kept {
            let ours = anchor.journal == place || self.lines.iter().any(|line| line.run == anchor.of);
            if !ours {
                *found.others.entry(anchor.journal.clone()).or_default() += 1;
            } else if self.has(anchor) {
                *found.keys.entry(key.clone()).or_default() += 1;
            } else {
                let (host, run) = (host.clone(), anchor.of.clone());
                found.faults.push(Fault::Missing { host, run, lines: anchor.lines });
            }
        }
        let told = self.lines.iter().filter(|line| line.host == host.as_str());
        for (number, anchor) in told.filter_map(|line| Some((line.number, line.anchor.as_ref()?))) {
            if !kept.iter().any(|kept| kept.anchor == *anchor) {
                found.faults.push(Fault::Forgotten { host: host.clone(), number });
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fleet::{
        event::{Event, What},
        journal::Journal,
    };

    /// A journal of two runs that write at the same time.
    fn written(name: &str) -> String {
        written_by("root@here", name)
    }

    fn written_by(who: &str, name: &str) -> String {
        let path = std::env::temp_dir().join(format!("pryvctl-journal-{name}-{}", std::process::id()));
        std::fs::remove_file(&path).unwrap_or_default();
        let runs = ["install", "upgrade"].map(|command| Journal::open(&path, command, who).unwrap());
        for number in 1..4 {
            for run in &runs {
                let what = What::Step { number, of: 3, id: "service.core.start".to_owned() };
                run.write(&Event { host: Some("co1".parse().unwrap()), what });
                assert_eq!(run.trouble(), None);
            }
        }
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::remove_file(path).unwrap();
        text
    }

    #[test]
    fn two_runs_make_one_chain() {
        let audit = audit(&written("whole"));
        assert_eq!(audit.faults, []);
        let [line, ..] = &audit.lines[..] else { panic!("no lines") };
        assert_eq!(
            (line.host.as_str(), line.command.as_str(), line.what.as_str()),
            ("co1", "install", "step")
        );
        assert_eq!(line.details, "id=service.core.start number=1 of=3");
        assert_eq!(audit.lines.len(), 6);
    }

    #[test]
    fn a_changed_a_missing_and_a_cut_line_are_found() {
        let text = written("spoilt");
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(audit(&text.replacen("co1", "co2", 1)).faults, [Fault::Changed(1)]);
        assert_eq!(audit(&[&lines[..2], &lines[3..]].concat().join("\n")).faults, [Fault::Broken(3)]);
        assert_eq!(audit(&lines[1..].join("\n")).faults, [Fault::Broken(1)]);
        let cut = &text[..text.len() - 40];
        assert_eq!(audit(cut).faults, [Fault::Unreadable(6)]);
        assert!(audit("").lines.is_empty());
    }

    fn anchored(text: &str, lines: usize) -> Anchored {
        let head = audit(text).lines[lines - 1].hash.clone();
        let journal = "console:/journal".to_owned();
        Anchored { journal, of: audit(text).lines[0].run.clone(), lines, head, key: None, signature: None }
    }

    fn kept(anchor: &Anchored) -> Kept {
        Kept { at: String::new(), key: "SHA256:k".to_owned(), anchor: anchor.clone() }
    }

    #[test]
    fn what_hosts_keep_finds_what_the_chain_cannot() {
        let host: HostName = "co1".parse().unwrap();
        let (ours, another) = (written("anchored"), written_by("nobody@here", "another"));
        let anchors = [kept(&anchored(&ours, 2)), kept(&anchored(&ours, 6))];
        let compare = |text: &str| audit(text).compare("console:/journal", &host, &anchors);
        let whole = compare(&ours);
        assert_eq!((&whole.faults[..], whole.keys["SHA256:k"]), (&[][..], 2));
        let lines: Vec<&str> = ours.lines().collect();
        // A chain that was cut is sound in itself, as is one that was made anew, and one of which nothing is left.
        let cut = lines[..4].join("\n");
        for (what, text, missing) in
            [("cut", cut.as_str(), 1), ("made anew", &another, 2), ("deleted", "", 2)]
        {
            assert_eq!(audit(text).faults, [], "{what}");
            assert_eq!(compare(text).faults.len(), missing, "{what}");
        }
        let elsewhere = audit(&another).compare(
            "laptop:/journal",
            &host,
            &[kept(&Anchored { of: "a run of somebody else".to_owned(), ..anchors[0].anchor.clone() })],
        );
        assert_eq!((elsewhere.faults.len(), elsewhere.others["console:/journal"]), (0, 1));
    }

    #[test]
    fn a_host_that_lost_its_log_is_found() {
        let path = std::env::temp_dir().join(format!("pryvctl-journal-told-{}", std::process::id()));
        std::fs::remove_file(&path).unwrap_or_default();
        let run = Journal::open(&path, "install", "root@here").unwrap();
        run.write(&Event { host: None, what: What::Resumed });
        let head = run.head().unwrap();
        assert_eq!(head.lines, 1);
        let anchor = Anchored { head: head.hash, ..anchored(&std::fs::read_to_string(&path).unwrap(), 1) };
        let wrong = Anchored { lines: 7, ..anchor.clone() };
        for told in [&anchor, &wrong] {
            run.write(&Event { host: Some("co1".parse().unwrap()), what: What::Anchored(told.clone()) });
        }
        let audit = audit(&std::fs::read_to_string(&path).unwrap());
        std::fs::remove_file(path).unwrap();
        assert_eq!(audit.faults, [Fault::Rewritten(3)]);
        let host: HostName = "co1".parse().unwrap();
        let found = audit.compare("console:/journal", &host, &[kept(&wrong)]);
        assert!(found.faults.contains(&Fault::Forgotten { host, number: 2 }), "{found:?}");
    }

    #[test]
    fn a_line_cut_by_a_crash_spoils_no_other() {
        let path = std::env::temp_dir().join(format!("pryvctl-journal-torn-{}", std::process::id()));
        let text = written("torn");
        std::fs::write(&path, &text[..text.len() - 40]).unwrap();
        let run = Journal::open(&path, "upgrade", "root@here").unwrap();
        run.write(&Event { host: None, what: What::Resumed });
        let audit = audit(&std::fs::read_to_string(&path).unwrap());
        std::fs::remove_file(path).unwrap();
        assert_eq!(audit.faults, [Fault::Unreadable(6)]);
        assert_eq!(audit.lines.last().map(|line| line.what.as_str()), Some("resumed"));
    }
}
