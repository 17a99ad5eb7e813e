//! Reading a journal: what was done, and whether anybody changed the lines.

use serde_json::Value;

use super::{NOTHING, hash};

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
}

/// A journal that was read.
#[derive(Debug, Default)]
pub struct Audit {
    /// Its lines, in order.
    pub lines: Vec<Line>,
    /// What is wrong with it.
    pub faults: Vec<Fault>,
}

/// The keys that have places of their own.
const OWN: [&str; 8] = ["time", "run", "who", "command", "host", "what", "prev", "hash"];

/// Reads a journal and verifies its chain. A chain cannot tell that lines at its end were cut off.
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
        last = said.unwrap_or_default();
        let details = body.iter().filter(|(key, value)| !OWN.contains(&key.as_str()) && !value.is_null());
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
        });
    }
    audit
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
        let path = std::env::temp_dir().join(format!("pryvctl-journal-{name}-{}", std::process::id()));
        std::fs::remove_file(&path).unwrap_or_default();
        let runs = ["install", "upgrade"].map(|command| Journal::open(&path, command, "root@here").unwrap());
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
