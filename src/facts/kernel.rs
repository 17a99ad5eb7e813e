//! Which kernel runs, on which architecture.

use std::fmt;

use super::{Fact, Probe, strange};
use crate::model::command::Output;

/// `uname`.
pub struct Uname;

/// The running kernel.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Kernel {
    /// As in `Linux`.
    pub name: String,
    /// As in `6.1.0-18-amd64`.
    pub release: String,
    /// As in `x86_64`.
    pub machine: String,
}

impl fmt::Display for Kernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.name, self.release)
    }
}

impl Probe for Uname {
    type Value = Kernel;

    fn question(&self) -> String {
        "uname -srm".to_owned()
    }

    fn read(&self, output: &Output) -> Fact<Kernel> {
        Fact::read(output, |text| match text.split_whitespace().collect::<Vec<_>>()[..] {
            [name, release, machine] => {
                Ok(Kernel { name: name.into(), release: release.into(), machine: machine.into() })
            }
            _ => Err(strange("uname", text)),
        })
    }
}
