//! What `/etc/hosts` says of a name.

use super::{Fact, Probe};
use crate::model::command::Output;

/// Lines of `/etc/hosts` that name a host; absent where none does.
pub struct HostsLine(pub Option<String>);

impl Probe for HostsLine {
    type Value = String;

    fn question(&self) -> String {
        match self.0 {
            Some(_) => "[ -e /etc/hosts ] || exit 44\ncat /etc/hosts".to_owned(),
            None => "exit 44".to_owned(),
        }
    }

    fn read(&self, output: &Output) -> Fact<String> {
        let names = |line: &&str| {
            let words = line.split('#').next().unwrap_or_default().split_whitespace();
            words.skip(1).any(|word| Some(word) == self.0.as_deref())
        };
        let lines = Fact::read(output, |text| Ok(text.lines().filter(names).collect::<Vec<_>>().join("\n")));
        if lines == Fact::Known(String::new()) { Fact::Absent } else { lines }
    }
}
