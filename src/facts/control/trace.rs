//! Whether a file of ours counts, by what stands in files that others write from it.

use std::{collections::BTreeSet, path::PathBuf};

use crate::{
    facts::{Fact, Probe, strange},
    model::{
        command::{Output, quote, quote_path},
        desired::Desired,
    },
};

/// A file, and a text to look for in it.
pub type Trace = (PathBuf, String);

/// Which of these texts stand in their files. The host looks itself: such a file may hold secrets.
pub struct Traces(pub BTreeSet<Trace>);

impl Traces {
    /// Those of all controls.
    pub fn of(desired: &Desired) -> Self {
        let files = desired.hardening.known.iter().filter_map(|control| control.kind.own_file());
        Self(files.flat_map(|file| file.traces()).map(|(path, text)| (path.clone(), text.clone())).collect())
    }
}

impl Probe for Traces {
    type Value = BTreeSet<Trace>;

    fn question(&self) -> String {
        if self.0.is_empty() {
            return "exit 44".to_owned();
        }
        let look = |(path, text): &Trace| {
            let (path, text) = (quote_path(path), quote(text));
            format!("if grep -qsF -e {text} {path}; then echo yes; else echo no; fi\n")
        };
        self.0.iter().map(look).collect()
    }

    fn read(&self, output: &Output) -> Fact<Self::Value> {
        Fact::read(output, |text| {
            let answers: Vec<&str> = text.lines().collect();
            if answers.len() != self.0.len() {
                return Err(strange("the answer about traces", text));
            }
            let found = self.0.iter().zip(answers).filter(|(_, answer)| *answer == "yes");
            Ok(found.map(|(trace, _)| trace.clone()).collect())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_is_told_from_what_is_not() {
        let trace = |path: &str| (PathBuf::from(path), "x".to_owned());
        let probe = Traces([trace("/a"), trace("/b")].into());
        let said = Output { stdout: "no\nyes\n".to_owned(), ..Output::default() };
        assert_eq!(probe.read(&said), Fact::Known([trace("/b")].into()));
        let cut = Output { stdout: "no\n".to_owned(), ..Output::default() };
        assert!(matches!(probe.read(&cut), Fact::Unreadable(_)));
    }
}
