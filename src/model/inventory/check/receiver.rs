//! Whoever gets alerts or samples: the secret is one of the inventory's, and nothing is sent in clear text over a network.

use std::net::IpAddr;

use http::Uri;

use crate::model::{
    inventory::Inventory,
    nearest::suggest,
    problem::{Place, Problem},
};

/// The secret that it needs, with its key, is there.
pub fn secret(
    inventory: &Inventory,
    secret: Option<(&'static str, &str)>,
    place: &dyn Fn(&str) -> Option<Place>,
) -> Option<Problem> {
    let (key, name) = secret?;
    let problem = || Problem::error("secret.unknown", format!("there is no secret `{name}` in `secrets`"));
    let known = inventory.secrets.keys().map(String::as_str);
    (!inventory.secrets.contains_key(name)).then(|| problem().hint(suggest(name, known)).at(place(key)))
}

/// The URL that these things are sent to.
pub fn url(url: &str, things: &str, place: &dyn Fn(&str) -> Option<Place>) -> Option<Problem> {
    let wrong = |message: String| {
        Problem::error("watch.url", message).hint("write `https://HOST/PATH`").at(place("url"))
    };
    let url: Uri = match url.parse() {
        Ok(url) => url,
        Err(_) => return Some(wrong("this is no URL".to_owned())),
    };
    let host = url.host().unwrap_or_default();
    let is_here = host == "localhost"
        || host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    match url.scheme_str() {
        Some("https") => None,
        Some("http") if is_here => None,
        Some("http") => Some(wrong(format!("{things} would be sent to `{host}` in clear text"))),
        Some(_) | None => Some(wrong("this is not a URL that begins with https:// or http://".to_owned())),
    }
}
