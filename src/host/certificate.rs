//! When a certificate ends that a port serves. Nothing is said of whether it is to be trusted.

use std::{net::IpAddr, sync::Arc, time::Duration};

use tokio::{net::TcpStream, time::timeout};
use tokio_rustls::{
    TlsConnector,
    rustls::{
        ClientConfig, DigitallySignedStruct, Error, SignatureScheme,
        client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        crypto::{WebPkiSupportedAlgorithms, ring},
        pki_types::{CertificateDer, ServerName, UnixTime},
    },
};

/// How long a server may take to show its certificate. One that does not speak TLS may wait for more words.
const PATIENCE: Duration = Duration::from_secs(5);

/// When the certificate ends that a port serves, in seconds since 1970; `None`: none was shown.
pub async fn end(address: IpAddr, port: u16) -> Option<i64> {
    let shown = async {
        let socket = TcpStream::connect((address, port)).await.ok()?;
        let stream = connector().ok()?.connect(ServerName::from(address), socket).await.ok()?;
        not_after(stream.get_ref().1.peer_certificates()?.first()?)
    };
    timeout(PATIENCE, shown).await.ok().flatten()
}

fn not_after(certificate: &CertificateDer<'_>) -> Option<i64> {
    let (_, read) = x509_parser::parse_x509_certificate(certificate).ok()?;
    Some(read.validity().not_after.timestamp())
}

fn connector() -> Result<TlsConnector, Error> {
    let provider = ring::default_provider();
    let any = Arc::new(Any(provider.signature_verification_algorithms));
    let builder = ClientConfig::builder_with_provider(Arc::new(provider));
    let builder = builder.with_safe_default_protocol_versions()?.dangerous();
    let config = builder.with_custom_certificate_verifier(any).with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

/// Takes any certificate: nothing is sent over such a connection, and all that is wanted is what the certificate says.
#[derive(Debug)]
struct Any(WebPkiSupportedAlgorithms);

impl ServerCertVerifier for Any {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use tokio::{io::AsyncWriteExt as _, net::TcpListener};
    use tokio_rustls::{TlsAcceptor, rustls::ServerConfig};

    use super::*;

    /// A server with a certificate of its own that ends on that day.
    async fn serving(year: i32, month: u8, day: u8) -> u16 {
        let key = rcgen::KeyPair::generate().unwrap();
        let mut wanted = rcgen::CertificateParams::new(["localhost".to_owned()]).unwrap();
        wanted.not_after = rcgen::date_time_ymd(year, month, day);
        let certificate = wanted.self_signed(&key).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key.serialize_der().try_into().unwrap())
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            let (socket, _) = listener.accept().await.unwrap();
            TlsAcceptor::from(Arc::new(config)).accept(socket).await.map(drop).unwrap_or_default();
        });
        port
    }

    #[tokio::test]
    async fn the_end_is_that_of_what_is_served() {
        let here = [127, 0, 0, 1].into();
        assert_eq!(end(here, serving(2027, 1, 31).await).await, Some(1_801_353_600));
        // One that has ended is read all the same.
        assert_eq!(end(here, serving(2020, 1, 1).await).await, Some(1_577_836_800));
    }

    #[tokio::test]
    async fn a_port_without_tls_serves_none() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let (mut socket, _) = listener.accept().await.unwrap();
            socket.write_all(b"220 mail.example.org\r\n").await.unwrap();
        });
        assert_eq!(end(at.ip(), at.port()).await, None);
    }
}
