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

    /// What the file says about `key` of the host with these names (see [`name`]). A key may be revoked under any of them.
    pub(super) fn judge(&self, names: &[String], key: &PublicKey) -> Verdict {
        let name = self.called(names);
        let of = |marker| self.0.iter().filter(move |line| line.marker == marker && line.hosts.contain(name));
        let same = |line: &&Line| line.key.as_ref().is_some_and(|known| known.key_data() == key.key_data());
        let revoked = self.0.iter().filter(|line| line.marker == Marker::Revoked);
        let mut revoked = revoked.filter(|line| names.iter().any(|name| line.hosts.contain(name)));
        if let Some(line) = revoked.find(same) {
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

    /// The first of a host's names of which anything is said but what is revoked, or else the first.
    pub(super) fn called<'a>(&self, names: &'a [String]) -> &'a str {
        let lines = self.0.iter().filter(|line| line.marker != Marker::Revoked);
        let known = names.iter().find(|name| lines.clone().any(|line| line.hosts.contain(name)));
        known.unwrap_or(&names[0])
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
mod tests {
    use super::*;

    const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINKMk4wWFS/if4agJhOhV4SjL1vitr2QgSd9XpxLSm+y";
    const OTHER: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJdD7y3aLq454yWBdwLWbieU1ebz9/cu7/QEXn9OIeZJ";
    const ECDSA: &str = "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBMxBTpMIGvo7CnordO7wP0QQRqpBwUjOLl4eMhfucfE1sjTYyK5wmTl1UqoSDS1PtRVTBdl+0+9pquFb46U7fwg=";
    /// Made by `ssh-keygen -H` from `10.0.0.5` and `[10.0.0.5]:2222`.
    const HASHED: &str = "|1|JDXkRJKr1WjA6Kdab4j7ndZNosk=|SlRJhBE+wdpfBIGMJxNQlRXmBD4=";
    const HASHED_2222: &str = "|1|n2Qh1nPCmivMPE+z7XtdiX9H8G0=|bOyd3VGWCtiM/dLY+DJVOA47Oy4=";

    fn judge(text: &str, port: u16) -> Verdict {
        let text = text.replace("KEY", KEY).replace("OTHER", OTHER).replace("ECDSA", ECDSA);
        let text = text.replace("HASHED2222", HASHED_2222).replace("HASHED", HASHED);
        KnownHosts::parse(&text).judge(&[name("10.0.0.5", port)], &PublicKey::from_openssh(KEY).unwrap())
    }

    #[test]
    fn a_host_is_known_by_its_name_and_key() {
        for text in [
            "10.0.0.5 KEY",
            "  10.0.0.5\tKEY\tcomment\r\n",
            "# a comment\n\n10.0.0.5 KEY comment",
            "core.example,10.0.0.5 KEY",
            "10.0.0.* KEY",
            "10.0.?.5 KEY",
            "HASHED KEY",
            "10.0.0.5 OTHER\n10.0.0.5 KEY",
            "10.0.0.5 ECDSA\n10.0.0.5 KEY",
            "@cert-authority * OTHER\n10.0.0.5 KEY",
            "@revoked * OTHER\n10.0.0.5 KEY",
        ] {
            assert_eq!(judge(text, 22), Verdict::Known, "{text}");
        }
        assert_eq!(judge("[10.0.0.5]:2222 KEY", 2222), Verdict::Known);
        assert_eq!(judge("HASHED2222 KEY", 2222), Verdict::Known);
    }

    #[test]
    fn a_host_without_a_line_is_unknown() {
        for text in [
            "",
            "10.0.0.50 KEY",
            "10.0.0.5",
            "10.0.0.5 ssh-ed25519",
            "#10.0.0.5 KEY",
            "10.0.0.*,!10.0.0.5 KEY",
            "!10.0.0.5 KEY",
            "[10.0.0.5]:2222 KEY",
            "HASHED2222 KEY",
            "|1|broken KEY",
            "@unheard-of 10.0.0.5 OTHER",
            "@revoked * OTHER",
        ] {
            assert_eq!(judge(text, 22), Verdict::Unknown, "{text}");
        }
        assert_eq!(judge("10.0.0.5 KEY", 2222), Verdict::Unknown);
    }

    #[test]
    fn another_key_is_a_changed_key_and_the_line_is_named() {
        for (text, line) in [
            ("10.0.0.5 OTHER", 1),
            ("\n# words\n10.0.0.5 OTHER", 3),
            ("HASHED OTHER", 1),
            // The line that a reader would replace: the one of the same kind.
            ("10.0.0.5 ECDSA\n10.0.0.5 OTHER\n10.0.0.5 OTHER", 2),
            // Known by another kind of key only: an attacker could show a kind we have no line for.
            ("10.0.0.5 ECDSA", 1),
            ("10.0.0.5 ssh-future AAAA", 1),
            ("@cert-authority * KEY\n10.0.0.5 OTHER", 2),
        ] {
            assert_eq!(judge(text, 22), Verdict::Changed(line), "{text}");
        }
    }

    #[test]
    fn marks_are_heeded() {
        assert_eq!(judge("10.0.0.5 KEY\n@revoked * KEY", 22), Verdict::Revoked(2));
        assert_eq!(judge("@revoked 10.0.0.6 KEY\n10.0.0.5 KEY", 22), Verdict::Known);
        assert_eq!(judge("@cert-authority 10.0.0.* KEY", 22), Verdict::Authority(1));
    }

    #[test]
    fn the_kinds_of_key_a_host_is_known_by() {
        let known =
            KnownHosts::parse(&format!("a {ECDSA}\n@revoked a {KEY}\nb {KEY}\n@cert-authority a {KEY}"));
        assert_eq!(known.algorithms("a").len(), 1);
        assert_eq!(known.algorithms("a")[0].to_string(), "ecdsa-sha2-nistp256");
        assert!(known.algorithms("c").is_empty());
    }
}
