//! The private keys we log in with: from files, or in the hands of an ssh-agent.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use russh::keys::{
    self, PrivateKey, PublicKey,
    agent::{AgentIdentity, client::AgentClient},
    ssh_key::public::KeyData,
};

use crate::model::{
    inventory::{Login, TRIES},
    secret::Secret,
};

/// Why there is no private key to log in with.
#[derive(Debug, thiserror::Error)]
pub enum IdentityFault {
    /// The key file cannot be read.
    #[error("cannot read the key {}", file.display())]
    Unreadable {
        /// The key file.
        file: PathBuf,
        /// What the kernel said.
        source: io::Error,
    },
    /// The key file is encrypted, and there is no passphrase.
    #[error("the key {} is encrypted, and no passphrase is given", file.display())]
    Encrypted {
        /// The key file.
        file: PathBuf,
    },
    /// The passphrase does not open the key file.
    #[error("the passphrase does not open the key {}", file.display())]
    WrongPassphrase {
        /// The key file.
        file: PathBuf,
    },
    /// Not a key, or of a kind we do not know.
    #[error("{} is not a private key we can read", file.display())]
    NotAKey {
        /// The file.
        file: PathBuf,
        /// What the parser said.
        source: keys::Error,
    },
    /// A public key whose private half the agent does not have.
    #[error("{} is a public key, and the ssh-agent does not have its private half", file.display())]
    NotInAgent {
        /// The file.
        file: PathBuf,
    },
    /// No key file is named and there is no agent to ask.
    #[error("no private key: `ssh.identities` is empty, and no ssh-agent answers")]
    NoAgent {
        /// Why.
        source: keys::Error,
    },
    /// No key file is named and the agent has none.
    #[error("no private key: `ssh.identities` is empty, and so is the ssh-agent")]
    EmptyAgent,
}

impl IdentityFault {
    /// The way out.
    pub fn hint(&self) -> String {
        match self {
            Self::Unreadable { .. } => "check `ssh.identities` in the inventory",
            Self::Encrypted { .. } => "give `ssh.passphrase` in the inventory, or `ssh-add` the key",
            Self::WrongPassphrase { .. } => "check the secret behind `ssh.passphrase`",
            Self::NotAKey { .. } => {
                "name the private key file (OpenSSH, PEM or PKCS#8; ed25519, RSA or ECDSA)"
            }
            Self::NotInAgent { .. } => "name the private key file, or `ssh-add` it",
            Self::NoAgent { .. } => {
                "name a key in `ssh.identities`, or start an ssh-agent and set SSH_AUTH_SOCK"
            }
            Self::EmptyAgent => "name a key in `ssh.identities`, or `ssh-add` one",
        }
        .to_owned()
    }
}

/// A key to show to hosts.
#[derive(Clone)]
pub(super) struct Identity {
    /// What people call it: the file, or the agent's comment.
    pub(super) name: String,
    pub(super) half: Half,
}

impl Identity {
    fn public(&self) -> KeyData {
        match &self.half {
            Half::Private(key) => key.public_key().key_data().clone(),
            Half::Agent(key) => key.key_data().clone(),
        }
    }
}

/// Who signs with it.
#[derive(Clone)]
pub(super) enum Half {
    Private(Arc<PrivateKey>),
    Agent(PublicKey),
}

/// The keys of a login.
pub(super) struct Keys {
    /// Those that the host is shown, in this order.
    pub(super) shown: Vec<Identity>,
    /// The names of those that it is not shown, because it would hang up before.
    pub(super) held_back: Vec<String>,
}

impl Keys {
    /// The first few. The same key under two names is shown once: sshd would count it twice.
    fn first(all: Vec<Identity>) -> Self {
        let mut shown: Vec<Identity> = Vec::new();
        for identity in all {
            if shown.iter().all(|before| before.public() != identity.public()) {
                shown.push(identity);
            }
        }
        let held_back = shown.split_off(TRIES.min(shown.len()));
        Self { shown, held_back: held_back.into_iter().map(|identity| identity.name).collect() }
    }
}

