//! Where the page is served, and who may see it.

use std::{io, net::SocketAddr, sync::Arc};

use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        self, ServerConfig,
        crypto::ring,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    },
};

use super::door::Door;
use crate::{
    app::project::Project,
    model::{inventory::Lack, problem::Problem, secret::Secret},
};

/// Where the page is served, and who may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Where.
    pub listen: SocketAddr,
    /// The certificate chain and the private key, PEM.
    pub tls: Option<(Secret, Secret)>,
    /// The hash of the password.
    pub password: Option<Secret>,
}

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    /// Others could read it.
    #[error("others than this machine can reach the page at {at}, and `watch` has no {}", lack.key())]
    Open {
        /// Where it would be.
        at: SocketAddr,
        /// What is missing.
        lack: Lack,
    },
    /// What it refers to cannot be read.
    #[error("{}", .0.message)]
    Missing(Box<Problem>),
    /// The certificate or the key is none, or they are not of each other.
    #[error("the certificate of the page: {0}")]
    Certificate(String),
    /// The hash is none.
    #[error("`password` of `watch` is not the hash of a password")]
    Hash,
    /// Nobody can listen there.
    #[error("cannot listen on {at}: {source}")]
    Listen {
        /// Where.
        at: SocketAddr,
        /// Why.
        source: io::Error,
    },
}

impl PageError {
    /// The way out.
    pub fn hint(&self) -> String {
        match self {
            Self::Open { at, lack } => format!(
                "add `{}` below `watch` in the inventory, or listen on 127.0.0.1:{} and come through `ssh -L`",
                lack.key(),
                at.port()
            ),
            Self::Missing(problem) => problem.hint.clone().unwrap_or_default(),
            Self::Certificate(_) => {
                "`watch.tls` wants PEM: the certificate with the chain to its CA, and its private key"
                    .to_owned()
            }
            Self::Hash => "put what `pryvctl password` prints there".to_owned(),
            Self::Listen { .. } => "name an address of this machine and a port that is free".to_owned(),
        }
    }
}

impl Settings {
    /// What an inventory wants, or the command line instead; `None`: no page.
    ///
    /// # Errors
    /// Others could read it, or what it refers to cannot be read.
    pub fn of(project: &Project, listen: Option<SocketAddr>) -> Result<Option<Self>, PageError> {
        let watch = &project.inventory.watch;
        let Some(at) = listen.or(watch.listen) else { return Ok(None) };
        if let Some(lack) = watch.lacks(at).first() {
            return Err(PageError::Open { at, lack: *lack });
        }
        let read = |source, key: &[&str]| {
            let path = [&["watch"][..], key].concat();
            project.secret(source, &path).map_err(PageError::Missing)
        };
        let tls = watch.tls.as_ref().map(|tls| {
            Ok((read(&tls.certificate, &["tls", "certificate"])?, read(&tls.key, &["tls", "key"])?))
        });
        let password = watch.password.as_ref().map(|password| read(password, &["password"]));
        Ok(Some(Self { listen: at, tls: tls.transpose()?, password: password.transpose()? }))
    }

    /// Whether all of it can be what it says it is.
    ///
    /// # Errors
    /// The first that cannot.
    pub fn check(&self) -> Result<(), PageError> {
        self.acceptor()?;
        Door::of(self.password.as_ref()).map(drop)
    }

    /// What encrypts connections; `None`: nothing does.
    ///
    /// # Errors
    /// The certificate or the key is none, or they are not of each other.
    pub(super) fn acceptor(&self) -> Result<Option<TlsAcceptor>, PageError> {
        let Some((certificate, key)) = &self.tls else { return Ok(None) };
        let wrong = |error: &dyn std::fmt::Display| PageError::Certificate(error.to_string());
        let chain = CertificateDer::pem_slice_iter(certificate.expose().as_bytes())
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| wrong(&error))?;
        let key = PrivateKeyDer::from_pem_slice(key.expose().as_bytes()).map_err(|error| wrong(&error))?;
        let build = || {
            ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
                .with_safe_default_protocol_versions()?
                .with_no_client_auth()
                .with_single_cert(chain, key)
        };
        let config = build().map_err(|error: rustls::Error| wrong(&error))?;
        Ok(Some(TlsAcceptor::from(Arc::new(config))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::secret::SecretSource;

    #[test]
    fn what_others_could_read_is_not_served() {
        let mut project = Project::nothing();
        assert!(matches!(Settings::of(&project, None), Ok(None)));
        let at = |text: &str| Some(text.parse().unwrap());
        let own = Settings::of(&project, at("127.0.0.1:9464")).unwrap().unwrap();
        assert_eq!((own.tls, own.password), (None, None));
        let open = Settings::of(&project, at("0.0.0.0:9464")).unwrap_err();
        insta::assert_snapshot!(format!("{open}\n{}", open.hint()), @r"
        others than this machine can reach the page at 0.0.0.0:9464, and `watch` has no tls
        add `tls` below `watch` in the inventory, or listen on 127.0.0.1:9464 and come through `ssh -L`
        ");
        project.inventory.watch.listen = at("[::1]:9464");
        project.inventory.watch.password = Some(SecretSource::Value(Secret::new("$argon2id$")));
        let own = Settings::of(&project, None).unwrap().unwrap();
        assert!(own.listen.is_ipv6() && matches!(own.check(), Err(PageError::Hash)));
    }
}
