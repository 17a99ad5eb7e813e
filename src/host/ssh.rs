//! One SSH connection to one host: TCP, handshake, host key, login.

use std::{
    borrow::Cow,
    future::Future,
    net::SocketAddr,
    sync::{Arc, OnceLock},
    time::Duration,
};

use russh::{
    cipher, client, kex,
    keys::{Algorithm, PublicKey, PublicKeyOrCertificate},
};
use tokio::{net::TcpStream, time::timeout};

use crate::model::inventory::Login;

use super::{
    error::{Fault, Stage, causes},
    host_key::{HostKeyFault, Trust},
};

/// russh's side of a connection that has shown a trusted host key.
pub(super) struct Line {
    pub(super) handle: client::Handle<Client>,
    pub(super) host_key: PublicKey,
    /// Where it goes.
    pub(super) address: SocketAddr,
    pub(super) end: End,
}

/// Why the connection ended, once it has; the only place where the real reason can be heard.
#[derive(Clone, Default)]
pub(super) struct End(Arc<OnceLock<String>>);

impl End {
    pub(super) fn reason(&self) -> String {
        self.0.get().cloned().unwrap_or_default()
    }
}

/// What russh calls back.
pub(super) struct Client {
    trust: Trust,
    shown: Arc<OnceLock<PublicKey>>,
    end: End,
}

/// Why a handshake failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum Broken {
    #[error(transparent)]
    HostKey(#[from] HostKeyFault),
    #[error(transparent)]
    Ssh(#[from] russh::Error),
}

impl client::Handler for Client {
    type Error = Broken;

    async fn check_server_key(&mut self, shown: &PublicKeyOrCertificate) -> Result<bool, Broken> {
        let key = shown.public_key();
        self.trust.check(&key)?;
        // A rekey may call again; the first key stays.
        let _ = self.shown.set(key);
        Ok(true)
    }

    async fn kex_done(
        &mut self,
        _: Option<&[u8]>,
        names: &russh::Names,
        _: &mut client::Session,
    ) -> Result<(), Broken> {
        tracing::debug!(kex = ?names.kex, cipher = ?names.cipher, key = %names.key, "key exchange");
        Ok(())
    }

    async fn disconnected(&mut self, reason: client::DisconnectReason<Broken>) -> Result<(), Broken> {
        let text = match &reason {
            client::DisconnectReason::ReceivedDisconnect(info) => info.message.clone(),
            client::DisconnectReason::Error(error) => causes(error),
        };
        let _ = self.end.0.set(text);
        match reason {
            client::DisconnectReason::ReceivedDisconnect(_) => Ok(()),
            client::DisconnectReason::Error(error) => Err(error),
        }
    }
}

/// Connects and makes sure of the host key. Nobody is logged in yet.
pub(super) async fn dial(login: &Login, trust: Trust) -> Result<Line, Fault> {
    let (tcp, address) = connect(login, matches!(trust, Trust::Same(_))).await?;
    let config = Arc::new(config(&trust.algorithms()));
    let (shown, end) = (Arc::new(OnceLock::new()), End::default());
    let client = Client { trust, shown: shown.clone(), end: end.clone() };
    let handle = within(Stage::Handshake, address, client::connect_stream(config, tcp, client)).await?;
    let handle = handle.map_err(|broken| match broken {
        Broken::HostKey(fault) => Fault::HostKey(fault),
        Broken::Ssh(source) => Fault::Handshake { address, source },
    })?;
    let host_key = shown.get().cloned();
    let host_key = host_key.ok_or(Fault::Handshake { address, source: russh::Error::UnknownKey })?;
    Ok(Line { handle, host_key, address, end })
}

/// How long a host that was reached a moment ago may take to answer at the port that its sshd may have left: where it has,
/// the firewall keeps silent.
const AGAIN: Duration = Duration::from_secs(2);

/// Nobody listens at the new port before sshd was moved there. Where neither answers, the new one's fault counts.
async fn connect(login: &Login, again: bool) -> Result<(TcpStream, SocketAddr), Fault> {
    let at = async |port| {
        let address = SocketAddr::new(login.address, port);
        let tcp = within(Stage::Connect, address, TcpStream::connect(address)).await?;
        tcp.map(|tcp| (tcp, address)).map_err(|source| Fault::Connect { address, source })
    };
    let fault = match at(login.port).await {
        Ok(connected) => return Ok(connected),
        Err(fault) => fault,
    };
    match login.initial_port {
        Some(port) if again => timeout(AGAIN, at(port)).await.ok().and_then(Result::ok).ok_or(fault),
        Some(port) => at(port).await.map_err(|_| fault),
        None => Err(fault),
    }
}

/// Gives a stage its time and no more.
pub(super) async fn within<T>(
    stage: Stage,
    address: SocketAddr,
    work: impl Future<Output = T>,
) -> Result<T, Fault> {
    timeout(stage.limit(), work).await.map_err(|_| Fault::Silent { stage, address })
}

/// Post-quantum first, then curve25519; no Diffie-Hellman groups, whose exchange costs 400 times as much. The last
/// two are not algorithms but announcements, without which strict key exchange (Terrapin) is off.
const KEX: &[kex::Name] = &[
    kex::MLKEM768X25519_SHA256,
    kex::CURVE25519,
    kex::CURVE25519_PRE_RFC_8731,
    kex::EXTENSION_SUPPORT_AS_CLIENT,
    kex::EXTENSION_OPENSSH_STRICT_KEX_AS_CLIENT,
];

/// AES-GCM first: it moves image tarballs twice as fast as ChaCha20 where the CPU has AES instructions.
const CIPHERS: &[cipher::Name] = &[cipher::AES_256_GCM, cipher::CHACHA20_POLY1305, cipher::AES_256_CTR];

fn config(known: &[Algorithm]) -> client::Config {
    let defaults = russh::Preferred::DEFAULT;
    let is_known = |offered: &&Algorithm| known.iter().any(|known| same_key(known, offered));
    // Without the last of its names RSA still signs, but no more with SHA-1.
    let offered = defaults.key.iter().filter(|key| **key != Algorithm::Rsa { hash: None });
    let (first, then): (Vec<_>, Vec<_>) = offered.partition(is_known);
    let key: Vec<Algorithm> = first.into_iter().chain(then).cloned().collect();
    client::Config {
        preferred: russh::Preferred {
            kex: Cow::Borrowed(KEX),
            cipher: Cow::Borrowed(CIPHERS),
            key: Cow::Owned(key),
            ..defaults
        },
        nodelay: true,
        keepalive_interval: Some(Duration::from_secs(5)),
        keepalive_max: 3,
        // Longer than the keepalives need to notice; it also ends what a timed-out handshake leaves behind.
        inactivity_timeout: Some(Duration::from_secs(90)),
        ..client::Config::default()
    }
}

/// One RSA key signs under three names.
fn same_key(one: &Algorithm, other: &Algorithm) -> bool {
    let both_rsa = matches!((one, other), (Algorithm::Rsa { .. }, Algorithm::Rsa { .. }));
    one == other || both_rsa
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_is_asked_for_the_kind_of_key_it_is_known_by() {
        let names = |known: &[Algorithm]| {
            let config = config(known);
            config.preferred.key.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(names(&[])[0], "ssh-ed25519");
        let rsa = names(&[Algorithm::Rsa { hash: None }]);
        assert_eq!(rsa[..2], ["rsa-sha2-512", "rsa-sha2-256"]);
        assert!(!rsa.contains(&"ssh-rsa".to_owned()), "SHA-1");
        assert_eq!(rsa.len(), names(&[]).len());
    }
}
