//! How far a journal went: the number of its lines and the hash of the last one.

use std::{
    fs::File,
    io::{self, Read as _, Seek as _, SeekFrom},
    path::{Path, PathBuf},
};

use serde_json::Value;

/// Where a journal is: an administrator may have several, and each host hears of all of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The machine and the path, without links.
    pub real: String,
    /// The machine and the path by which the administrator reached it, where that is another.
    pub named: Option<String>,
}

impl Place {
    /// The place of a journal, which may be gone.
    pub fn of(path: &Path) -> Self {
        let named = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let real = real(&named);
        let other = named != real;
        Self { real: on_this_machine(&real), named: other.then(|| on_this_machine(&named)) }
    }

    /// Whether a journal is the one that a host was told of. A link that was turned elsewhere is still its name.
    pub fn is(&self, real: &str, named: Option<&str>) -> bool {
        let ours = [Some(self.real.as_str()), self.named.as_deref()];
        [Some(real), named].into_iter().flatten().any(|theirs| ours.contains(&Some(theirs)))
    }
}

/// Whether a journal of this machine is surely not there any more.
pub fn is_gone(place: &str) -> bool {
    let path = place.strip_prefix(&on_this_machine(Path::new("")));
    path.is_some_and(|path| matches!(Path::new(path).try_exists(), Ok(false)))
}

fn on_this_machine(path: &Path) -> String {
    let machine = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    format!("{}:{}", machine.trim(), path.display())
}

/// Where a path leads, also to a file that is gone.
fn real(path: &Path) -> PathBuf {
    if let Ok(real) = path.canonicalize() {
        return real;
    }
    let folder = path.parent().unwrap_or(path);
    let led = path.read_link().map_or_else(|_| path.to_owned(), |to| folder.join(to));
    let folder = led.parent().and_then(|folder| folder.canonicalize().ok());
    match (folder, led.file_name()) {
        (Some(folder), Some(name)) => folder.join(name),
        (None, _) | (_, None) => led,
    }
}

/// The end of a journal at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Where the journal is.
    pub place: Place,
    /// The run that asks.
    pub run: String,
    /// How many lines there are.
    pub lines: usize,
    /// The hash of the last one.
    pub hash: String,
}

/// Lines that were counted already; a journal only grows.
#[derive(Debug, Default)]
pub(super) struct Counted {
    to: u64,
    lines: usize,
}

impl Counted {
    /// Counts on to the end of the file. Other runs may have written, too.
    pub(super) fn count(&mut self, file: &mut File) -> io::Result<usize> {
        if file.metadata()?.len() < self.to {
            *self = Self::default();
        }
        file.seek(SeekFrom::Start(self.to))?;
        let mut rest = Vec::new();
        self.to += u64::try_from(file.read_to_end(&mut rest)?).unwrap_or_default();
        self.lines += rest.iter().filter(|byte| **byte == b'\n').count();
        Ok(self.lines)
    }
}

/// The end of a journal.
pub(super) struct Last {
    pub(super) hash: Option<String>,
    pub(super) torn: bool,
}

/// More than the longest line.
const TAIL: u64 = 1 << 20;

pub(super) fn last(file: &mut File) -> io::Result<Last> {
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        // A device keeps nothing, and some can be read without end.
        return Ok(Last { hash: None, torn: false });
    }
    file.seek(SeekFrom::Start(metadata.len().saturating_sub(TAIL)))?;
    let mut tail = Vec::new();
    file.read_to_end(&mut tail)?;
    let text = String::from_utf8_lossy(&tail);
    let hash = text.lines().rev().find_map(|line| {
        let line: Value = serde_json::from_str(line).ok()?;
        Some(line.get("hash")?.as_str()?.to_owned())
    });
    Ok(Last { hash, torn: !text.is_empty() && !text.ends_with('\n') })
}
