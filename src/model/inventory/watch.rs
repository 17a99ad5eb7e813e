//! What `pryvctl watch` does besides watching: its alerts, its page, and what it repairs.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    num::NonZeroU16,
    path::Path,
    time::Duration,
};

use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    export::Export,
    mute::Mute,
    notify::Notify,
    repair::{Repairable, Repairs},
    tls::Tls,
};
use crate::model::{
    alert::tuned::Tuning,
    compose::Period,
    schema::word::{self, Socket},
    secret::SecretSource,
};

/// How the platform is watched.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Watch {
    /// Where its page is served, as in `127.0.0.1:9464`. Without it there is no page.
    #[schemars(with = "Option<Socket>")]
    pub listen: Option<SocketAddr>,
    /// The certificate that the page shows; needed where others than this machine reach it.
    pub tls: Option<Tls>,
    /// The hash of the password that the page asks for, as `pryvctl password` prints it; needed where others than this machine
    /// reach it.
    pub password: Option<SecretSource>,
    /// What is different here about the shipped alerts, by the alert's name.
    pub alerts: BTreeMap<String, Tuning>,
    /// Alerts that nobody is told about for a while.
    pub mute: Vec<Mute>,
    /// Whom alerts are sent to; each gets all of them.
    pub notify: Vec<Notify>,
    /// Other systems that get every sample.
    pub export: Vec<Export>,
    /// What it repairs unattended, of that which has drifted.
    #[schemars(with = "BTreeSet<Repairable>")]
    pub repair: Repairs,
    /// How many hosts of a zone it repairs at the same time. It never repairs hosts of two zones at the same time.
    pub repair_at_once: NonZeroU16,
    /// How long it waits before it repairs the same thing a second time; five times as long before the third time.
    #[schemars(with = "word::Period")]
    pub repair_pause: Period,
}

impl Default for Watch {
    fn default() -> Self {
        Self {
            listen: None,
            tls: None,
            password: None,
            alerts: BTreeMap::new(),
            mute: Vec::new(),
            notify: Vec::new(),
            export: Vec::new(),
            repair: Repairs::NONE,
            repair_at_once: NonZeroU16::MIN,
            repair_pause: Period(Duration::from_secs(120)),
        }
    }
}

/// What a page lacks that others than this machine can reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lack {
    /// Whoever is on the way could read it.
    Tls,
    /// Whoever reaches it could read it.
    Password,
}

impl Lack {
    /// Its key.
    pub fn key(self) -> &'static str {
        match self {
            Self::Tls => "tls",
            Self::Password => "password",
        }
    }
}

impl Watch {
    /// The files with the CAs of those that alerts and samples are sent to, each with its place in the inventory.
    pub fn authorities(&self) -> impl Iterator<Item = (&Path, [String; 5])> {
        let place = |list: &str, index: usize, word: &str| {
            ["watch", list, &index.to_string(), word, "ca"].map(str::to_owned)
        };
        let told = self.notify.iter().enumerate();
        let told = told.filter_map(move |(index, one)| Some((one.ca()?, place("notify", index, one.word()))));
        let sent = self.export.iter().enumerate();
        told.chain(sent.filter_map(move |(index, one)| Some((one.ca()?, place("export", index, one.word())))))
    }

    /// What is missing before the page may be served there.
    pub fn lacks(&self, at: SocketAddr) -> Vec<Lack> {
        let needed = [(Lack::Tls, self.tls.is_none()), (Lack::Password, self.password.is_none())];
        let needed = needed.into_iter().filter(|(_, missing)| *missing && !is_of_this_machine(at));
        needed.map(|(lack, _)| lack).collect()
    }
}

/// Whether nobody but programs of this machine reaches an address.
fn is_of_this_machine(at: SocketAddr) -> bool {
    at.ip().to_canonical().is_loopback()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_needs_no_key() {
        let watch = Watch::default();
        let lacks = |at: &str| watch.lacks(at.parse().unwrap());
        for own in ["127.0.0.1:1", "127.9.0.1:1", "[::1]:1", "[::ffff:127.0.0.1]:1"] {
            assert_eq!(lacks(own), []);
        }
        for open in ["0.0.0.0:1", "[::]:1", "192.0.2.1:1", "[2001:db8::1]:1"] {
            assert_eq!(lacks(open), [Lack::Tls, Lack::Password], "{open}");
        }
        let closed = Watch { password: Some(SecretSource::Env("HASH".to_owned())), ..watch };
        assert_eq!(closed.lacks("0.0.0.0:1".parse().unwrap()), [Lack::Tls]);
    }
}
