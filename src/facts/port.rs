//! Who listens where.

use std::net::IpAddr;

use serde::Serialize;

use super::{Fact, Probe, strange};
use crate::model::{command::Output, desired::Protocol};

/// `ss`; without it the kernel's own list, which knows no names.
pub struct Listeners;

/// A socket that waits for clients.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Listener {
    /// tcp or udp.
    pub protocol: Protocol,
    /// The address; unspecified: all of them.
    pub address: IpAddr,
    /// The port.
    pub port: u16,
    /// The program, if the host tells.
    pub program: Option<String>,
}

impl Probe for Listeners {
    type Value = Vec<Listener>;

    fn question(&self) -> String {
        "if command -v ss >/dev/null; then echo ss; ss -H -lntup; else echo proc\n\
         for table in tcp tcp6 udp udp6; do\n\
         [ ! -e /proc/net/$table ] || sed -e 1d -e \"s/^/$table /\" /proc/net/$table\ndone\nfi"
            .to_owned()
    }

    fn read(&self, output: &Output) -> Fact<Self::Value> {
        Fact::read(output, |text| {
            let (tool, lines) = text.split_once('\n').unwrap_or((text, ""));
            let read = match tool {
                "ss" => from_ss,
                "proc" => from_proc,
                _ => return Err(strange("the list of ports", text)),
            };
            let mut found = Vec::new();
            for line in lines.lines().filter(|line| !line.is_empty()) {
                found.extend(read(line).ok_or_else(|| strange("a line of the list of ports", line))?);
            }
            found.sort();
            found.dedup();
            Ok(found)
        })
    }
}

/// As in `udp UNCONN 0 0 127.0.0.53%lo:53 0.0.0.0:* users:(("systemd-resolve",pid=1,fd=2))`.
fn from_ss(line: &str) -> Option<Option<Listener>> {
    let mut words = line.split_whitespace();
    let protocol = match words.next()? {
        "tcp" => Protocol::Tcp,
        "udp" => Protocol::Udp,
        _ => return Some(None),
    };
    let (address, port) = words.nth(3)?.rsplit_once(':')?;
    let address = address.trim_matches(['[', ']']).split('%').next()?.trim_end_matches(']');
    let address = if address == "*" { "::" } else { address };
    let program = line.split("((\"").nth(1).and_then(|rest| rest.split('"').next()).map(str::to_owned);
    Some(Some(Listener { protocol, address: address.parse().ok()?, port: port.parse().ok()?, program }))
}

/// As in `tcp 0: 0100007F:A3F3 00000000:0000 0A ...`: addresses in the host's byte order, in words of 4 bytes.
fn from_proc(line: &str) -> Option<Option<Listener>> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let [table, _, local, _, state, ..] = words[..] else { return None };
    // 0A: a TCP socket that listens; 07: a UDP socket without a peer.
    let (protocol, waiting) =
        if table.starts_with("tcp") { (Protocol::Tcp, "0A") } else { (Protocol::Udp, "07") };
    if state != waiting {
        return Some(None);
    }
    let (address, port) = local.split_once(':')?;
    if address.len() % 8 != 0 {
        return None;
    }
    let words =
        address.as_bytes().chunks(8).map(|word| u32::from_str_radix(str::from_utf8(word).ok()?, 16).ok());
    let bytes: Vec<u8> =
        words.collect::<Option<Vec<u32>>>()?.into_iter().flat_map(u32::to_le_bytes).collect();
    let address = match bytes.len() {
        4 => IpAddr::from(<[u8; 4]>::try_from(bytes).ok()?),
        16 => IpAddr::from(<[u8; 16]>::try_from(bytes).ok()?),
        _ => return None,
    };
    Some(Some(Listener { protocol, address, port: u16::from_str_radix(port, 16).ok()?, program: None }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(lines: &[&str], read: fn(&str) -> Option<Option<Listener>>) -> Vec<String> {
        let found = lines.iter().filter_map(|line| read(line).unwrap());
        found.map(|at| format!("{}:{} {:?}", at.address, at.port, at.program)).collect()
    }

    #[test]
    fn interfaces_and_wildcards_are_read() {
        let lines = [
            r#"udp UNCONN 0 0 127.0.0.53%lo:53 0.0.0.0:* users:(("systemd-resolve",pid=1,fd=2))"#,
            r#"tcp LISTEN 0 511 *:443 *:* users:(("nginx",pid=2,fd=6),("nginx",pid=1,fd=6))"#,
            "tcp LISTEN 0 128 [fe80::1]%eth0:22 [::]:*",
        ];
        let expected =
            [r#"127.0.0.53:53 Some("systemd-resolve")"#, r#":::443 Some("nginx")"#, "fe80::1:22 None"];
        assert_eq!(shown(&lines, from_ss), expected);
    }

    #[test]
    fn the_kernels_own_list_counts_only_who_waits() {
        let lines = [
            "tcp 0: 0100007F:01BB 00000000:0000 0A 00000000:00000000 00:00000000 00000000",
            "tcp 1: 0100007F:01BB 0200007F:1000 01 00000000:00000000 00:00000000 00000000",
            "udp6 2: 00000000000000000000000001000000:0035 00000000000000000000000000000000:0000 07 0 0",
        ];
        assert_eq!(shown(&lines, from_proc), ["127.0.0.1:443 None", "::1:53 None"]);
        assert_eq!(from_proc("tcp 0: 01007F:01BB 00000000:0000 0A"), None);
    }
}
