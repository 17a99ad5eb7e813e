//! How a script gets the rights it needs: the words sent to the login shell, and what sudo answers instead of running them.
//!
//! The script's first act is to say on stdout and stderr that it started. Whatever comes before that is sudo's or the
//! login shell's, whatever comes after is the script's: no guessing from texts who failed. sudo is given a prompt of
//! our own, and the password is sent only when that prompt is seen, so it cannot end up as the script's input.
//!
//! This is the one place where what root runs gets its words, and so the place of the [fence](super::fence).

use std::time::Duration;

use crate::model::{
    command::{Exit, Rights, quote},
    inventory::Login,
    secret::Secret,
};

use super::{
    error::short,
    fence::{self, Loss},
};

const STARTED: &str = "pryvctl: started\n";
const PROMPT: &str = "pryvctl: password? ";

/// The most that may come before a script runs, bytes: a greeting of the login shell, a lecture of sudo.
pub(super) const BEFORE: usize = 64 << 10;

/// The most that one stream of a running script is kept while the other one is late, bytes.
const EARLY: usize = 4 << 20;

const CAME_IN: &str = "env \"SSH_CONNECTION=$SSH_CONNECTION\" ";

/// Why sudo did not run the command.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SudoFault {
    /// There is no sudo.
    #[error("`{0}` is not root, and the host has no sudo")]
    Missing(String),
    /// sudo asks for a password and we have none.
    #[error("sudo asks `{0}` for a password, and none is given")]
    NeedsPassword(String),
    /// sudo did not take the password.
    #[error("sudo refused the password of `{0}`")]
    WrongPassword(String),
    /// The user may not use sudo.
    #[error("`{0}` is not allowed to become root with sudo")]
    NotAllowed(String),
    /// `Defaults requiretty`.
    #[error("sudo wants a terminal from `{0}`")]
    NeedsTerminal(String),
    /// Anything else.
    #[error("sudo of `{user}` failed: {reason}")]
    Other {
        /// The login user.
        user: String,
        /// What sudo said.
        reason: String,
    },
}

impl SudoFault {
    /// The way out.
    pub fn hint(&self) -> String {
        match self {
            Self::Missing(_) => {
                "install the package sudo on the host, or log in as root (`ssh.user: root`)".to_owned()
            }
            Self::NeedsPassword(user) => format!(
                "give `ssh.sudo_password`, or allow `{user}` sudo without one: `{user} ALL=(ALL) NOPASSWD: ALL` in /etc/sudoers.d"
            ),
            Self::WrongPassword(_) => {
                "check the secret behind `ssh.sudo_password`; it was tried once only".to_owned()
            }
            Self::NotAllowed(user) => format!("as root on the host: `adduser {user} sudo`"),
            Self::NeedsTerminal(user) => {
                format!("put `Defaults:{user} !requiretty` in a file in /etc/sudoers.d")
            }
            Self::Other { .. } => "try `sudo -v` on the host as the login user".to_owned(),
        }
    }
}

/// How a script gets its rights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// It has them already.
    Direct,
    /// sudo, without a password to offer.
    Sudo,
    /// sudo, with a password to offer.
    SudoPassword,
}

impl Way {
    pub(super) fn of(login: &Login, rights: Rights) -> Self {
        match (rights, login.user.as_str(), &login.sudo_password) {
            (Rights::Login, _, _) | (Rights::Root, "root", _) => Self::Direct,
            (Rights::Root, _, None) => Self::Sudo,
            (Rights::Root, _, Some(_)) => Self::SudoPassword,
        }
    }

    /// `-k`: a cached login must not make sudo skip the question in one command and ask it in the next.
    fn prefix(self) -> String {
        match self {
            Self::Direct => String::new(),
            Self::Sudo => format!("sudo -n -- {CAME_IN}"),
            Self::SudoPassword => format!("sudo -S -k -p {} -- {CAME_IN}", quote(PROMPT)),
        }
    }
}

/// How long a script may run on the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Life {
    /// The host ends it after this time, also when the connection is gone. Whole seconds, at least one.
    Limited(Duration),
    /// As long as its input is open: for scripts that end when their stdin does.
    Channel,
}

/// The words for the login shell. `env` because a login shell may not know `LC_ALL=C command`; the C locale because
/// answers are read by programs. `timeout` stands behind sudo: only root may end what root runs. sudo forgets by which way
/// we came in, and scripts ask for it. With the token of a lock the script is begun only while the lock is ours.
pub(super) fn words(way: Way, life: Life, token: Option<&str>, script: &str) -> String {
    let limit = match life {
        Life::Limited(time) => format!("timeout -k 5 {} ", time.as_secs_f64().ceil().max(1.0)),
        Life::Channel => String::new(),
    };
    let question = token.map(fence::question).unwrap_or_default();
    let script = match (token, life) {
        (Some(_), Life::Limited(_)) => fence::holding(script),
        // It becomes another program, which holds what the shell held.
        (Some(_), Life::Channel) | (None, _) => script.to_owned(),
    };
    let script = format!("{question}echo {0}; echo {0} >&2\n{script}", quote(STARTED.trim_end()));
    format!("env LC_ALL=C {}{limit}sh -c {}", way.prefix(), quote(&script))
}

