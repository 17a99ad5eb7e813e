//! The engine: what was heard of hosts, at which time, becomes alerts that begin, are reminded of, and end.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use super::{
    Alert, Ground, Key, Phase,
    message::{Event, Message},
    reading::{Reading, Sample, of_number, of_sign},
};
use crate::{
    model::{
        alert::{Condition, Rule},
        name::HostName,
    },
    watch::{
        measure::Measure,
        seconds,
        sign::{Sign, SignKind},
    },
};

/// A part that is not measured for so long is not there any more.
const GONE: Duration = Duration::from_secs(15 * 60);

/// All alerts of a platform.
pub struct Engine {
    rules: BTreeMap<String, Rule>,
    ground: Ground,
    alerts: BTreeMap<Key, Live>,
    changed: BTreeSet<Key>,
}

/// An alert, and what is known of it at this moment.
struct Live {
    alert: Alert,
    /// Whether the last word about its part is the host's last word. What is not known neither fires nor ends.
    known: bool,
    /// When it was heard of last.
    seen: i64,
}

/// Signs that were found.
#[derive(Debug, Clone, Copy)]
pub enum Found<'a> {
    /// All that there are within the scope: what is not among them is over.
    All(&'a [Sign]),
    /// All but those of kinds of which who was to look could not see everything.
    But(&'a [Sign], &'a [SignKind]),
    /// Some of them: who was to look saw no more.
    Some(&'a [Sign]),
}

/// Who found signs, and so decides when they are over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// A connection.
    Reach,
    /// A sample.
    Sample,
    /// A look.
    Look,
}

impl Scope {
    fn decides(self, kind: SignKind) -> bool {
        self == match kind {
            SignKind::Away => Self::Reach,
            SignKind::DockerStopped
            | SignKind::ServiceUnhealthy
            | SignKind::ServiceStopped
            | SignKind::RestartLoop => Self::Sample,
            // A connection that is there already does not tell that another key is shown to who makes a new one.
            SignKind::HostKey
            | SignKind::Lock
            | SignKind::Paused
            | SignKind::Drift
            | SignKind::Conflict
            | SignKind::Unfit
            | SignKind::Worse
            | SignKind::Control
            | SignKind::ForeignPort
            | SignKind::SilentPort
            | SignKind::Certificate
            | SignKind::Clock
            | SignKind::RestartPending
            | SignKind::SecurityUpdates
            | SignKind::Unrepaired => Self::Look,
        }
    }
}

/// What is to be kept of a moment, in one piece.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Turn {
    /// Alerts that are different now; `None`: over.
    pub changed: BTreeMap<Key, Option<Alert>>,
    /// What somebody is told.
    pub messages: Vec<Message>,
}

impl Turn {
    /// Whether there is nothing to keep.
    pub fn is_empty(&self) -> bool {
        self.changed.is_empty() && self.messages.is_empty()
    }
}

impl Engine {
    /// With these rules, and the alerts that were kept of the platform's hosts.
    pub fn new(rules: Vec<Rule>, ground: Ground, kept: Vec<(Key, Alert)>, at: i64) -> Self {
        let rules: BTreeMap<_, _> = rules.into_iter().map(|rule| (rule.id.clone(), rule)).collect();
        let ours = kept
            .into_iter()
            .filter(|(key, _)| rules.contains_key(&key.rule) && ground.zones.contains_key(&key.host));
        let alerts = ours.map(|(key, alert)| (key, Live { alert, known: false, seen: at })).collect();
        Self { rules, ground, alerts, changed: BTreeSet::new() }
    }

    /// With other rules and on other ground: those of an inventory that was read again. What was said of hosts that are not
    /// watched any more is over.
    pub fn replace(&mut self, rules: Vec<Rule>, ground: Ground, watched: &BTreeSet<HostName>, at: i64) {
        self.rules = rules.into_iter().map(|rule| (rule.id.clone(), rule)).collect();
        self.ground = ground;
        let gone: Vec<Key> = self.alerts.keys().filter(|key| !watched.contains(&key.host)).cloned().collect();
        for key in gone {
            if let Some(live) = self.alerts.get_mut(&key) {
                live.alert.words = "the host is not watched any more".to_owned();
            }
            self.observe(at, key, Reading::Clear);
        }
    }

    /// A host cannot be reached. What else was said of it stays as it is.
    pub fn away(&mut self, at: i64, host: &HostName, sign: &Sign) {
        self.alerts.iter_mut().filter(|(key, _)| key.host == *host).for_each(|(_, live)| live.known = false);
        self.found(at, host, Scope::Reach, Found::Some(std::slice::from_ref(sign)));
    }

