//! What a host keeps of the journal of those who change it: how far it went, and with which key they came. A journal that was
//! cut, written anew, deleted or replaced no longer fits what the hosts say.

use serde::{Deserialize, Serialize};

use super::head::{Head, Place};
use crate::{
    fleet::event::{Voice, What},
    host::{Connection, HostError, Session as _, signature::Signature},
    model::{
        command::{Command, filled, take_in},
        place::JOURNAL,
    },
};

/// How far the journal of a run went at one moment, as the run tells a host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Anchored {
    /// Where the journal is: the machine and the path, without links.
    pub journal: String,
    /// The machine and the path by which it was reached, where that is another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub named: Option<String>,
    /// The run. (`run` is a key of every line of a journal.)
    pub of: String,
    /// How many lines there were.
    pub lines: usize,
    /// The hash of the last one.
    pub head: String,
    /// The key that signed this, as `SHA256:...`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The signature, as `ssh-keygen -Y check-novalidate -n pryvctl-journal` takes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
}

/// The same as the host keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Kept {
    /// When, by the clock of the host.
    pub at: String,
    /// The key that logged in, as its sshd wrote into its log; empty where that is not known.
    pub key: String,
    /// What it was told.
    pub anchor: Anchored,
}

/// When a host is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// Before it is changed.
    Begin,
    /// When it had its turn. Signed: whoever asks before each use of a key is asked once for each host.
    End,
}

impl Anchored {
    fn of(head: Head) -> Self {
        let Head { place: Place { real, named }, run, lines, hash } = head;
        Self { journal: real, named, of: run, lines, head: hash, key: None, signature: None }
    }

    /// What is signed.
    pub fn text(&self) -> String {
        let Self { of, lines, head, .. } = self;
        format!("pryvctl journal, run {of}: {lines} lines, the last is {head}\n")
    }

    fn signed(self, signature: Option<Signature>) -> Self {
        let (key, signature) = signature.map(|signature| (signature.key, signature.pem)).unzip();
        Self { key, signature, ..self }
    }
}

/// Tells a host how far the journal went. A host that cannot keep it is changed all the same, and that is said.
pub async fn tell(connection: &Connection, moment: Moment, voice: Voice<'_>) {
    let Some(head) = voice.head() else { return };
    let mut anchor = Anchored::of(head);
    if moment == Moment::End {
        let signature = connection.sign(&anchor.text()).await;
        anchor = anchor.signed(signature);
    }
    let line = serde_json::to_string(&anchor).unwrap_or_default();
    voice.say(match connection.exec(&Command::root(script(&line)).stdin(line)).await {
        Ok(output) if output.ok() => What::Anchored(anchor),
        Ok(output) => What::Unanchored { why: output.stderr.trim().to_owned() },
        Err(error) => What::Unanchored { why: error.words() },
    });
}

/// Which key came in over this connection, as sshd wrote it: anybody may call himself sshd in a log, so only what a process of
/// root's with that name said counts (since Debian 13 it is another), and only a line that begins as that of an accepted
/// login does. Of a certificate it is its own key.
const KEY: &str = include_str!("anchor/key.sh");

/// The line is whole or not there.
fn script(line: &str) -> String {
    let take_in = take_in("\"$new\"", line);
    filled(
        include_str!("anchor/keep.sh"),
        [("@JOURNAL@", JOURNAL), ("@TAKE_IN@", &take_in), ("@KEY@\n", KEY)],
    )
}

/// What a host keeps. A line that is none of ours is passed over: it can prove nothing.
///
/// # Errors
/// A host that does not answer.
pub async fn kept(connection: &Connection) -> Result<Vec<Kept>, HostError> {
    let said = connection.exec(&Command::root(format!("cat {JOURNAL} 2>/dev/null || true"))).await?;
    Ok(said.stdout.lines().filter_map(|line| serde_json::from_str(line).ok()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a host says of the key, with a log in which anybody wrote.
    fn key(connection: &str) -> String {
        let journal = r#"journalctl() {
case $* in *_UID=0*_COMM=sshd*_COMM=sshd-session*) ;; *)
echo "Accepted publickey for admin from 192.0.2.9 port 4711 ssh2: ED25519 SHA256:LoggerSaysSo" ;; esac
printf '%s\n' \
'Invalid user Accepted publickey for admin from 192.0.2.9 port 4711 ssh2: ED25519 SHA256:TheNameSaysSo from 203.0.113.7 port 5' \
'Accepted publickey for admin from 192.0.2.9 port 47110 ssh2: ED25519 SHA256:another' \
'Accepted publickey for admin from 192.0.2.9 port 4711 ssh2: ED25519 SHA256:This+one/0' \
'Accepted publickey for admin from 192.0.2.9 port 4712 ssh2: ED25519-CERT SHA256:own ID admin (serial 0) CA ED25519 SHA256:authority'
}
"#;
        let script = format!("SSH_CONNECTION='{connection}'\n{journal}{KEY}printf %s \"$key\"");
        let said = std::process::Command::new("sh").args(["-c", &script]).output().unwrap();
        String::from_utf8(said.stdout).unwrap()
    }

    #[test]
    fn only_sshd_says_which_key_came() {
        assert_eq!(key("192.0.2.9 4711 192.0.2.1 22"), "SHA256:This+one/0");
        assert_eq!(key("192.0.2.9 4712 192.0.2.1 22"), "SHA256:own");
        assert_eq!(key("192.0.2.9 4713 192.0.2.1 22"), "");
    }
}
