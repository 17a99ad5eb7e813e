//! Whether packages can be installed now.

use super::{Fact, Probe, strange};
use crate::model::command::Output;

/// apt's locks and dpkg's journal. No apt: absent.
pub struct Apt;

/// The package system.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Packages {
    /// Programs that hold one of its locks.
    pub busy: Vec<String>,
    /// An installation was cut off and has to be finished first.
    pub interrupted: bool,
    /// Whether it knows any package source.
    pub sources: bool,
}

/// The kernel's list of locks is read, because taking a lock to try it would be a change.
const QUESTION: &str = include_str!("packages.sh").trim_ascii_end();

impl Probe for Apt {
    type Value = Packages;

    fn question(&self) -> String {
        QUESTION.to_owned()
    }

    fn read(&self, output: &Output) -> Fact<Packages> {
        Fact::read(output, |text| {
            let mut found = Packages::default();
            for line in text.lines() {
                match line.split_once(' ').unwrap_or((line, "")) {
                    ("busy", program) => found.busy.push(program.to_owned()),
                    ("interrupted", "") => found.interrupted = true,
                    ("sources", "") => found.sources = true,
                    ("end", "") => {}
                    _ => return Err(strange("the state of apt", line)),
                }
            }
            found.busy.dedup();
            Ok(found)
        })
    }
}