    /// What was found on a host.
    pub fn found(&mut self, at: i64, host: &HostName, scope: Scope, found: Found<'_>) {
        let (signs, unseen) = match found {
            Found::All(signs) => (signs, &[][..]),
            Found::But(signs, unseen) => (signs, unseen),
            Found::Some(signs) => (signs, SignKind::ALL),
        };
        for kind in SignKind::ALL.iter().copied() {
            let is_all = !unseen.contains(&kind);
            let of_kind = signs.iter().filter(|sign| sign.kind == kind);
            if of_kind.clone().next().is_none() && !(is_all && scope.decides(kind)) {
                continue;
            }
            for rule in self.of_kind(kind) {
                let about = |sign: &Sign| (sign.part.clone(), of_sign(&self.rules[&rule], sign));
                let readings: Vec<_> = of_kind.clone().map(about).collect();
                self.heard(at, &rule, host, readings, |_| is_all);
            }
        }
    }

    /// All that a sample measured.
    pub fn measured(&mut self, at: i64, host: &HostName, measures: &[Measure]) {
        let sample = Sample::of(measures);
        let is_metric = |rule: &&Rule| matches!(rule.condition, Condition::Metric { .. });
        let rules: Vec<_> = self.rules.values().filter(is_metric).cloned().collect();
        for rule in rules {
            let found = sample.readings(&rule).into_iter().map(|(part, reading)| (part.to_owned(), reading));
            // After a boot there are no rates for a moment.
            self.heard(at, &rule.id, host, found.collect(), |live| at - live.seen > seconds(GONE));
        }
    }

    /// Where all curves of a metric lead: for each host and part, in how many hours.
    pub fn led(&mut self, at: i64, rule: &str, found: Vec<(HostName, String, Option<f64>)>) {
        let Some(rule) = self.rules.get(rule).cloned() else { return };
        let mut by_host: BTreeMap<HostName, Vec<_>> = BTreeMap::new();
        for (host, part, hours) in found {
            let reading = hours.map_or(Reading::Clear, |hours| of_number(&rule, &part, hours));
            by_host.entry(host).or_default().push((part, reading));
        }
        for (host, found) in by_host {
            self.heard(at, &rule.id, &host, found, |live| at - live.seen > seconds(GONE));
        }
    }

    /// The rules about where a curve leads: their metrics, and the values that are reached.
    pub fn trends(&self) -> Vec<(String, String, f64)> {
        let trend = |rule: &Rule| match &rule.condition {
            Condition::Trend { metric, reaches } => Some((rule.id.clone(), metric.clone(), *reaches)),
            Condition::Sign(_) | Condition::Metric { .. } => None,
        };
        self.rules.values().filter_map(trend).collect()
    }

    fn of_kind(&self, kind: SignKind) -> Vec<String> {
        let is = |rule: &&Rule| matches!(&rule.condition, Condition::Sign(name) if name == kind.name());
        self.rules.values().filter(is).map(|rule| rule.id.clone()).collect()
    }

    /// What was heard of a rule and a host. A part that was not heard of is over if it is said to be, and else unknown.
    fn heard(
        &mut self,
        at: i64,
        rule: &str,
        host: &HostName,
        found: Vec<(String, Reading)>,
        is_over: impl Fn(&Live) -> bool,
    ) {
        let key = |part: String| Key { rule: rule.to_owned(), host: host.clone(), part };
        let first = key(String::new());
        let of_host =
            self.alerts.range_mut(first..).take_while(|(key, _)| key.rule == rule && key.host == *host);
        let mut over = Vec::new();
        for (key, live) in of_host.filter(|(key, _)| !found.iter().any(|(part, _)| *part == key.part)) {
            live.known = false;
            if is_over(live) {
                over.push(key.clone());
            }
        }
        over.into_iter().for_each(|key| self.observe(at, key, Reading::Clear));
        found.into_iter().for_each(|(part, reading)| self.observe(at, key(part), reading));
    }

    fn observe(&mut self, at: i64, key: Key, reading: Reading) {
        let Some(live) = self.alerts.get_mut(&key) else {
            if let Reading::Holds { words, number } = reading {
                let alert = Alert { began: at, fired: None, told: None, over: None, words, number };
                self.alerts.insert(key.clone(), Live { alert, known: true, seen: at });
                self.changed.insert(key);
            }
            return;
        };
        (live.known, live.seen) = (true, at);
        match reading {
            Reading::Holds { words, number } => {
                (live.alert.words, live.alert.number) = (words, number);
                if live.alert.over.take().is_some() {
                    self.changed.insert(key);
                }
            }
            Reading::Between => {}
            Reading::Clear if live.alert.fired.is_none() => {
                self.alerts.remove(&key);
                self.changed.insert(key);
            }
            Reading::Clear => {
                if live.alert.over.is_none() {
                    live.alert.over = Some(at);
                    self.changed.insert(key);
                }
            }
        }
    }

