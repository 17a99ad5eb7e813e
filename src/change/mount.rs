//! Options of what is mounted.

use std::path::PathBuf;

use super::Kind;
use crate::model::command::{Command, quote_path};

/// Mount points that are mounted again, each with options that it gets beside those it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remounts(pub Vec<(PathBuf, Vec<String>)>);

impl Kind for Remounts {
    fn command(&self) -> Command {
        let remount = |(path, options): &(PathBuf, Vec<String>)| {
            format!("mount -o remount,{} {}\n", options.join(","), quote_path(path))
        };
        Command::root(format!("set -e\n{}", self.0.iter().map(remount).collect::<String>()))
    }

    #[cfg(test)]
    fn apply(&self, state: &mut crate::facts::state::HostState) {
        for (path, options) in &self.0 {
            let found = state.hardening.mounts.get_mut(path).expect("nothing is mounted there");
            for option in options {
                found.options.retain(|there| there != option && *there != format!("no{option}"));
                if option.starts_with("no") {
                    found.options.push(option.clone());
                }
            }
        }
    }
}
