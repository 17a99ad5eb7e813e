//! What a host keeps of the journal of those who change it: how far it went, and with which key they came. A journal that was
//! cut, written anew, deleted or replaced no longer fits what the hosts say.

use serde::{Deserialize, Serialize};

use super::head::Head;
use crate::{
    fleet::event::{Voice, What},
    host::{Connection, HostError, Session as _, signature::Signature},
    model::{
        command::{Command, take_in},
        place::JOURNAL,
    },
};

/// How far the journal of a run went at one moment, as the run tells a host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Anchored {
    /// Where the journal is: the machine and the path.
    pub journal: String,
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
        let Head { journal, run, lines, hash } = head;
        Self { journal, of: run, lines, head: hash, key: None, signature: None }
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

/// The line is whole or not there. sshd itself wrote which key came in over this connection; nobody but root can have
/// written that.
fn script(line: &str) -> String {
    let take_in = take_in("\"$new\"", line);
    format!(
        r#"set -e; umask 077; mkdir -p -m 700 "$(dirname {JOURNAL})"; new={JOURNAL}.new; trap 'rm -f "$new"' EXIT
{take_in}
set -- $SSH_CONNECTION
key=$({{ journalctl -q -r -o cat --since=-1day -t sshd -t sshd-session 2>/dev/null || tac /var/log/auth.log; }} |
    grep -m1 -F "from $1 port $2 ssh2: " | sed -n 's|.* \(SHA256:[A-Za-z0-9+/]*\).*|\1|p') || true
printf '{{"at":"%s","key":"%s","anchor":%s}}\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$key" "$(cat "$new")" >>{JOURNAL}
sync {JOURNAL}"#
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