    /// What is to be kept and told at this moment.
    pub fn tick(&mut self, at: i64) -> Turn {
        let mut messages = Vec::new();
        let active: BTreeSet<String> = self.alerts.keys().map(|key| key.rule.clone()).collect();
        for rule in active {
            let Some(rule) = self.rules.get(&rule).cloned() else { continue };
            messages.extend(self.begin(&rule, at));
            messages.extend(self.end(&rule, at));
            messages.extend(self.remind(&rule, at));
        }
        let changed = std::mem::take(&mut self.changed).into_iter();
        let changed = changed.map(|key| {
            let alert = self.alerts.get(&key).map(|live| live.alert.clone());
            (key, alert)
        });
        Turn { changed: changed.collect(), messages }
    }

    /// The alerts of a rule that are known and in a phase, each with the moment at which it is due.
    fn due(&self, rule: &Rule, phase: Phase, at: i64, from: impl Fn(&Alert) -> i64) -> Vec<Key> {
        let all = self.alerts.iter().filter(|(key, _)| key.rule == rule.id);
        let all = all.filter(|(_, live)| live.known && live.alert.phase() == phase);
        let due: Vec<_> =
            all.map(|(key, live)| (from(&live.alert), key)).filter(|(due, _)| *due <= at).collect();
        let first = due.iter().map(|(due, _)| *due).min();
        // Those that are due a little later join the message.
        let is_time = first.is_some_and(|first| first + seconds(rule.gather) <= at);
        if is_time { due.into_iter().map(|(_, key)| key.clone()).collect() } else { Vec::new() }
    }

    /// Fires what holds for long enough, and tells what nobody was told while it was muted.
    fn begin(&mut self, rule: &Rule, at: i64) -> Option<Message> {
        let within = seconds(rule.within);
        let begun = self.due(rule, Phase::Pending, at, |alert| alert.began + within);
        for key in begun {
            if let Some(live) = self.alerts.get_mut(&key) {
                live.alert.fired = Some(at);
                self.changed.insert(key);
            }
        }
        self.tell(rule, Event::Firing, at, |alert| alert.told.is_none() && alert.phase() == Phase::Firing)
    }

    /// Says it again.
    fn remind(&mut self, rule: &Rule, at: i64) -> Option<Message> {
        let remind = seconds(rule.remind?);
        let is_due = |live: &Live| live.alert.told.is_some_and(|told| told + remind <= at);
        let of_rule = |key: &Key| key.rule == rule.id;
        if !self.alerts.iter().any(|(key, live)| of_rule(key) && live.known && is_due(live)) {
            return None;
        }
        self.tell(rule, Event::Reminder, at, |alert| {
            alert.told.is_some_and(|told| told < at) && alert.phase() == Phase::Firing
        })
    }

    /// Tells of all alerts of a rule that are known, not muted, and wanted.
    fn tell(
        &mut self,
        rule: &Rule,
        event: Event,
        at: i64,
        is_wanted: impl Fn(&Alert) -> bool,
    ) -> Option<Message> {
        let mut about = Vec::new();
        for (key, live) in self.alerts.iter_mut().filter(|(key, _)| key.rule == rule.id) {
            let is_muted = self.ground.muted(&key.rule, &key.host, at).is_some();
            if live.known && !is_muted && is_wanted(&live.alert) {
                live.alert.told = Some(at);
                self.changed.insert(key.clone());
                about.push((key.clone(), live.alert.clone()));
            }
        }
        (!about.is_empty()).then(|| Message::new(rule, event, at, &self.ground, &about))
    }

    /// Ends what has been over for long enough; of what nobody was told nobody is told that it is over.
    fn end(&mut self, rule: &Rule, at: i64) -> Option<Message> {
        let clear_for = seconds(rule.clear_for);
        let ended = self.due(rule, Phase::Clearing, at, |alert| alert.over.unwrap_or(at) + clear_for);
        let removed = ended.into_iter().filter_map(|key| {
            let live = self.alerts.remove(&key)?;
            self.changed.insert(key.clone());
            Some((key, live.alert))
        });
        let about: Vec<_> = removed.filter(|(_, alert)| alert.told.is_some()).collect();
        (!about.is_empty()).then(|| Message::new(rule, Event::Over, at, &self.ground, &about))
    }
}