/// The keys of a login, in the order they are tried. A file that cannot be used is passed over while another can.
pub(super) async fn identities(login: &Login) -> Result<Keys, IdentityFault> {
    if login.identities.is_empty() {
        return all_of_agent().await;
    }
    let (mut usable, mut first_fault) = (Vec::new(), None);
    for file in &login.identities {
        match load(file.clone(), login.passphrase.clone()).await {
            Ok(identity) => usable.push(identity),
            Err(fault) => {
                tracing::debug!(%fault, "key passed over");
                first_fault.get_or_insert(fault);
            }
        }
    }
    match first_fault {
        Some(fault) if usable.is_empty() => Err(fault),
        Some(_) | None => Ok(Keys::first(usable)),
    }
}

async fn all_of_agent() -> Result<Keys, IdentityFault> {
    let keys = agent_keys().await.map_err(|source| IdentityFault::NoAgent { source })?;
    let named = |(key, comment): (PublicKey, String)| Identity {
        name: format!("the agent's {comment}"),
        half: Half::Agent(key),
    };
    let identities: Vec<_> = keys.into_iter().map(named).collect();
    if identities.is_empty() { Err(IdentityFault::EmptyAgent) } else { Ok(Keys::first(identities)) }
}

async fn agent_keys() -> Result<Vec<(PublicKey, String)>, keys::Error> {
    let mut agent = AgentClient::connect_env().await?;
    let plain = |identity| match identity {
        AgentIdentity::PublicKey { key, comment } => Some((key, comment)),
        AgentIdentity::Certificate { .. } => None,
    };
    Ok(agent.request_identities().await?.into_iter().filter_map(plain).collect())
}

async fn load(file: PathBuf, passphrase: Option<Secret>) -> Result<Identity, IdentityFault> {
    let name = file.display().to_string();
    let path = file.clone();
    // Opening an encrypted key is made slow on purpose; not on a thread that serves other hosts.
    let loaded = tokio::task::spawn_blocking(move || open(&path, passphrase.as_ref())).await;
    let half = match loaded.map_err(|panic| unreadable(&file, io::Error::other(panic)))?? {
        Opened::Private(key) => Half::Private(Arc::new(*key)),
        Opened::Public(key, otherwise) => {
            let held = agent_keys().await.unwrap_or_default();
            let held = held.iter().any(|(in_agent, _)| in_agent.key_data() == key.key_data());
            if held { Half::Agent(*key) } else { return Err(otherwise) }
        }
    };
    Ok(Identity { name, half })
}

enum Opened {
    Private(Box<PrivateKey>),
    /// Only the public half can be read; the fault stands unless the agent has the other.
    Public(Box<PublicKey>, IdentityFault),
}

fn open(file: &Path, passphrase: Option<&Secret>) -> Result<Opened, IdentityFault> {
    let text = std::fs::read_to_string(file).map_err(|source| unreadable(file, source))?;
    let file = file.to_owned();
    if let Ok(key) = PublicKey::from_openssh(text.trim()) {
        return Ok(Opened::Public(Box::new(key), IdentityFault::NotInAgent { file }));
    }
    // A passphrase is for encrypted keys; plain keys beside them are read without it.
    let bare = match keys::decode_secret_key(&text, None) {
        Ok(key) => return Ok(Opened::Private(Box::new(key))),
        Err(error) => error,
    };
    match passphrase {
        _ if !is_encrypted(&text) => Err(IdentityFault::NotAKey { file, source: bare }),
        Some(passphrase) => keys::decode_secret_key(&text, Some(passphrase.expose()))
            .map(|key| Opened::Private(Box::new(key)))
            .map_err(|_| IdentityFault::WrongPassphrase { file }),
        None => match PrivateKey::from_openssh(&text) {
            Ok(sealed) => {
                Ok(Opened::Public(Box::new(sealed.public_key().clone()), IdentityFault::Encrypted { file }))
            }
            Err(_) => Err(IdentityFault::Encrypted { file }),
        },
    }
}

/// PEM says it in a header, PKCS#8 in its label, OpenSSH inside.
fn is_encrypted(text: &str) -> bool {
    let sealed = || PrivateKey::from_openssh(text).is_ok_and(|key| key.is_encrypted());
    text.contains("Proc-Type: 4,ENCRYPTED") || text.contains("BEGIN ENCRYPTED PRIVATE KEY") || sealed()
}

fn unreadable(file: &Path, source: io::Error) -> IdentityFault {
    IdentityFault::Unreadable { file: file.to_owned(), source }
}
