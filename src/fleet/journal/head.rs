//! How far a journal went: the number of its lines and the hash of the last one.

use std::{
    fs::File,
    io::{self, Read as _, Seek as _, SeekFrom},
};

use serde_json::Value;

/// The end of a journal at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Where the journal is: the machine and the path.
    pub journal: String,
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
