//! The journal: every run as lines of JSON, each bound to the one before by its hash. It is an aid for people; nothing
//! is ever read from it to decide what to do, so deleting it loses nothing but history.
//!
//! The chain alone finds a line that was edited, lost or mixed up. Whoever may write the file can make a new chain; that
//! is found by what the changed hosts keep ([`anchor`]).
//!
//! ```text
//! {"command":"upgrade","hash":"9f…","host":"co1","id":"service.core.start","number":4,"of":9,"prev":"51…",
//!  "run":"20261121T134502Z-4711","time":"2026-11-21T13:45:09Z","what":"step","who":"root@console (pid 4711)"}
//! ```

pub mod anchor;
pub mod audit;
mod failpoint;
pub mod head;

use std::{
    fs::{File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    sync::Mutex,
};

use serde_json::{Map, Value};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use self::head::{Counted, Head, Place, last};
use super::event::{Event, Subscriber};
use crate::plan::file::sha256;

/// The journal of one run.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    place: Place,
    /// The lab that stood in for the hosts.
    lab: Option<String>,
    command: String,
    who: String,
    run: String,
    lines: Mutex<Lines>,
}

#[derive(Debug)]
struct Lines {
    file: File,
    /// Lines of this run that say what is done next.
    written: usize,
    counted: Counted,
    /// The first failure; what follows is not tried any more.
    failed: Option<io::Error>,
}

/// What stands before the first line.
const NOTHING: &str = "";

impl Journal {
    /// Opens or makes the journal, which only its owner may read.
    ///
    /// # Errors
    /// A folder or file that cannot be made or written.
    pub fn open(path: &Path, command: &str, who: &str) -> io::Result<Self> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let file = OpenOptions::new().create(true).read(true).append(true).mode(0o600).open(path)?;
        let run = format!("{}-{}", now().replace(['-', ':'], ""), std::process::id());
        Ok(Self {
            path: path.to_owned(),
            place: Place::of(path),
            lab: None,
            command: command.to_owned(),
            who: who.to_owned(),
            run,
            lines: Mutex::new(Lines { file, written: 0, counted: Counted::default(), failed: None }),
        })
    }

    /// With the lab in which the run is a rehearsal.
    #[must_use]
    pub fn of_lab(self, lab: Option<String>) -> Self {
        Self { lab, ..self }
    }

    /// Writes a line. A full disk must not stop a rollout halfway, so a failure is only kept for the end.
    pub fn write(&self, event: &Event) {
        let Ok(mut lines) = self.lines.lock() else { return };
        if lines.failed.is_some() {
            return;
        }
        match append(&mut lines.file, self.body(event)) {
            Ok(()) => {}
            Err(error) => lines.failed = Some(error),
        }
        if event.what.comes_first() {
            lines.written += 1;
            failpoint::reached(lines.written);
        }
    }

    /// Why the journal is not whole, if it is not.
    pub fn trouble(&self) -> Option<String> {
        let lines = self.lines.lock().ok()?;
        let error = lines.failed.as_ref()?;
        Some(format!("the journal {} could not be written: {error}", self.path.display()))
    }

    fn body(&self, event: &Event) -> Map<String, Value> {
        let mut body = match serde_json::to_value(&event.what) {
            Ok(Value::Object(body)) => body,
            Ok(_) | Err(_) => Map::new(),
        };
        let mut put = |key: &str, value: &str| body.insert(key.to_owned(), value.into());
        put("time", &now());
        put("run", &self.run);
        put("who", &self.who);
        put("command", &self.command);
        if let Some(lab) = &self.lab {
            put("lab", lab);
        }
        if let Some(host) = &event.host {
            put("host", host.as_str());
        }
        body
    }
}

/// What happens to hosts is kept; looking at them is not.
impl Subscriber for Journal {
    fn hear(&self, event: &Event) {
        if event.what.is_history() {
            self.write(event);
        }
    }

    /// `None`: it keeps nothing, as `/dev/null`, or cannot be read.
    fn head(&self) -> Option<Head> {
        let mut lines = self.lines.lock().ok()?;
        let Lines { file, counted, failed, .. } = &mut *lines;
        if failed.is_some() || !file.metadata().ok()?.is_file() {
            return None;
        }
        file.lock().ok()?;
        let end = last(file).and_then(|last| Ok((last.hash, counted.count(file)?)));
        file.unlock().ok()?;
        let (hash, lines) = end.ok()?;
        Some(Head { place: self.place.clone(), run: self.run.clone(), lines, hash: hash? })
    }
}

/// Now, RFC 3339 in UTC, to the second.
fn now() -> String {
    OffsetDateTime::now_utc().truncate_to_second().format(&Rfc3339).unwrap_or_default()
}

/// Appends a line under the file's lock, because two runs may share one journal.
fn append(file: &mut File, mut body: Map<String, Value>) -> io::Result<()> {
    file.lock()?;
    let written = last(file).and_then(|last| {
        let prev = last.hash.unwrap_or_else(|| NOTHING.to_owned());
        body.insert("prev".to_owned(), prev.into());
        let hash = hash(&body);
        body.insert("hash".to_owned(), hash.into());
        // A line that a crash cut short ends here, so that it spoils no other.
        let start = if last.torn { "\n" } else { "" };
        file.write_all(format!("{start}{}\n", Value::Object(body)).as_bytes())
    });
    file.unlock()?;
    written
}

/// Of everything a line says, the hash of the line before included. Keys are sorted, so the text is always the same.
fn hash(body: &Map<String, Value>) -> String {
    let text = serde_json::to_string(body).unwrap_or_default();
    sha256(&text)
}
