//! A recorded session: what a host would have been asked and what it answered, for tests of the rooms above.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::model::{
    command::{Command, Exit, Output},
    inventory::Login,
};

use super::{HostError, Session};

/// A session that answers from a list, in order. A question that is not the next on the list panics: the test is wrong
/// or the code is.
#[derive(Clone, Default)]
pub struct Replay(Arc<Mutex<Tape>>);

#[derive(Default)]
struct Tape {
    turns: VecDeque<Turn>,
    asked: Vec<Command>,
}

enum Turn {
    Exec { part: String, answer: Result<Output, HostError> },
    Reconnect(Result<(), HostError>),
    Reconnect6(Result<(), HostError>),
    ReconnectAs { user: String, answer: Result<(), HostError> },
}

impl Replay {
    /// A session that expects nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Next, a script that contains `part` is run and prints `stdout`.
    #[must_use]
    pub fn prints(self, part: &str, stdout: &str) -> Self {
        self.answers(part, Ok(Output { stdout: stdout.to_owned(), ..Output::default() }))
    }

    /// Next, a script that contains `part` is run and ends with `code` after printing `stderr`.
    #[must_use]
    pub fn fails(self, part: &str, code: u32, stderr: &str) -> Self {
        let output = Output { stderr: stderr.to_owned(), exit: Exit::Code(code), ..Output::default() };
        self.answers(part, Ok(output))
    }

    /// Next, a script that contains `part` is run and has this answer.
    #[must_use]
    pub fn answers(self, part: &str, answer: Result<Output, HostError>) -> Self {
        self.tape().turns.push_back(Turn::Exec { part: part.to_owned(), answer });
        self
    }

    /// Next, a new connection is made, or fails.
    #[must_use]
    pub fn reconnects(self, answer: Result<(), HostError>) -> Self {
        self.tape().turns.push_back(Turn::Reconnect(answer));
        self
    }

    /// Next, a new connection is made over the second address, or fails. A host for which this is not said has none.
    #[must_use]
    pub fn reconnects6(self, answer: Result<(), HostError>) -> Self {
        self.tape().turns.push_back(Turn::Reconnect6(answer));
        self
    }

    /// Next, a new connection is made with another user's login, or fails.
    #[must_use]
    pub fn reconnects_as(self, user: &str, answer: Result<(), HostError>) -> Self {
        self.tape().turns.push_back(Turn::ReconnectAs { user: user.to_owned(), answer });
        self
    }

    /// The commands that were run, in order.
    pub fn asked(&self) -> Vec<Command> {
        self.tape().asked.clone()
    }

    /// Whether every turn was played.
    pub fn is_over(&self) -> bool {
        self.tape().turns.is_empty()
    }

    fn tape(&self) -> MutexGuard<'_, Tape> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Session for Replay {
    type Error = HostError;

    async fn exec(&self, command: &Command) -> Result<Output, HostError> {
        let mut tape = self.tape();
        tape.asked.push(command.clone());
        match tape.turns.pop_front() {
            Some(Turn::Exec { part, answer }) => {
                assert!(command.script.contains(&part), "expected `{part}`, asked: {}", command.script);
                answer
            }
            Some(Turn::Reconnect(_) | Turn::Reconnect6(_) | Turn::ReconnectAs { .. }) => {
                panic!("expected a reconnect, asked: {}", command.script)
            }
            None => panic!("nothing more was expected, asked: {}", command.script),
        }
    }

    async fn reconnect(&self) -> Result<Self, HostError> {
        match self.tape().turns.pop_front() {
            Some(Turn::Reconnect(answer)) => answer.map(|()| self.clone()),
            Some(Turn::Exec { part, .. }) => panic!("expected `{part}`, not a reconnect"),
            Some(Turn::Reconnect6(_)) => panic!("expected a reconnect over the second address"),
            Some(Turn::ReconnectAs { user, .. }) => panic!("expected a login as {user}"),
            None => panic!("nothing more was expected, not a reconnect either"),
        }
    }

    async fn reconnect6(&self) -> Option<Result<Self, HostError>> {
        let mut tape = self.tape();
        match tape.turns.pop_front() {
            Some(Turn::Reconnect6(answer)) => Some(answer.map(|()| self.clone())),
            Some(other) => {
                tape.turns.push_front(other);
                None
            }
            None => None,
        }
    }

    async fn reconnect_as(&self, login: &Login) -> Result<Self, HostError> {
        match self.tape().turns.pop_front() {
            Some(Turn::ReconnectAs { user, answer }) => {
                assert_eq!(user, login.user);
                answer.map(|()| self.clone())
            }
            Some(Turn::Exec { part, .. }) => panic!("expected `{part}`, not a login as {}", login.user),
            Some(Turn::Reconnect(_) | Turn::Reconnect6(_)) => panic!("expected a reconnect, not another's"),
            None => panic!("nothing more was expected, not a login as {} either", login.user),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn answers_come_in_order_and_questions_are_kept() {
        let host = Replay::new().prints("hostname", "core-1\n").reconnects(Ok(())).fails("nft", 1, "no\n");
        assert_eq!(host.exec(&Command::root("hostname")).await.unwrap().stdout, "core-1\n");
        let again = host.reconnect().await.unwrap();
        assert!(!again.exec(&Command::root("nft -f -").stdin("x")).await.unwrap().ok());
        assert!(host.is_over());
        assert_eq!(host.asked().len(), 2);
    }

    #[tokio::test]
    #[should_panic(expected = "expected `hostname`, asked: reboot")]
    async fn a_surprise_panics() {
        let _ = Replay::new().prints("hostname", "").exec(&Command::root("reboot")).await;
    }
}
