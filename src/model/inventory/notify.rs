//! Whom alerts are sent to.

use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::Deserialize;

use crate::model::schema::word::Port;

/// One way to tell somebody.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum Notify {
    /// An HTTPS request with the alert as JSON.
    Webhook(Webhook),
    /// An e-mail.
    Mail(Mail),
    /// A program on this machine, which reads the alert as JSON. It runs without a shell, and for at most 25 s.
    Command(Vec<String>),
}

/// An HTTPS request with the alert as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Webhook {
    /// Where to. `http` only to this machine itself.
    pub url: String,
    /// The name of one of the inventory's `secrets`, with which requests are signed (HMAC-SHA256).
    pub secret: Option<String>,
    /// A PEM file with the CA of the receiver. Default: those of this machine.
    pub ca: Option<PathBuf>,
}

/// An e-mail.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Mail {
    /// The mail server.
    pub server: String,
    /// Its port. Default: 587, with `encryption: tls` 465.
    #[schemars(with = "Option<Port>")]
    pub port: Option<u16>,
    /// How the connection is secured.
    #[serde(default)]
    pub encryption: Encryption,
    /// Whom it is from.
    pub from: String,
    /// Whom it is for.
    pub to: Vec<String>,
    /// The user name at the server.
    pub username: Option<String>,
    /// The name of one of the inventory's `secrets`: the password at the server.
    pub password: Option<String>,
    /// A PEM file with the CA of the server. Default: those of this machine.
    pub ca: Option<PathBuf>,
}

/// How a connection to a mail server is secured. It is never sent in clear text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Encryption {
    /// From the first byte on.
    Tls,
    /// After a word of the client. A server that does not offer it gets nothing.
    #[default]
    StartTls,
}

impl Notify {
    /// The secret it needs, and its key.
    pub fn secret(&self) -> Option<(&'static str, &str)> {
        match self {
            Self::Webhook(webhook) => webhook.secret.as_deref().map(|name| ("secret", name)),
            Self::Mail(mail) => mail.password.as_deref().map(|name| ("password", name)),
            Self::Command(_) => None,
        }
    }

    /// The file with the CA of the receiver.
    pub fn ca(&self) -> Option<&Path> {
        match self {
            Self::Webhook(webhook) => webhook.ca.as_deref(),
            Self::Mail(mail) => mail.ca.as_deref(),
            Self::Command(_) => None,
        }
    }

    /// Its key in the inventory.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Webhook(_) => "webhook",
            Self::Mail(_) => "mail",
            Self::Command(_) => "command",
        }
    }
}
