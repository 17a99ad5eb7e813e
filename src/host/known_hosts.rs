//! known_hosts: what a file says about one host's key. Pure; reading and writing the file is `host_key`'s.

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use russh::keys::{Algorithm, PublicKey};
use sha1::Sha1;

/// The lines of a known_hosts file that mean something.
#[derive(Debug, Clone, Default)]
pub(super) struct KnownHosts(Vec<Line>);

/// What the file says about a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// This host, this key.
    Known,
    /// Nothing about this host.
    Unknown,
    /// This host, another key, on this line.
    Changed(usize),
    /// This key is marked `@revoked` on this line.
    Revoked(usize),
    /// Only a certificate authority vouches for this host, on this line.
    Authority(usize),
}

#[derive(Debug, Clone)]
struct Line {
    number: usize,
    marker: Marker,
    hosts: Hosts,
    /// A key of a kind we cannot read is still a key this host is known by.
    key: Option<PublicKey>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Marker {
    Plain,
    Authority,
    Revoked,
}

#[derive(Debug, Clone)]
enum Hosts {
    Patterns(Vec<String>),
    Hashed { salt: Vec<u8>, hash: Vec<u8> },
}

/// The name a host has in known_hosts: the bare address, or `[address]:port`.
pub(super) fn name(address: &str, port: u16) -> String {
    if port == 22 { address.to_owned() } else { format!("[{address}]:{port}") }
}

impl KnownHosts {
    /// Reads a file's text. Lines that cannot be a host's key are left out, as ssh does.
    pub(super) fn parse(text: &str) -> Self {
        Self(text.lines().zip(1..).filter_map(|(line, number)| Line::parse(line, number)).collect())
    }

    /// What the file says about `key` of the host called `name` (see [`name`]).
    pub(super) fn judge(&self, name: &str, key: &PublicKey) -> Verdict {
        let of = |marker| self.0.iter().filter(move |line| line.marker == marker && line.hosts.contain(name));
        let same = |line: &&Line| line.key.as_ref().is_some_and(|known| known.key_data() == key.key_data());
        if let Some(line) = of(Marker::Revoked).find(same) {
            return Verdict::Revoked(line.number);
        }
        if of(Marker::Plain).any(|line| same(&line)) {
            return Verdict::Known;
        }
        let alike = |line: &Line| line.key.as_ref().is_some_and(|known| known.algorithm() == key.algorithm());
        match of(Marker::Plain).max_by_key(|line| (alike(line), usize::MAX - line.number)) {
            Some(line) => Verdict::Changed(line.number),
            None => {
                of(Marker::Authority).next().map_or(Verdict::Unknown, |line| Verdict::Authority(line.number))
            }
        }
    }

    /// The kinds of key this host is known by. The host is asked for these first, or it would show one that is in no line.
    pub(super) fn algorithms(&self, name: &str) -> Vec<Algorithm> {
        let lines = self.0.iter().filter(|line| line.marker == Marker::Plain && line.hosts.contain(name));
        lines.filter_map(|line| line.key.as_ref().map(PublicKey::algorithm)).collect()
    }
}

impl Line {
    fn parse(text: &str, number: usize) -> Option<Self> {
        let mut words = text.split_whitespace().peekable();
        let marker = match *words.peek()? {
            "@revoked" => Marker::Revoked,
            "@cert-authority" => Marker::Authority,
            word if word.starts_with(['#', '@']) => return None,
            _ => Marker::Plain,
        };
        if marker != Marker::Plain {
            words.next();
        }
        let hosts = Hosts::parse(words.next()?)?;
        let (kind, body) = (words.next()?, words.next()?);
        let key = PublicKey::from_openssh(&format!("{kind} {body}")).ok();
        Some(Self { number, marker, hosts, key })
    }
}

impl Hosts {
    fn parse(field: &str) -> Option<Self> {
        let Some(hashed) = field.strip_prefix("|1|") else {
            return Some(Self::Patterns(field.split(',').map(str::to_lowercase).collect()));
        };
        let (salt, hash) = hashed.split_once('|')?;
        Some(Self::Hashed { salt: STANDARD.decode(salt).ok()?, hash: STANDARD.decode(hash).ok()? })
    }

    fn contain(&self, name: &str) -> bool {
        let name = name.to_lowercase();
        match self {
            Self::Hashed { salt, hash } => Hmac::<Sha1>::new_from_slice(salt)
                .is_ok_and(|mac| mac.chain_update(name.as_bytes()).verify_slice(hash).is_ok()),
            Self::Patterns(patterns) => {
                let (not, yes): (Vec<_>, Vec<_>) =
                    patterns.iter().partition(|pattern| pattern.starts_with('!'));
                yes.iter().any(|pattern| matches(pattern.as_bytes(), name.as_bytes()))
                    && !not.iter().any(|pattern| matches(&pattern.as_bytes()[1..], name.as_bytes()))
            }
        }
    }
}

/// `*` stands for any text, `?` for one character.
fn matches(pattern: &[u8], text: &[u8]) -> bool {
    match (pattern.split_first(), text.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), _) => (0..=text.len()).any(|skip| matches(rest, &text[skip..])),
        (Some((b'?', rest)), Some((_, text))) => matches(rest, text),
        (Some((want, rest)), Some((have, text))) if want == have => matches(rest, text),
        (Some(_) | None, Some(_)) | (Some(_), None) => false,
    }
}

#[cfg(test)]
#[path = "known_hosts_tests.rs"]
mod tests;
