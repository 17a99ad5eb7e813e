//! A tenth of what `make trials` tries, for `make test`: another one with every commit, and the same one for the same commit.

use std::{env, process::Command};

/// How many parts there are.
const PARTS: usize = 10;

/// The part that is this commit's turn.
#[derive(Clone, Copy)]
pub struct Tenth(usize);

impl Tenth {
    /// By `TENTH` (0 to 9), which repeats one, else by the commit. A test that fails prints it.
    pub fn of_this_commit() -> Self {
        let asked = env::var("TENTH").ok().map(|tenth| tenth.parse::<usize>().expect("TENTH is a number"));
        let tenth = asked.unwrap_or_else(commit) % PARTS;
        println!("tenth {tenth} of {PARTS}; to repeat it, set TENTH={tenth}");
        Self(tenth)
    }

    /// Of a list, every tenth from there on: neighbours in a list are of one kind, and a part has some of each.
    pub fn of<T>(self, all: impl IntoIterator<Item = T>) -> impl Iterator<Item = T> {
        all.into_iter().skip(self.0).step_by(PARTS)
    }

    /// Of a short list, every third in the same way.
    pub fn third_of<T>(self, all: impl IntoIterator<Item = T>) -> impl Iterator<Item = T> {
        all.into_iter().skip(self.0 % 3).step_by(3)
    }
}

/// The first digits of the commit's hash; outside of a repository always the same number.
fn commit() -> usize {
    let mut git = Command::new("git");
    git.args(["-C", env!("CARGO_MANIFEST_DIR"), "rev-parse", "--short=7", "HEAD"]);
    let said = git.output().map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    said.ok().and_then(|hash| usize::from_str_radix(&hash, 16).ok()).unwrap_or_default()
}

#[test]
fn ten_tenths_are_everything_once() {
    let mut all: Vec<usize> = (0..PARTS).flat_map(|tenth| Tenth(tenth).of(0..104)).collect();
    all.sort_unstable();
    assert_eq!(all, (0..104).collect::<Vec<_>>());
    let mut all: Vec<usize> = (0..3).flat_map(|third| Tenth(third).third_of(0..16)).collect();
    all.sort_unstable();
    assert_eq!(all, (0..16).collect::<Vec<_>>());
}
