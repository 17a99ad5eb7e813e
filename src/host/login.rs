//! The login: one key after the other, few of them.

use russh::{
    AgentAuthError, MethodKind, client,
    keys::{Algorithm, HashAlg, PrivateKeyWithHashAlg, agent::client::AgentClient},
};

use super::{
    error::Fault,
    identity::{Half, Identity, IdentityFault, Keys},
    ssh::{Client, End, Line},
};

/// What the reason starts with when the host hung up instead of answering.
pub(super) const HUNG_UP: &str = "the host hung up";

/// Shows the keys to the host until it takes one. Gives how many that took.
pub(super) async fn log_in(line: &mut Line, user: &str, keys: &Keys) -> Result<usize, Fault> {
    let (mut answer, mut tried) = (Answer::No(Vec::new()), Vec::new());
    for identity in &keys.shown {
        tried.push(identity.name.as_str());
        answer = match show(&mut line.handle, user, identity).await {
            Ok(answer) => answer,
            Err(Refusal::Ssh(error)) => Answer::Gone(super::error::causes(&error)),
            Err(Refusal::Agent(source)) => return Err(IdentityFault::NoAgent { source }.into()),
        };
        match answer {
            Answer::Yes => return Ok(tried.len()),
            Answer::No(_) => {}
            Answer::More(_) | Answer::Gone(_) => break,
        }
    }
    let reason = reason(answer, &line.end);
    let (user, tried, held_back) = (user.to_owned(), tried.join(", "), keys.held_back.clone());
    Err(Fault::Login { user, tried, held_back, reason })
}

/// What the host says to a key.
enum Answer {
    Yes,
    /// Not this key; these methods may go on.
    No(Vec<MethodKind>),
    /// The key is good, but the host wants a second proof.
    More(Vec<MethodKind>),
    /// The host hung up.
    Gone(String),
}

enum Refusal {
    Ssh(russh::Error),
    Agent(russh::keys::Error),
}

impl From<russh::Error> for Refusal {
    fn from(error: russh::Error) -> Self {
        Self::Ssh(error)
    }
}

async fn show(
    handle: &mut client::Handle<Client>,
    user: &str,
    identity: &Identity,
) -> Result<Answer, Refusal> {
    let result = match &identity.half {
        Half::Private(key) => {
            let hash = rsa_hash(handle, &key.algorithm()).await?;
            handle.authenticate_publickey(user, PrivateKeyWithHashAlg::new(key.clone(), hash)).await?
        }
        Half::Agent(key) => {
            let hash = rsa_hash(handle, &key.algorithm()).await?;
            let mut agent = AgentClient::connect_env().await.map_err(Refusal::Agent)?;
            match handle.authenticate_publickey_with(user, key.clone(), hash, &mut agent).await {
                Ok(result) => result,
                // The agent may refuse one key (a declined confirmation) and sign with the next.
                Err(AgentAuthError::Key(error)) => {
                    tracing::debug!(key = identity.name, %error, "the agent did not sign");
                    return Ok(Answer::No(Vec::new()));
                }
                Err(AgentAuthError::Send(_)) => return Err(Refusal::Ssh(russh::Error::SendError)),
            }
        }
    };
    Ok(match result {
        client::AuthResult::Success => Answer::Yes,
        client::AuthResult::Failure { remaining_methods, partial_success: true } => {
            Answer::More(remaining_methods.to_vec())
        }
        client::AuthResult::Failure { remaining_methods, partial_success: false } => {
            Answer::No(remaining_methods.to_vec())
        }
    })
}

/// Asked for RSA keys only: the question may cost a second.
async fn rsa_hash(handle: &client::Handle<Client>, key: &Algorithm) -> Result<Option<HashAlg>, russh::Error> {
    if matches!(key, Algorithm::Rsa { .. }) {
        Ok(handle.best_supported_rsa_hash().await?.flatten())
    } else {
        Ok(None)
    }
}

fn reason(answer: Answer, end: &End) -> String {
    let list = |methods: &[MethodKind]| methods.iter().map(String::from).collect::<Vec<_>>().join(", ");
    match answer {
        Answer::No(methods) if methods.is_empty() => hung_up(&end.reason()),
        Answer::No(methods) if methods.contains(&MethodKind::PublicKey) => String::new(),
        Answer::No(methods) => format!("the host takes only {}", list(&methods)),
        Answer::More(methods) => format!("the key is good, but the host also wants {}", list(&methods)),
        Answer::Gone(error) => {
            let last_words = end.reason();
            hung_up(if last_words.is_empty() { &error } else { &last_words })
        }
        Answer::Yes => String::new(),
    }
}

fn hung_up(last_words: &str) -> String {
    if last_words.is_empty() { HUNG_UP.to_owned() } else { format!("{HUNG_UP}: {last_words}") }
}
