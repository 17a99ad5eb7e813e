//! What is: one file per probe, each the question to a host and the reader of its answer.

pub mod boot;
pub mod cgroup;
pub mod clock;
pub mod conntrack;
pub mod container;
pub mod content;
pub mod control;
pub mod cpu;
pub mod daemon;
pub mod disk;
pub mod docker;
pub mod door;
pub mod file;
pub mod filter;
pub mod folder;
pub mod footing;
pub mod foreign;
mod frame;
#[cfg(test)]
pub mod guard;
pub mod hosts;
pub mod image;
pub mod init;
pub mod kernel;
pub mod kernels;
pub mod link;
pub mod login;
pub mod mark;
pub mod memory;
pub mod network;
pub mod nftables;
pub mod note;
pub mod os;
pub mod packages;
pub mod place;
pub mod port;
pub mod release;
pub mod rights;
mod row;
pub mod sample;
mod settle;
pub mod sshd;
pub mod state;
pub mod survey;
pub mod tools;
pub mod unit;
pub mod update;
pub mod virtualisation;
pub mod volume;
pub mod written;

use std::fmt;

pub use survey::Facts;

use crate::model::command::{Exit, Output};

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

/// The exit code by which a question says that what it asks for is surely not there. No tool we ask uses it.
const ABSENT: u32 = 44;

impl<T> Fact<T> {
    /// The value, if it is known.
    pub fn known(&self) -> Option<&T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Absent | Self::Unreadable(_) => None,
        }
    }

    /// Reads an answer whose question ended well; the error says what could not be read.
    fn read(output: &Output, parse: impl FnOnce(&str) -> Result<T, String>) -> Self {
        if output.exit == Exit::Code(ABSENT) {
            return Self::Absent;
        }
        if !output.ok() {
            return Self::Unreadable(complaint(output));
        }
        match parse(&output.stdout) {
            Ok(value) => Self::Known(value),
            Err(why) => Self::Unreadable(why),
        }
    }
}

/// Why a question ended badly, in the host's own words where it gave some.
fn complaint(output: &Output) -> String {
    match frame::last_line(&output.stderr) {
        Some(line) => line.to_owned(),
        None => output.exit.to_string(),
    }
}

/// The error of a reader that met a text it does not understand.
fn strange(what: &str, text: &str) -> String {
    let start: String = text.trim().chars().take(60).collect();
    format!("{what} is not understood: `{start}`")
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
    /// A POSIX shell fragment, run as root in a subshell of its own. It only reads. Exit code 44 says "absent".
    fn question(&self) -> String;
    /// Reads what the fragment printed and how it ended.
    fn read(&self, output: &Output) -> Fact<Self::Value>;
}
