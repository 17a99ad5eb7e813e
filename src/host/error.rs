//! Why a host did not do what was asked: by stage, with the way out, never with a secret.

use std::{error::Error, fmt, io, net::SocketAddr, time::Duration};

use crate::model::name::HostName;

use super::{fence::Loss, host_key::HostKeyFault, identity::IdentityFault, sudo::SudoFault};

/// One host's failure. `Display` names the host and the stage; causes are in `source`, the way out in [`HostError::hint`].
#[derive(Debug)]
pub struct HostError {
    /// The host's name in the inventory.
    pub host: HostName,
    /// What happened.
    pub fault: Box<Fault>,
}

/// What happened, by stage.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// Nothing came back in time.
    #[error("{address} gave no answer {stage} within {} s", stage.limit().as_secs())]
    Silent {
        /// Where we were.
        stage: Stage,
        /// The host's sshd.
        address: SocketAddr,
    },
    /// TCP: refused, no route and the like.
    #[error("cannot connect to {address}")]
    Connect {
        /// The host's sshd.
        address: SocketAddr,
        /// What the kernel said.
        source: io::Error,
    },
    /// The TCP connection stands, but what answers does not agree on SSH with us.
    #[error("{address} broke off the SSH handshake")]
    Handshake {
        /// The host's sshd.
        address: SocketAddr,
        /// What russh said.
        source: russh::Error,
    },
    /// The host showed a key we do not trust.
    #[error(transparent)]
    HostKey(#[from] HostKeyFault),
    /// No private key can be used.
    #[error(transparent)]
    Identity(#[from] IdentityFault),
    /// The host refused the login.
    #[error("login as `{user}` refused; tried {tried}{}{}", not_shown(held_back), said(reason))]
    Login {
        /// The login user.
        user: String,
        /// The keys that were shown to the host.
        tried: String,
        /// The keys that were not shown, because a hardened host hangs up before.
        held_back: Vec<String>,
        /// What the host would accept, or its last words.
        reason: String,
    },
    /// sudo did not run the command.
    #[error(transparent)]
    Sudo(#[from] SudoFault),
    /// The login shell did not run the command: a restricted account, a forced command.
    #[error("the login shell of `{user}` ran nothing{}", said(reason))]
    NotStarted {
        /// The login user.
        user: String,
        /// What came instead.
        reason: String,
    },
    /// The host refused one more channel.
    #[error("the host refused to open a session channel")]
    Channel {
        /// What russh said.
        source: russh::Error,
    },
    /// The connection ended before the answer was complete.
    #[error("connection lost while {doing}{}", said(reason))]
    Lost {
        /// What was being done.
        doing: String,
        /// Why, as far as known.
        reason: String,
    },
    /// The host did not even end the command when its time was over.
    #[error("no answer from a command that had {} s", within.as_secs())]
    TooLong {
        /// What the command was given.
        within: Duration,
    },
    /// A command that printed without end.
    #[error("a command printed more than {}", size(*limit))]
    Flood {
        /// The most we collect, bytes.
        limit: usize,
    },
    /// The host has no `docker` command.
    #[error("the host has no `docker` command")]
    NoDocker,
    /// The Docker engine did not answer, or not as it should.
    #[error("docker: {reason}")]
    Docker {
        /// The whole chain of causes, because bollard's own text hides them.
        reason: String,
    },
    /// What the host counts is not understood.
    #[error("sample: {reason}")]
    Sample {
        /// What exactly.
        reason: String,
    },
    /// The lock could not be tried.
    #[error("cannot use the lock /run/pryvctl/lock{}", said(reason))]
    Lock {
        /// What the host said.
        reason: String,
    },
    /// Someone else works on this host.
    #[error("locked by {owner} since {since}")]
    Locked {
        /// Who.
        owner: String,
        /// Since when, by the host's clock, UTC.
        since: String,
    },
    /// Nobody works on this host, and something that a run has begun still runs.
    #[error("commands of an earlier run still run on this host{}", said(&what.join(", ")))]
    StillRunning {
        /// The commands, with their processes.
        what: Vec<String>,
    },
    /// The lock was ours, and it is not any more.
    #[error(transparent)]
    LockLost(#[from] Loss),
}

/// A stage that has a time limit of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// TCP connection.
    Connect,
    /// Version exchange, key exchange, host key.
    Handshake,
    /// User authentication; long enough to touch a hardware key.
    Login,
    /// Opening a channel.
    Channel,
    /// The login shell and sudo, up to the first line of a script; sudo may wait for DNS.
    Start,
}

impl Stage {
    /// How long this stage may take.
    pub fn limit(self) -> Duration {
        Duration::from_secs(match self {
            Self::Connect => 5,
            Self::Handshake => 10,
            Self::Login => 15,
            // A session is opened by PAM and systemd; on a host under load that takes its time.
            Self::Channel | Self::Start => 30,
        })
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connect => "to the TCP connection",
            Self::Handshake => "in the SSH handshake",
            Self::Login => "to the login",
            Self::Channel => "to a new session channel",
            Self::Start => "from the login shell or sudo",
        })
    }
}

