//! Whom alerts are sent to, and how.

mod command;
mod mail;
mod outbox;
mod webhook;

use std::time::Duration;

use sha2::{Digest as _, Sha256};
use tokio::time::timeout;

use self::{command::Command, mail::Mail, webhook::Webhook};
use super::alert::message::Message;
use crate::model::{
    inventory::{Inventory, Notify},
    material::Material,
    secret::Secret,
};

pub use outbox::{Bell, deliver};

/// How long one may take. The first retry comes later than that, so that no message is sent twice at a time.
const LIMIT: Duration = Duration::from_secs(25);

/// Somebody, or something, that alerts are sent to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notifier {
    /// Its name: its kind, where it leads to, and a few letters that tell it from another one that leads there.
    pub name: String,
    way: Way,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Way {
    Webhook(Webhook),
    Mail(Mail),
    Command(Command),
}

impl Notifier {
    /// Those of an inventory, in its order.
    pub fn all(inventory: &Inventory, material: &Material) -> Vec<Self> {
        inventory.watch.notify.iter().map(|notify| Self::of(notify, material)).collect()
    }

    fn of(notify: &Notify, material: &Material) -> Self {
        let secret = notify.secret().and_then(|(_, name)| material.secrets.get(name)).cloned();
        let ca = notify.ca().and_then(|path| material.authorities.get(path)).cloned();
        let (to, whole, way) = match notify {
            Notify::Webhook(webhook) => {
                let way = Webhook { url: webhook.url.clone(), secret, ca };
                (way.host(), webhook.url.clone(), Way::Webhook(way))
            }
            Notify::Mail(mail) => {
                let to = mail.to.join(", ");
                let whole = format!("{}:{:?} {} {to}", mail.server, mail.port, mail.from);
                (to, whole, Way::Mail(Mail { words: mail.clone(), password: secret, ca }))
            }
            Notify::Command(words) => {
                let program = words.first().cloned().unwrap_or_default();
                (program, words.join("\0"), Way::Command(Command(words.clone())))
            }
        };
        let mark: String = Sha256::digest(whole).iter().take(2).map(|byte| format!("{byte:02x}")).collect();
        Self { name: format!("{} {to} ({mark})", notify.word()), way }
    }

    /// Sends a message, whose JSON this is, and says what was answered.
    ///
    /// # Errors
    /// Why it did not arrive, without anything secret.
    pub async fn send(&self, message: &Message, body: &str) -> Result<String, String> {
        let send = async {
            match &self.way {
                Way::Webhook(webhook) => webhook.send(message, body).await,
                Way::Mail(mail) => mail.send(message).await,
                Way::Command(command) => command.send(body).await,
            }
        };
        let late = |_| Err(format!("no answer within {} s", LIMIT.as_secs()));
        timeout(LIMIT, send).await.unwrap_or_else(late)
    }
}

/// A secret's bytes: behind `whsec_` they are written in base64, as Standard Webhooks has it.
fn key(secret: &Secret) -> Vec<u8> {
    use base64::{Engine as _, prelude::BASE64_STANDARD};
    let text = secret.expose();
    let decoded = text.strip_prefix("whsec_").and_then(|encoded| BASE64_STANDARD.decode(encoded).ok());
    decoded.unwrap_or_else(|| text.as_bytes().to_vec())
}

#[cfg(test)]
mod tests;
