//! What sshd would do with our own login: its effective directives, defaults and `Match` blocks included.

use std::{collections::BTreeMap, net::IpAddr};

use super::{Fact, Probe, strange};
use crate::model::command::{Output, filled, quote};

/// `sshd -T`, asked for one connection: `Match` blocks can undo for it what holds for all others.
pub struct EffectiveSshd {
    /// Who logs in.
    pub user: String,
    /// From where, if the host cannot tell.
    pub from: Option<IpAddr>,
    /// To which address.
    pub to: IpAddr,
    /// To which port.
    pub port: u16,
}

impl Probe for EffectiveSshd {
    type Value = BTreeMap<String, Vec<String>>;

    // Where systemd opens sshd's socket, `/run/sshd` is there only during a login, and `sshd -T` refuses without
    // it. The folder is then made in a mount namespace that ends with the question: nothing is written.
    fn question(&self) -> String {
        let from = self.from.unwrap_or(self.to);
        let place = format!("user={},host=controller,addr=", self.user);
        let to = format!(",laddr={},lport={}", self.to, self.port);
        let place = format!("{}${{from:-{from}}}{}", quote(&place), quote(&to));
        filled(include_str!("sshd.sh"), [("@PLACE@", &place)])
    }

    fn read(&self, output: &Output) -> Fact<Self::Value> {
        Fact::read(output, |text| {
            let mut directives: Self::Value = BTreeMap::new();
            for line in text.lines() {
                let (name, value) = line.split_once(' ').unwrap_or((line, ""));
                directives.entry(name.to_ascii_lowercase()).or_default().push(value.to_owned());
            }
            if directives.contains_key("port") { Ok(directives) } else { Err(strange("sshd -T", text)) }
        })
    }
}
