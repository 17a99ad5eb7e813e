//! How a script gets the rights it needs: the words sent to the login shell, and what sudo answers instead of running them.
//!
//! The script's first act is to say on stdout and stderr that it started. Whatever comes before that is sudo's or the
//! login shell's, whatever comes after is the script's: no guessing from texts who failed. sudo is given a prompt of
//! our own, and the password is sent only when that prompt is seen, so it cannot end up as the script's input.
//!
//! This is the one place where what root runs gets its words, and so the place of the [fence](super::fence).

mod fault;
mod opening;

use std::time::Duration;

pub use fault::SudoFault;
pub(super) use opening::{BEFORE, Heard, Opening};

use super::fence;
use crate::model::{
    command::{Rights, quote},
    inventory::Login,
    secret::Secret,
};

const STARTED: &str = "pryvctl: started\n";
const PROMPT: &str = "pryvctl: password? ";

const CAME_IN: &str = "env \"SSH_CONNECTION=$SSH_CONNECTION\" ";

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
}
