//! Whether a packet meets a condition, as far as it is understood.

use serde_json::Value;

use super::packet::Packet;
use crate::facts::filter::Hook;

/// Whether a condition holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holds {
    Yes,
    No,
    Maybe,
}

impl From<bool> for Holds {
    fn from(holds: bool) -> Self {
        if holds { Self::Yes } else { Self::No }
    }
}

/// What is compared, of a packet.
enum Seen {
    /// One of these words.
    Word(Vec<String>),
    /// A number.
    Number(u64),
    /// The packet has no such field.
    Nothing,
    /// Not known before the packet is there.
    Unknown,
}

/// A `match` of nft's JSON.
pub(super) fn holds(body: &Value, packet: &Packet) -> Holds {
    let equal = match seen(&body["left"], packet) {
        Seen::Nothing => return Holds::No,
        Seen::Unknown => return Holds::Maybe,
        Seen::Number(number) => has(&body["right"], &|one| is_number(one, number)),
        Seen::Word(words) => has(&body["right"], &|one| {
            let word = one.as_str()?;
            match word.strip_suffix('*') {
                _ if word.starts_with('@') => None,
                Some(start) => Some(words.iter().any(|own| own.starts_with(start))),
                None => Some(words.iter().any(|own| own == word)),
            }
        }),
    };
    match (equal, body["op"].as_str()) {
        (Some(equal), Some("==" | "in")) => equal.into(),
        (Some(equal), Some("!=")) => (!equal).into(),
        (Some(_) | None, _) => Holds::Maybe,
    }
}

/// What a verdict map says: `None`: not understood; `Some(None)`: nothing about this packet.
pub(super) fn chosen<'a>(body: &'a Value, packet: &Packet) -> Option<Option<(&'a str, &'a Value)>> {
    let pairs = body["data"]["set"].as_array()?;
    let seen = seen(&body["key"], packet);
    for pair in pairs {
        let (key, verdict) = (&pair[0], pair[1].as_object()?.iter().next()?);
        let fits = match &seen {
            Seen::Number(number) => has(key, &|one| is_number(one, *number))?,
            Seen::Word(words) => words.iter().any(|word| key == word.as_str()),
            Seen::Nothing => false,
            Seen::Unknown => return None,
        };
        if fits {
            return Some(Some((verdict.0.as_str(), verdict.1)));
        }
    }
    Some(None)
}

fn seen(left: &Value, packet: &Packet) -> Seen {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    if let Some(field) = left.get("payload") {
        return payload(&text(&field["protocol"]), &text(&field["field"]), packet);
    }
    if let Some(meta) = left.get("meta") {
        return match text(&meta["key"]).as_str() {
            "l4proto" => Seen::Word(vec![packet.protocol.as_str().to_owned()]),
            "iifname" | "iif" if packet.uplinks.is_empty() => Seen::Unknown,
            "iifname" | "iif" => Seen::Word(packet.uplinks.iter().map(|name| (*name).to_owned()).collect()),
            _ => Seen::Unknown,
        };
    }
    let Some(ct) = left.get("ct") else { return Seen::Unknown };
    let words = |words: &[&str]| Seen::Word(words.iter().map(|word| (*word).to_owned()).collect());
    match (text(&ct["key"]).as_str(), packet.hook) {
        ("state", _) => words(&["new"]),
        ("status", Hook::Forward) => words(&["dnat"]),
        ("status", Hook::Input) => words(&[]),
        ("proto-dst", _) if ct["dir"] == "original" => Seen::Number(packet.dialled.into()),
        (_, Hook::Forward | Hook::Input) => Seen::Unknown,
    }
}

fn payload(protocol: &str, field: &str, packet: &Packet) -> Seen {
    let own = protocol == packet.protocol.as_str() || protocol == "th";
    match (protocol, field) {
        ("tcp" | "udp" | "th", "dport") if own => Seen::Number(packet.seen.into()),
        ("tcp" | "udp" | "th", _) if own => Seen::Unknown,
        ("tcp" | "udp" | "icmp" | "icmpv6" | "sctp" | "esp" | "ah", _) => Seen::Nothing,
        (_, _) => Seen::Unknown,
    }
}

/// Whether one of the values on the right fits; `None`: cannot be told.
fn has(right: &Value, fits: &dyn Fn(&Value) -> Option<bool>) -> Option<bool> {
    let all = match right.get("set").unwrap_or(right) {
        Value::Array(all) => all.as_slice(),
        one @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_)) => {
            std::slice::from_ref(one)
        }
    };
    let mut known = Some(false);
    for one in all {
        match fits(one) {
            Some(true) => return Some(true),
            Some(false) => {}
            None => known = None,
        }
    }
    known
}

/// A number, a range, or the name of a port, which is not looked up.
fn is_number(value: &Value, number: u64) -> Option<bool> {
    if let Some(range) = value.get("range") {
        return Some((range[0].as_u64()?..=range[1].as_u64()?).contains(&number));
    }
    value.as_u64().map(|one| one == number)
}
