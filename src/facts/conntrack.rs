//! The kernel's table of connections: what it can be told, and how full it is.

use super::{Fact, Probe, strange};
use crate::model::command::Output;

/// `nft -c` with a timeout of our own, and the kernel's own figures. No `nft`: absent.
pub struct Connections;

/// The connection table.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Conntrack {
    /// Whether the life of a half-open connection can be set.
    pub timeouts: Timeouts,
    /// Connections it holds.
    pub held: u64,
    /// Connections it can hold; 0: the kernel does not say.
    pub most: u64,
}

/// What can be said to the kernel about timeouts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Timeouts {
    /// A rule may give a connection a timeout of its own: every kernel of a supported distribution.
    #[default]
    Settable,
    /// The kernel was built without `CONFIG_NF_CONNTRACK_TIMEOUT`.
    Fixed,
}

/// `nft -c` has the kernel look at a change and throws it away.
const QUESTION: &str = include_str!("conntrack.sh").trim_ascii_end();

impl Probe for Connections {
    type Value = Conntrack;

    fn question(&self) -> String {
        QUESTION.to_owned()
    }

    fn read(&self, output: &Output) -> Fact<Conntrack> {
        Fact::read(output, |text| parse(text).ok_or_else(|| strange("the kernel's connection table", text)))
    }
}

fn parse(text: &str) -> Option<Conntrack> {
    let mut lines = text.lines();
    let timeouts = match lines.next()? {
        "settable" => Timeouts::Settable,
        "fixed" => Timeouts::Fixed,
        _ => return None,
    };
    let (held, most) = match lines.collect::<Vec<_>>()[..] {
        [] => (0, 0),
        [held, most] => (held.parse().ok()?, most.parse().ok()?),
        [_] | [_, _, _, ..] => return None,
    };
    Some(Conntrack { timeouts, held, most })
}
