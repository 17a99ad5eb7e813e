//! An e-mail over SMTP, never in clear text.

use std::time::Duration;

use lettre::{
    Message as Letter, SmtpTransport, Transport as _,
    message::{
        Mailbox,
        header::{ContentType, HeaderName, HeaderValue},
    },
    transport::smtp::{
        authentication::Credentials,
        client::{Certificate, CertificateStore, Tls, TlsParameters},
    },
};

use crate::{
    model::{
        inventory::{self, Encryption},
        secret::Secret,
    },
    watch::alert::message::Message,
};

/// How long the server may be silent.
const SILENCE: Duration = Duration::from_secs(10);

/// A mail server, and for whom the mail is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// As the inventory says.
    pub words: inventory::Mail,
    /// The password at the server.
    pub password: Option<Secret>,
    /// The CA of the server, PEM.
    pub ca: Option<String>,
}

impl Mail {
    /// Sends it.
    pub async fn send(&self, message: &Message) -> Result<String, String> {
        let letter = self.letter(message)?;
        let transport = self.transport()?;
        let sent = tokio::task::spawn_blocking(move || transport.send(&letter)).await;
        let sent = sent.map_err(|error| error.to_string())?;
        let answer = sent.map_err(|error| format!("{}: {error}", self.words.server))?;
        Ok(format!("{} {}", answer.code(), answer.first_line().unwrap_or_default()))
    }

    fn letter(&self, message: &Message) -> Result<Letter, String> {
        let mailbox = |text: &String| {
            text.parse::<Mailbox>().map_err(|error| format!("`{text}` is no e-mail address: {error}"))
        };
        let mut letter = Letter::builder()
            .from(mailbox(&self.words.from)?)
            .subject(message.subject())
            .header(ContentType::TEXT_PLAIN)
            // The same each time, so that a receiver can drop one that comes twice.
            .message_id(Some(format!("<{}@pryvctl.{}>", message.id, message.platform)))
            // No answers of people who are on leave (RFC 3834).
            .raw_header(HeaderValue::new(
                HeaderName::new_from_ascii_str("Auto-Submitted"),
                "auto-generated".to_owned(),
            ));
        for to in &self.words.to {
            letter = letter.to(mailbox(to)?);
        }
        letter.body(message.text()).map_err(|error| error.to_string())
    }

    fn transport(&self) -> Result<SmtpTransport, String> {
        let inventory::Mail { server, port, encryption, username, .. } = &self.words;
        let mut trust = TlsParameters::builder(server.clone());
        if let Some(ca) = &self.ca {
            let unread = |error| format!("the file of `ca` cannot be read: {error}");
            let certificate = Certificate::from_pem(ca.as_bytes()).map_err(unread)?;
            trust = trust.certificate_store(CertificateStore::None).add_root_certificate(certificate);
        }
        let trust = trust.build().map_err(|error| error.to_string())?;
        let (usual, tls) = match encryption {
            Encryption::Tls => (465, Tls::Wrapper(trust)),
            Encryption::StartTls => (587, Tls::Required(trust)),
        };
        let mut transport = SmtpTransport::builder_dangerous(server)
            .port(port.unwrap_or(usual))
            .tls(tls)
            .timeout(Some(SILENCE));
        if let Some((user, password)) = username.as_ref().zip(self.password.as_ref()) {
            transport = transport.credentials(Credentials::new(user.clone(), password.expose().to_owned()));
        }
        Ok(transport.build())
    }
}
