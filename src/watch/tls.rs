//! Whom a connection over TLS trusts: the CA that the inventory names, or those of this machine.

use std::sync::Arc;

use tokio_rustls::{
    TlsConnector,
    rustls::{
        ClientConfig, RootCertStore,
        crypto::ring,
        pki_types::{CertificateDer, pem::PemObject as _},
    },
};

/// Something that speaks TLS and trusts this CA (PEM).
///
/// # Errors
/// There is no CA to trust.
pub fn connector(ca: Option<&str>) -> Result<TlsConnector, String> {
    let roots = match ca {
        Some(pem) => named(pem)?,
        None => own()?,
    };
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().map_err(|error| error.to_string())?;
    let config = builder.with_root_certificates(roots).with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

fn named(pem: &str) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
        let added = certificate.map_err(|error| error.to_string());
        let added = added.and_then(|certificate| roots.add(certificate).map_err(|error| error.to_string()));
        added.map_err(|error| format!("the file of `ca` has a certificate that cannot be read: {error}"))?;
    }
    if roots.is_empty() { Err("the file of `ca` has no certificate".to_owned()) } else { Ok(roots) }
}

fn own() -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        return Err("this machine trusts no CA; install ca-certificates, or name one with `ca`".to_owned());
    }
    Ok(roots)
}