/// What kind of failure it is; the exit code follows from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// No SSH connection could be made.
    Unreachable,
    /// The host or we said no: host key, login, sudo.
    Refused,
    /// A connection that stood is gone.
    Lost,
    /// The host answered, with an error.
    Remote,
    /// Someone else works on the host, or what someone began.
    Locked,
}

impl HostError {
    /// A failure of this host.
    pub fn new(host: &HostName, fault: impl Into<Fault>) -> Self {
        Self { host: host.clone(), fault: Box::new(fault.into()) }
    }

    /// A failed call to the host's Docker engine, with every cause in the text.
    pub fn docker(host: &HostName, error: &bollard::errors::Error) -> Self {
        Self::new(host, Fault::Docker { reason: causes(error) })
    }

    /// What kind of failure it is.
    pub fn kind(&self) -> Kind {
        match *self.fault {
            Fault::Silent { stage: Stage::Connect | Stage::Handshake | Stage::Login, .. }
            | Fault::Connect { .. }
            | Fault::Handshake { .. } => Kind::Unreachable,
            Fault::HostKey(_) | Fault::Identity(_) | Fault::Login { .. } => Kind::Refused,
            Fault::Sudo(_) | Fault::NotStarted { .. } => Kind::Refused,
            Fault::Silent { stage: Stage::Channel | Stage::Start, .. } | Fault::Channel { .. } => Kind::Lost,
            Fault::Lost { .. } | Fault::TooLong { .. } => Kind::Lost,
            Fault::Flood { .. }
            | Fault::NoDocker
            | Fault::Docker { .. }
            | Fault::Sample { .. }
            | Fault::Lock { .. } => Kind::Remote,
            Fault::Locked { .. } | Fault::StillRunning { .. } | Fault::LockLost(_) => Kind::Locked,
        }
    }

    /// What happened and why, in one line and without the host's name.
    pub fn words(&self) -> String {
        causes(&*self.fault)
    }

    /// The way out, if there is one to name.
    pub fn hint(&self) -> Option<String> {
        self.fault.hint()
    }
}

fn size(bytes: usize) -> String {
    if bytes < 1 << 20 { format!("{} KiB", bytes >> 10) } else { format!("{} MiB", bytes >> 20) }
}

fn not_shown(held_back: &[String]) -> String {
    match held_back {
        [] => String::new(),
        [one] => format!(", and did not try the key {one}"),
        several => format!(", and did not try the keys {}", several.join(", ")),
    }
}

fn said(reason: &str) -> String {
    if reason.is_empty() { String::new() } else { format!(": {reason}") }
}

/// As many of a host's words in one place as somebody reads.
const READ: usize = 1000;

/// A host's words, cut off where nobody would read on: it may say megabytes.
pub(super) fn short(text: &str) -> String {
    match text.char_indices().nth(READ) {
        Some((end, _)) => format!("{}... ({} bytes)", &text[..end], text.len()),
        None => text.to_owned(),
    }
}

/// An error and all its causes in one line, each said once.
pub(super) fn causes(error: &(dyn Error + 'static)) -> String {
    let mut text = short(&error.to_string());
    let mut next = error.source();
    while let Some(cause) = next {
        let said = short(&cause.to_string());
        if !text.contains(&said) {
            text = format!("{text}: {said}");
        }
        next = cause.source();
    }
    text
}

impl fmt::Display for HostError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.host, self.fault)
    }
}

impl Error for HostError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.fault.source()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_words_are_cut_off_between_two_letters() {
        assert_eq!(short("no space left on device"), "no space left on device");
        let cut = short(&"é".repeat(1 << 20));
        assert!(cut.len() < 3 * READ && cut.ends_with("é... (2097152 bytes)"), "{cut}");
    }
}