/// Listens until the script says, on both streams, that it started: they travel apart, and either may come first.
#[derive(Debug, Default)]
pub(super) struct Opening {
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
pub(super) enum Heard {
    /// Nothing yet.
    Noise,
    /// sudo asks for the password.
    Prompt,
    /// sudo asks again: the password was wrong.
    Again,
}

impl Opening {
    /// Takes the next piece of stdout.
    pub(super) fn hear_out(&mut self, piece: &[u8]) {
        self.out.hear(piece);
    }

    /// Takes the next piece of stderr.
    pub(super) fn hear_err(&mut self, piece: &[u8]) -> Heard {
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
    pub(super) fn started(&mut self) -> Option<(Vec<u8>, Vec<u8>)> {
        self.out.start.and(self.err.start)?;
        self.out.take().zip(self.err.take())
    }

    /// Whether more came than anybody says before a script runs.
    pub(super) fn is_flood(&self) -> bool {
        let streams = [&self.out, &self.err];
        streams.iter().any(|one| one.before_start().len() > BEFORE || one.heard.len() > BEFORE + EARLY)
    }

    /// Why the fence did not let the script begin, if it was the fence.
    pub(super) fn refusal(&self, exit: Option<&Exit>) -> Option<Loss> {
        if exit != Some(&Exit::Code(fence::NOT_OURS)) {
            return None;
        }
        fence::refusal(&String::from_utf8_lossy(&self.err.heard))
    }

    /// What was said before the script ran, without our own words, in one line.
    pub(super) fn said(&self) -> String {
        let text = [&self.out, &self.err]
            .map(|heard| String::from_utf8_lossy(heard.before_start()).replace(PROMPT, ""));
        let lines = text.iter().flat_map(|text| text.lines()).map(str::trim).filter(|line| !line.is_empty());
        short(&lines.collect::<Vec<_>>().join("; "))
    }

    /// Why sudo ended before the script ran.
    pub(super) fn fault(&self, user: &str, exit: Option<&Exit>) -> SudoFault {
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

/// The line sudo reads.
pub(super) fn answer(password: &Secret) -> String {
    format!("{}\n", password.expose())
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Life = Life::Limited(Duration::from_secs(60));

    #[test]
    fn the_words_for_each_way() {
        insta::assert_snapshot!(words(Way::Direct, MINUTE, None, "echo it's"), @r#"
        env LC_ALL=C timeout -k 5 60 sh -c 'echo '\''pryvctl: started'\''; echo '\''pryvctl: started'\'' >&2
        echo it'\''s'
        "#);
        insta::assert_snapshot!(words(Way::Sudo, Life::Channel, None, "id"), @r#"
        env LC_ALL=C sudo -n -- env "SSH_CONNECTION=$SSH_CONNECTION" sh -c 'echo '\''pryvctl: started'\''; echo '\''pryvctl: started'\'' >&2
        id'
        "#);
        insta::assert_snapshot!(words(Way::SudoPassword, Life::Limited(Duration::from_millis(1500)), None, "id"), @r#"
        env LC_ALL=C sudo -S -k -p 'pryvctl: password? ' -- env "SSH_CONNECTION=$SSH_CONNECTION" timeout -k 5 2 sh -c 'echo '\''pryvctl: started'\''; echo '\''pryvctl: started'\'' >&2
        id'
        "#);
    }

    #[test]
    fn under_a_lock_the_words_ask_for_the_token_first() {
        insta::assert_snapshot!(words(Way::Direct, MINUTE, Some("t0k"), "id"), @r#"
        env LC_ALL=C timeout -k 5 60 sh -c '[ -e /run/pryvctl/work ] && exec 8</run/pryvctl/work && flock -s -w 10 8 && { read -r token </run/pryvctl/token; } 2>/dev/null && [ "$token" = t0k ] || { echo '\''pryvctl: the lock is not ours'\'' >&2; [ ! -e /run/pryvctl/token ] || cat /run/pryvctl/lock >&2; exit 75; }
        echo '\''pryvctl: started'\''; echo '\''pryvctl: started'\'' >&2
        trap : TERM
        (
        id
        ) 8<&-
        exit $?'
        "#);
        let stream = words(Way::Direct, Life::Channel, Some("t0k"), "exec docker");
        assert!(stream.ends_with("exec docker'") && stream.contains("t0k"), "{stream}");
    }

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
