//! What Docker stands on and we do not own: its daemon and socket, forwarding, and its rules in the packet filter.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Fact, Probe, strange};
use crate::model::command::Output;

/// Asked without Docker's help, because it may be what is broken. No Docker: absent.
pub struct Underneath;

/// What Docker stands on, as found.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Footing {
    /// Whether dockerd runs.
    pub dockerd: bool,
    /// Whether `/run/docker.sock` is there.
    pub socket: bool,
    /// Whether the kernel forwards IPv4.
    pub forwards: bool,
    /// Whether the kernel forwards IPv6; `None`: it has no IPv6.
    pub forwards6: Option<bool>,
    /// What the running dockerd was told on its command line, by the long name, in its order. It stands above what
    /// `daemon.json` says. A switch that says nothing but its name has an empty value, as has one whose value may be a secret.
    pub switches: BTreeMap<String, Vec<String>>,
    /// Rules of iptables' tables `nat` and `filter` that Docker may have made, as in `nat -A PREROUTING -j DOCKER`; `None`:
    /// there is no iptables, or nobody who would use it.
    pub rules: Option<Vec<String>>,
    /// The same of ip6tables; `None`, too, where Docker has nothing to do with it.
    pub rules6: Option<Vec<String>>,
}

impl Footing {
    /// What a switch says, as `daemon.json` would say it; `None`: dockerd was not told so.
    pub fn switch(&self, key: &str) -> Option<Value> {
        let said = self.switches.get(key)?.last()?.as_str();
        // What Go takes for a truth value.
        Some(match said {
            "" | "1" | "t" | "T" | "true" | "TRUE" | "True" => Value::Bool(true),
            "0" | "f" | "F" | "false" | "FALSE" | "False" => Value::Bool(false),
            text => Value::from(text),
        })
    }
}

/// A dockerd in a container is not the host's. Only values that tell no secret are said: `--log-opt` and proxies may have some.
/// ip6tables is asked where Docker may use it: since version 27 by itself, and before that where it was told so. One that does
/// not work is one that Docker goes without.
///
/// iptables is asked where dockerd runs only, which has loaded what it needs into the kernel.
const QUESTION: &str = include_str!("footing.sh").trim_ascii_end();

impl Probe for Underneath {
    type Value = Footing;

    fn question(&self) -> String {
        QUESTION.to_owned()
    }

    fn read(&self, output: &Output) -> Fact<Footing> {
        Fact::read(output, |text| parse(text).ok_or_else(|| strange("what Docker stands on", text)))
    }
}

fn parse(text: &str) -> Option<Footing> {
    let mut lines = text.lines();
    let mut either = |yes: &str, no: &str| match lines.next()? {
        line if line == yes => Some(true),
        line if line == no => Some(false),
        _ => None,
    };
    let (dockerd, socket) = (either("runs", "stopped")?, either("socket", "none")?);
    let forwards = either("1", "0")?;
    let forwards6 = match lines.next()? {
        "1" => Some(true),
        "0" => Some(false),
        "none" => None,
        _ => return None,
    };
    let mut footing = Footing { dockerd, socket, forwards, forwards6, ..Footing::default() };
    let mut rules: Option<&mut Vec<String>> = None;
    for line in lines {
        rules = match (line, line.strip_prefix("switch --"), rules) {
            ("rules", _, _) => Some(footing.rules.insert(Vec::new())),
            ("rules6", _, _) => Some(footing.rules6.insert(Vec::new())),
            (_, Some(switch), _) => {
                let (key, value) = switch.split_once('=').unwrap_or((switch, ""));
                footing.switches.entry(key.to_owned()).or_default().push(value.to_owned());
                None
            }
            (rule, None, Some(rules)) => {
                rules.push(rule.to_owned());
                Some(rules)
            }
            (_, None, None) => return None,
        };
    }
    Some(footing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn switches_and_rules_of_both_families_are_read() {
        let text = "runs\nsocket\n1\nnone\nswitch --iptables=false\nswitch --live-restore\nrules\nnat -N DOCKER\nrules6\n";
        let footing = parse(text).unwrap();
        assert_eq!(footing.switch("iptables"), Some(Value::Bool(false)));
        assert_eq!(footing.switch("live-restore"), Some(Value::Bool(true)));
        assert_eq!(footing.switch("ip-masq"), None);
        assert_eq!((footing.rules.unwrap().len(), footing.rules6.unwrap().len()), (1, 0));
        assert_eq!(parse("runs\nsocket\n1\nnone\nnat -N DOCKER\n"), None);
    }
}
