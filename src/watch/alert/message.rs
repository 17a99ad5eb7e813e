//! What somebody is told: one rule, and all hosts that it began, goes on, or is over for. Its JSON is what webhooks and
//! commands get.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{Alert, Ground, Key};
use crate::{
    model::alert::{Rule, Severity},
    watch::moment,
};

/// The version of the JSON. A key that goes, or means something else, needs a new one.
const VERSION: u32 = 1;

/// What somebody is told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// The version of this document.
    pub version: u32,
    /// The same for each time that this one is sent, and of no other.
    pub id: String,
    /// When, in UTC.
    pub time: String,
    /// The platform.
    pub platform: String,
    /// What happened.
    pub event: Event,
    /// The name of the rule.
    pub alert: String,
    /// How soon somebody has to do something.
    pub severity: Severity,
    /// One line.
    pub summary: String,
    /// What to do next.
    pub hint: String,
    /// About which hosts.
    pub hosts: Vec<Part>,
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Event {
    /// It began.
    Firing,
    /// It goes on.
    Reminder,
    /// It is over.
    Over,
    /// Nothing; somebody tries whether messages arrive.
    Test,
}

impl Event {
    /// Its word, as in the JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Firing => "firing",
            Self::Reminder => "reminder",
            Self::Over => "over",
            Self::Test => "test",
        }
    }
}

/// One part of a host.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// The host.
    pub host: String,
    /// Its zone.
    pub zone: String,
    /// The part; empty: the host as a whole.
    pub part: String,
    /// Since when it holds or held, in UTC.
    pub since: String,
    /// In words.
    pub words: String,
    /// The number that goes with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<f64>,
}

impl Message {
    /// That something happened to these.
    pub fn new(rule: &Rule, event: Event, at: i64, ground: &Ground, about: &[(Key, Alert)]) -> Self {
        let part = |(key, alert): &(Key, Alert)| Part {
            host: key.host.to_string(),
            zone: ground.zones.get(&key.host).cloned().unwrap_or_default(),
            part: key.part.clone(),
            since: moment(alert.began),
            words: alert.words.clone(),
            number: alert.number,
        };
        let hosts: BTreeSet<_> = about.iter().map(|(key, _)| &key.host).collect();
        let who = who(&hosts.iter().map(|host| host.as_str()).collect::<Vec<_>>(), ground);
        let title = &rule.title;
        let summary = match event {
            Event::Firing | Event::Test => format!("{title}: {who}"),
            Event::Reminder => format!("{title} (still): {who}"),
            Event::Over => format!("Over: {title}: {who}"),
        };
        Self {
            version: VERSION,
            id: id(rule, event, at, ground, about),
            time: moment(at),
            platform: ground.platform.clone(),
            event,
            alert: rule.id.clone(),
            severity: rule.severity,
            summary,
            hint: rule.next.clone(),
            hosts: about.iter().map(part).collect(),
        }
    }

    /// One that says that messages arrive.
    pub fn test(platform: &str, at: i64) -> Self {
        let digest = Sha256::digest(format!("{platform} test {at}"));
        Self {
            version: VERSION,
            id: hex(&digest),
            time: moment(at),
            platform: platform.to_owned(),
            event: Event::Test,
            alert: "test".to_owned(),
            severity: Severity::Info,
            summary: "This is a test; alerts arrive here".to_owned(),
            hint: "You need not do anything.".to_owned(),
            hosts: Vec::new(),
        }
    }

    /// One line, for the head of a mail.
    pub fn subject(&self) -> String {
        let Self { platform, summary, .. } = self;
        match self.event {
            Event::Firing | Event::Reminder => {
                format!("[{platform}] {}: {summary}", self.severity.word().to_uppercase())
            }
            Event::Over | Event::Test => format!("[{platform}] {summary}"),
        }
    }

    /// All of it, for people. What hosts said is one line each, and can move no cursor.
    pub fn text(&self) -> String {
        let mut text = format!("{}\n\n", self.summary);
        for Part { host, zone, part, since, words, .. } in &self.hosts {
            let part = if part.is_empty() { String::new() } else { format!(" {}", plain(part)) };
            let words = plain(words);
            writeln!(text, "* {host} (zone {zone}){part}, since {since}: {words}").unwrap_or_default();
        }
        if self.event != Event::Over {
            writeln!(text, "\nWhat to do: {}", self.hint).unwrap_or_default();
        }
        let Self { alert, platform, severity, time, .. } = self;
        writeln!(text, "\nAlert {alert} of platform {platform}, {}, {time}", severity.word())
            .unwrap_or_default();
        text
    }
}

/// How many names a line has.
const NAMES: usize = 5;

/// Some hosts in few words: a whole zone by its name.
fn who(hosts: &[&str], ground: &Ground) -> String {
    let mut zones: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (host, zone) in &ground.zones {
        zones.entry(zone).or_default().insert(host.as_str());
    }
    let is_whole = |of: &BTreeSet<&str>| of.len() > 1 && of.iter().all(|host| hosts.contains(host));
    let (mut words, mut named) = (Vec::new(), BTreeSet::<&str>::new());
    for (zone, of) in zones.iter().filter(|(_, of)| is_whole(of)) {
        words.push(format!("all {} hosts of zone {zone}", of.len()));
        named.extend(of);
    }
    let rest: Vec<&str> = hosts.iter().copied().filter(|host| !named.contains(host)).collect();
    match rest.len() {
        0 => {}
        1..=NAMES => words.push(rest.join(", ")),
        more => words.push(format!("{}, and {} others", rest[..NAMES - 1].join(", "), more - NAMES + 1)),
    }
    words.join(", ")
}

/// What names a message: the same things at the same time have the same name, also after a restart.
fn id(rule: &Rule, event: Event, at: i64, ground: &Ground, about: &[(Key, Alert)]) -> String {
    let mut digest = Sha256::new();
    digest.update(format!("{}\n{}\n{}\n{at}\n", ground.platform, rule.id, event.word()));
    for (Key { host, part, .. }, Alert { began, .. }) in about {
        digest.update(format!("{host}\n{part}\n{began}\n"));
    }
    hex(&digest.finalize())
}

/// Half a digest is name enough.
fn hex(digest: &[u8]) -> String {
    digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

fn plain(text: &str) -> String {
    let one =
        |char: char| if char.is_control() { char.escape_default().to_string() } else { char.to_string() };
    text.chars().map(one).collect()
}
