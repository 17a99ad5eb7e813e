//! What comes before a script runs, told apart from what is the script's own.

use super::{PROMPT, STARTED, SudoFault};
use crate::{
    host::{
        error::short,
        fence::{self, Loss},
    },
    model::command::Exit,
};

/// The most that may come before a script runs, bytes: a greeting of the login shell, a lecture of sudo.
pub(in crate::host) const BEFORE: usize = 64 << 10;

/// The most that one stream of a running script is kept while the other one is late, bytes.
const EARLY: usize = 4 << 20;

/// Listens until the script says, on both streams, that it started: they travel apart, and either may come first.
#[derive(Debug, Default)]
pub(in crate::host) struct Opening {
    out: Stream,
    err: Stream,
    answered: usize,
    /// Where in stderr the last question that was seen ends.
    asked_until: usize,
}

/// What came on one stream so far. Every byte is searched once.
#[derive(Debug, Default)]
struct Stream {
    heard: Vec<u8>,
    start: Option<usize>,
}

impl Stream {
    fn hear(&mut self, piece: &[u8]) {
        let from = self.heard.len().saturating_sub(STARTED.len() - 1);
        self.heard.extend_from_slice(piece);
        if self.start.is_none() {
            self.start = find(&self.heard, from, STARTED);
        }
    }

    fn before_start(&self) -> &[u8] {
        &self.heard[..self.start.unwrap_or(self.heard.len())]
    }

    fn take(&mut self) -> Option<Vec<u8>> {
        Some(self.heard.split_off(self.start? + STARTED.len()))
    }
}

/// Where a text stands at or after a place.
fn find(heard: &[u8], from: usize, text: &str) -> Option<usize> {
    let found = heard.get(from..)?.windows(text.len()).position(|window| window == text.as_bytes());
    Some(from + found?)
}

/// What a piece of stderr meant.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::host) enum Heard {
    /// Nothing yet.
    Noise,
    /// sudo asks for the password.
    Prompt,
    /// sudo asks again: the password was wrong.
    Again,
}

impl Opening {
    /// Takes the next piece of stdout.
    pub(in crate::host) fn hear_out(&mut self, piece: &[u8]) {
        self.out.hear(piece);
    }

    /// Takes the next piece of stderr.
    pub(in crate::host) fn hear_err(&mut self, piece: &[u8]) -> Heard {
        let seam = self.err.heard.len().saturating_sub(PROMPT.len() - 1);
        self.err.hear(piece);
        let answered = self.answered;
        let mut from = seam.max(self.asked_until);
        while let Some(asked) = find(self.err.before_start(), from, PROMPT) {
            from = asked + PROMPT.len();
            (self.asked_until, self.answered) = (from, self.answered + 1);
        }
        match (self.answered - answered, self.answered) {
            (0, _) => Heard::Noise,
            (1, 1) => Heard::Prompt,
            (_, _) => Heard::Again,
        }
    }

    /// When the script runs: the bytes of stdout and stderr that are already its own.
    pub(in crate::host) fn started(&mut self) -> Option<(Vec<u8>, Vec<u8>)> {
        self.out.start.and(self.err.start)?;
        self.out.take().zip(self.err.take())
    }

    /// Whether more came than anybody says before a script runs.
    pub(in crate::host) fn is_flood(&self) -> bool {
        let streams = [&self.out, &self.err];
        streams.iter().any(|one| one.before_start().len() > BEFORE || one.heard.len() > BEFORE + EARLY)
    }

    /// Why the fence did not let the script begin, if it was the fence.
    pub(in crate::host) fn refusal(&self, exit: Option<&Exit>) -> Option<Loss> {
        if exit != Some(&Exit::Code(fence::NOT_OURS)) {
            return None;
        }
        fence::refusal(&String::from_utf8_lossy(&self.err.heard))
    }

    /// What was said before the script ran, without our own words, in one line.
    pub(in crate::host) fn said(&self) -> String {
        let text = [&self.out, &self.err]
            .map(|heard| String::from_utf8_lossy(heard.before_start()).replace(PROMPT, ""));
        let lines = text.iter().flat_map(|text| text.lines()).map(str::trim).filter(|line| !line.is_empty());
        short(&lines.collect::<Vec<_>>().join("; "))
    }

