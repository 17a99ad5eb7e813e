//! What Docker stands on and we do not own: its daemon and socket, forwarding, and its rules in the packet filter.

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
    /// Rules of iptables' tables `nat` and `filter` that Docker may have made, as in `nat -A PREROUTING -j DOCKER`; `None`:
    /// there is no iptables, or nobody who would use it.
    pub rules: Option<Vec<String>>,
}

/// iptables is asked where dockerd runs only, which has loaded what it needs into the kernel.
const QUESTION: &str = r#"[ -S /run/docker.sock ] || command -v dockerd >/dev/null || exit 44
if grep -qsx dockerd /proc/[0-9]*/comm; then dockerd=runs; else dockerd=stopped; fi
echo $dockerd
if [ -S /run/docker.sock ]; then echo socket; else echo none; fi
cat /proc/sys/net/ipv4/ip_forward || exit 1
cat /proc/sys/net/ipv6/conf/all/forwarding 2>/dev/null || echo none
[ $dockerd = runs ] && command -v iptables >/dev/null || exit 0
nat=$(iptables -w 5 -t nat -S) && filter=$(iptables -w 5 -S) || exit 1
echo rules
printf '%s\n' "$nat" | sed -n '/DOCKER\|MASQUERADE/s/^/nat /p'
printf '%s\n' "$filter" | sed -n '/DOCKER\| -[io] /s/^/filter /p'"#;

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
    let rules = match lines.next() {
        None => None,
        Some("rules") => Some(lines.map(str::to_owned).collect()),
        Some(_) => return None,
    };
    Some(Footing { dockerd, socket, forwards, forwards6, rules })
}
