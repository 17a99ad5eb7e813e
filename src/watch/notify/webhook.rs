//! A webhook: an HTTPS request with the message as JSON, signed as Standard Webhooks has it
//! (<https://www.standardwebhooks.com>), so that receivers check it with a library that they have.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::{Request, Uri, header};
use sha2::Sha256;

use super::key;
use crate::{
    model::secret::Secret,
    watch::{
        alert::message::Message,
        now,
        post::{post, to},
    },
};

/// Where requests go, and what they are signed with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// Where to. Its path may be a secret, and is never shown.
    pub url: String,
    /// What is signed with.
    pub secret: Option<Secret>,
    /// The CA of the receiver, PEM.
    pub ca: Option<String>,
}

impl Webhook {
    /// The host that it leads to.
    pub fn host(&self) -> String {
        self.url.parse::<Uri>().ok().and_then(|url| url.host().map(ToOwned::to_owned)).unwrap_or_default()
    }

    /// Sends it.
    pub async fn send(&self, message: &Message, body: &str) -> Result<String, String> {
        let url: Uri = self.url.parse().map_err(|_| "this is no URL".to_owned())?;
        let status = post(&url, self.ca.as_deref(), self.request(&url, message, body)?).await?;
        let host = url.host().unwrap_or_default();
        if status.is_success() { Ok(status.to_string()) } else { Err(format!("{host} answered {status}")) }
    }

    fn request(&self, url: &Uri, message: &Message, body: &str) -> Result<Request<String>, String> {
        let at = now();
        let mut request = to(url)
            .header(header::CONTENT_TYPE, "application/json")
            .header("webhook-id", &message.id)
            .header("webhook-timestamp", at);
        if let Some(secret) = &self.secret {
            request = request.header("webhook-signature", signature(secret, &message.id, at, body));
        }
        request.body(body.to_owned()).map_err(|error| error.to_string())
    }
}

/// The signature of `ID.TIME.BODY`.
pub fn signature(secret: &Secret, id: &str, at: i64, body: &str) -> String {
    // HMAC takes a key of any length.
    let mac = Hmac::<Sha256>::new_from_slice(&key(secret)).map(|mut mac| {
        mac.update(format!("{id}.{at}.{body}").as_bytes());
        mac.finalize().into_bytes()
    });
    format!("v1,{}", BASE64_STANDARD.encode(mac.unwrap_or_default()))
}