    /// Why sudo ended before the script ran.
    pub(in crate::host) fn fault(&self, user: &str, exit: Option<&Exit>) -> SudoFault {
        let reason = self.said();
        let user = user.to_owned();
        let any = |words: &[&str]| words.iter().any(|word| reason.contains(word));
        if exit == Some(&Exit::Code(127)) && any(&["No such file", "not found"]) {
            SudoFault::Missing(user)
        } else if any(&["not in the sudoers", "not allowed", "may not run sudo", "I'm afraid I can't"]) {
            SudoFault::NotAllowed(user)
        } else if any(&["must have a tty"]) {
            SudoFault::NeedsTerminal(user)
        } else if self.answered > 0 && any(&["incorrect password", "Sorry, try again", "uthentication fail"])
        {
            SudoFault::WrongPassword(user)
        } else if any(&["password is required", "authentication is required"]) {
            SudoFault::NeedsPassword(user)
        } else {
            SudoFault::Other { user, reason }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_before_the_start_has_a_limit_and_is_searched_once() {
        let mut opening = Opening::default();
        opening.hear_out(&vec![b'x'; BEFORE]);
        assert!(!opening.is_flood());
        opening.hear_out(b"pryvctl: started\n");
        opening.hear_out(&vec![b'y'; BEFORE]);
        assert!(!opening.is_flood(), "this is the script's own");
        opening.hear_err(&vec![b'x'; BEFORE + 1]);
        assert!(opening.is_flood());
        let mut early = Opening::default();
        early.hear_out(b"pryvctl: started\n");
        early.hear_out(&vec![b'y'; BEFORE + EARLY]);
        assert!(early.is_flood(), "stderr never says that it started");
    }

    #[test]
    fn what_comes_before_the_start_is_not_the_scripts() {
        let mut opening = Opening::default();
        opening.hear_out(b"welcome!\npryvctl: started\nout");
        opening.hear_err(b"sudo: unable to resolve host x\npryvctl: st");
        assert_eq!(opening.started(), None, "stderr may be late");
        opening.hear_err(b"arted\nwarning");
        assert_eq!(opening.said(), "welcome!; sudo: unable to resolve host x");
        assert_eq!(opening.started(), Some((b"out".to_vec(), b"warning".to_vec())));
    }

    #[test]
    fn the_password_is_given_once_per_question() {
        let mut opening = Opening::default();
        assert_eq!(opening.hear_err(b"lecture\npryvctl: pass"), Heard::Noise);
        assert_eq!(opening.hear_err(b"word? "), Heard::Prompt);
        assert_eq!(opening.hear_err(b"\n"), Heard::Noise);
        assert_eq!(opening.hear_err(b"Sorry, try again.\npryvctl: password? "), Heard::Again);
        let mut running = Opening::default();
        running.hear_err(b"pryvctl: started\n");
        assert_eq!(running.hear_err(b"pryvctl: password? "), Heard::Noise, "the script cannot ask");
    }

    #[test]
    fn sudos_answers_are_told_apart() {
        let user = || "ann".to_owned();
        let cases = [
            (127, "env: 'sudo': No such file or directory", SudoFault::Missing(user())),
            (1, "sudo: a password is required", SudoFault::NeedsPassword(user())),
            (1, "sudo: interactive authentication is required", SudoFault::NeedsPassword(user())),
            (1, "ann is not in the sudoers file.", SudoFault::NotAllowed(user())),
            (
                1,
                "Sorry, user ann is not allowed to execute '/bin/sh' as root on x.",
                SudoFault::NotAllowed(user()),
            ),
            (1, "sudo: sorry, you must have a tty to run sudo", SudoFault::NeedsTerminal(user())),
            (1, "pryvctl: password? sudo: 1 incorrect password attempt", SudoFault::WrongPassword(user())),
            (
                1,
                "sudo: parse error",
                SudoFault::Other { user: user(), reason: "sudo: parse error".to_owned() },
            ),
        ];
        for (code, text, fault) in cases {
            let mut opening = Opening::default();
            opening.hear_err(text.as_bytes());
            assert_eq!(opening.fault("ann", Some(&Exit::Code(code))), fault, "{text}");
        }
    }
}
