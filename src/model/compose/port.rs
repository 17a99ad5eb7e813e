//! Published ports, in Compose's short and long form.

use serde::Deserialize;
use serde_json::Value;

use super::Word;
use crate::model::desired::Protocol;

/// A port of the host that leads to a port of the container.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Value")]
pub struct Port {
    /// The port on the host.
    pub published: u16,
    /// The port in the container.
    pub target: u16,
    /// tcp or udp.
    pub protocol: Protocol,
}

/// A port, 1 to 65535.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Word")]
pub struct PortNumber(pub u16);

impl TryFrom<Word> for PortNumber {
    type Error = String;
    fn try_from(word: Word) -> Result<Self, String> {
        port(&word.0).map(Self)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Long {
    target: PortNumber,
    published: PortNumber,
    #[serde(default = "tcp")]
    protocol: Protocol,
}

fn tcp() -> Protocol {
    Protocol::Tcp
}

impl TryFrom<Value> for Port {
    type Error = String;
    fn try_from(value: Value) -> Result<Self, String> {
        match value {
            Value::Object(_) => {
                let long = Long::deserialize(value).map_err(|error| error.to_string())?;
                Ok(Self { published: long.published.0, target: long.target.0, protocol: long.protocol })
            }
            other
            @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_)) => {
                short(&Word::try_from(other)?.0)
            }
        }
    }
}

fn short(text: &str) -> Result<Port, String> {
    let (ports, protocol) = match text.split_once('/') {
        Some((ports, name)) => (ports, protocol(name)?),
        None => (text, Protocol::Tcp),
    };
    match ports.split(':').collect::<Vec<_>>()[..] {
        [published, target] => Ok(Port { published: port(published)?, target: port(target)?, protocol }),
        [_] => Err(format!("`{text}` has no port of the host: write it first, as in 443:{text}")),
        _ => Err(format!(
            "`{text}` names an address: ports answer on all addresses, `open` limits who may ask"
        )),
    }
}

/// Reads `443/tcp`.
///
/// # Errors
/// A port out of range or a protocol that is neither tcp nor udp.
pub fn port_and_protocol(text: &str) -> Result<(u16, Protocol), String> {
    let Some((number, name)) = text.split_once('/') else {
        return Err(format!("`{text}` has no protocol: write {text}/tcp or {text}/udp"));
    };
    Ok((port(number)?, protocol(name)?))
}

fn protocol(name: &str) -> Result<Protocol, String> {
    match name {
        "tcp" => Ok(Protocol::Tcp),
        "udp" => Ok(Protocol::Udp),
        other => Err(format!("`{other}` is not a protocol: write tcp or udp")),
    }
}

/// Reads a port number.
fn port(text: &str) -> Result<u16, String> {
    if text.contains('-') {
        return Err(format!("`{text}` is a range: name each port"));
    }
    let number = text.parse().ok().filter(|port| *port > 0);
    number.ok_or_else(|| format!("`{text}` is not a port: use 1 to 65535"))
}
