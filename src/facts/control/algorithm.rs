//! Which algorithms the host's OpenSSH knows.

use std::collections::BTreeSet;

use crate::{
    facts::{Fact, Probe},
    model::{command::Output, desired::Desired},
};

/// `ssh -Q`; not asked where no control names algorithms.
pub struct Algorithms(pub bool);

impl Algorithms {
    /// Asked if any control names algorithms.
    pub fn of(desired: &Desired) -> Self {
        Self(desired.hardening.known.iter().any(|control| control.kind.sshd().is_some()))
    }
}

impl Probe for Algorithms {
    type Value = BTreeSet<String>;

    fn question(&self) -> String {
        let ask = "command -v ssh >/dev/null || exit 44\n\
            for what in kex cipher mac key-sig; do ssh -Q $what || exit 1; done";
        if self.0 { ask.to_owned() } else { "exit 44".to_owned() }
    }

    fn read(&self, output: &Output) -> Fact<Self::Value> {
        Fact::read(output, |text| Ok(text.lines().map(|line| line.trim().to_owned()).collect()))
    }
}
