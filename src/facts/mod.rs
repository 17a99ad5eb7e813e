//! What is: one file per probe, each the question to a host and the reader of its answer.

pub mod state;

use std::fmt;

use crate::model::command::Output;

/// What a probe found. `Absent` is knowledge, `Unreadable` is its lack: it never passes as "no drift".
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fact<T> {
    /// It is there.
    Known(T),
    /// It is surely not there.
    Absent,
    /// It could not be read, and why.
    Unreadable(String),
}

impl<T> Fact<T> {
    /// The value, if it is known.
    pub fn known(&self) -> Option<&T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Absent | Self::Unreadable(_) => None,
        }
    }
}

impl<T: fmt::Display> fmt::Display for Fact<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(value) => value.fmt(f),
            Self::Absent => f.write_str("absent"),
            Self::Unreadable(why) => write!(f, "unreadable: {why}"),
        }
    }
}

/// A question to a host and the reader of its answer. All probes of a host travel as one script.
pub trait Probe {
    /// What the answer says.
    type Value;
    /// A POSIX shell fragment, run as root in a subshell of its own. It only reads.
    fn question(&self) -> String;
    /// Reads what the fragment printed and how it ended.
    fn read(&self, output: &Output) -> Fact<Self::Value>;
}
