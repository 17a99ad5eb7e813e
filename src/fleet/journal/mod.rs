//! The journal: every run as lines of JSON, each bound to the one before by its hash. It is an aid for people; nothing
//! is ever read from it to decide what to do, so deleting it loses nothing but history.
//!
//! ```text
//! {"command":"upgrade","hash":"9f…","host":"co1","id":"service.core.start","number":4,"of":9,"prev":"51…",
//!  "run":"20261121T134502Z-4711","time":"2026-11-21T13:45:09Z","what":"step","who":"root@console (pid 4711)"}
//! ```

pub mod audit;
mod failpoint;
mod time;

use std::{
    fs::{File, OpenOptions},
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    sync::Mutex,
};

use serde_json::{Map, Value};

use super::event::Event;
use crate::plan::file::sha256;

/// The journal of one run.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    command: String,
    who: String,
    run: String,
    lines: Mutex<Lines>,
}

#[derive(Debug)]
struct Lines {
    file: File,
    written: usize,
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
        let now = time::now();
        let run = format!("{}-{}", now.replace(['-', ':'], ""), std::process::id());
        Ok(Self {
            path: path.to_owned(),
            command: command.to_owned(),
            who: who.to_owned(),
            run,
            lines: Mutex::new(Lines { file, written: 0, failed: None }),
        })
    }

    /// Writes a line. A full disk must not stop a rollout halfway, so a failure is only kept for the end.
    pub fn write(&self, event: &Event) {
        let Ok(mut lines) = self.lines.lock() else { return };
        if lines.failed.is_some() {
            return;
        }
        match append(&mut lines.file, self.body(event)) {
            Ok(()) => lines.written += 1,
            Err(error) => lines.failed = Some(error),
        }
        failpoint::reached(lines.written);
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
        put("time", &time::now());
        put("run", &self.run);
        put("who", &self.who);
        put("command", &self.command);
        if let Some(host) = &event.host {
            put("host", host.as_str());
        }
        body
    }
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

/// The end of a journal.
struct Last {
    hash: Option<String>,
    torn: bool,
}

/// More than the longest line.
const TAIL: u64 = 1 << 20;

fn last(file: &mut File) -> io::Result<Last> {
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL)))?;
    let mut tail = Vec::new();
    file.read_to_end(&mut tail)?;
    let text = String::from_utf8_lossy(&tail);
    let hash = text.lines().rev().find_map(|line| {
        let line: Value = serde_json::from_str(line).ok()?;
        Some(line.get("hash")?.as_str()?.to_owned())
    });
    Ok(Last { hash, torn: !text.is_empty() && !text.ends_with('\n') })
}

/// Of everything a line says, the hash of the line before included. Keys are sorted, so the text is always the same.
fn hash(body: &Map<String, Value>) -> String {
    let text = serde_json::to_string(body).unwrap_or_default();
    sha256(&text)
}
