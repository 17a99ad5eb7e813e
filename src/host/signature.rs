//! Signing with the key that logged in, in the form of `ssh-keygen -Y sign` (openssh, PROTOCOL.sshsig), so that anybody who
//! has OpenSSH can verify it.

use std::time::Duration;

use russh::keys::{
    HashAlg, PublicKey,
    agent::client::AgentClient,
    ssh_key::{LineEnding, SshSig, public::KeyData},
};

use super::identity::{Half, Identity};

/// What the signature is good for, so that it is good for nothing else.
pub const NAMESPACE: &str = "pryvctl-journal";

/// An agent may ask somebody who is not there.
const PATIENCE: Duration = Duration::from_secs(20);

/// A text that was signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// The key, as `SHA256:...`.
    pub key: String,
    /// PEM, as `ssh-keygen -Y check-novalidate -n pryvctl-journal` takes it.
    pub pem: String,
}

/// Signs a text; `None`: the agent would not, or the key cannot.
pub(super) async fn sign(identity: &Identity, text: &str) -> Option<Signature> {
    let signed = match &identity.half {
        Half::Private(key) => key.sign(NAMESPACE, HashAlg::Sha512, text.as_bytes()).ok()?,
        Half::Agent(key) => by_agent(key, text).await?,
    };
    Some(Signature { key: fingerprint(signed.public_key()), pem: signed.to_pem(LineEnding::LF).ok()? })
}

async fn by_agent(key: &PublicKey, text: &str) -> Option<SshSig> {
    let data = SshSig::signed_data(NAMESPACE, HashAlg::Sha512, text.as_bytes()).ok()?;
    let asked = async {
        let mut agent = AgentClient::connect_env().await.ok()?;
        agent.sign_request_signature(key, Some(HashAlg::Sha512), &data).await.ok()
    };
    let signature = tokio::time::timeout(PATIENCE, asked).await.ok()??;
    SshSig::new(key.key_data().clone(), NAMESPACE, HashAlg::Sha512, signature).ok()
}

/// Who signed a text; `None`: nobody, or another text.
pub fn signer(pem: &str, text: &str) -> Option<String> {
    let signature = SshSig::from_pem(pem).ok()?;
    let key = PublicKey::new(signature.public_key().clone(), "");
    key.verify(NAMESPACE, text.as_bytes(), &signature).ok()?;
    Some(fingerprint(signature.public_key()))
}

fn fingerprint(key: &KeyData) -> String {
    key.fingerprint(HashAlg::Sha256).to_string()
}
