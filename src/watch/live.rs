//! The platform as it is known now, for those who look on while it is watched. The daemon writes it, and never waits for a
//! reader.

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
};

use tokio::sync::watch;

use super::{
    host::Word, keeper::Known, measure::Measure, now, packed::Packed, sign::Sign, standing::Standing,
};
use crate::{
    facts::sample::Sample,
    fleet::{Member, Members},
    model::{inventory::Inventory, name::HostName},
};

/// The platform as it is known now.
#[derive(Debug, Default)]
pub struct Live {
    view: RwLock<View>,
    turn: watch::Sender<Turn>,
}

/// How often something was another way than before.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Turn {
    /// How a host is, or what a look at it found.
    pub news: u64,
    /// What it counts.
    pub samples: u64,
}

impl Turn {
    pub(super) fn news(&mut self) {
        self.news += 1;
    }

    pub(super) fn sample(&mut self) {
        self.samples += 1;
    }
}

/// What is known at one moment.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// The platform's name; empty before the inventory was read.
    pub platform: String,
    /// Its zones in order of their names, each with what people call it.
    pub zones: Vec<(String, Option<String>)>,
    /// The hosts that are watched.
    pub hosts: BTreeMap<HostName, Arc<Seen>>,
}

impl View {
    /// A host by its name.
    pub fn host(&self, name: &str) -> Option<&Arc<Seen>> {
        self.hosts.get(&name.parse().ok()?)
    }
}

/// What is known of a host.
#[derive(Debug, Clone)]
pub struct Seen {
    /// What the inventory says of it.
    pub place: Arc<Place>,
    /// How it is; `None`: nobody has looked yet.
    pub standing: Option<Standing>,
    /// Since when it is so, in seconds since 1970.
    pub since: i64,
    /// All that is not as it should be.
    pub signs: Vec<Sign>,
    /// The last sample.
    pub sample: Option<Arc<Sampled>>,
    /// The last look that reached it.
    pub look: Option<Arc<Looked>>,
}

/// What the inventory says of a host, for people who look on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Its zone.
    pub zone: String,
    /// What it does.
    pub roles: Vec<String>,
    /// Where its sshd listens.
    pub address: String,
}

/// One sample.
#[derive(Debug)]
pub struct Sampled {
    /// When, in seconds since 1970.
    pub at: i64,
    /// What the host counted.
    pub counted: Box<Sample>,
    /// What that comes to.
    pub measures: Vec<Measure>,
}

impl Sampled {
    /// One figure of the host.
    pub fn value(&self, metric: &str, part: &str) -> Option<f64> {
        self.measures.iter().find(|one| one.metric == metric && one.part == part).map(|one| one.value)
    }

    /// A figure of every part of the host that has it.
    pub fn values<'a>(&'a self, metric: &'a str) -> impl Iterator<Item = (&'a str, f64)> {
        self.measures.iter().filter(move |one| one.metric == metric).map(|one| (one.part.as_str(), one.value))
    }
}

/// One look.
#[derive(Debug)]
pub struct Looked {
    /// When, in seconds since 1970.
    pub at: i64,
    /// The host as the document of commands has it, with facts, plan and controls.
    pub document: Packed,
}

impl Live {
    /// What is known now.
    pub fn view(&self) -> View {
        self.view.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Says when something is another way than before.
    pub fn turns(&self) -> watch::Receiver<Turn> {
        self.turn.subscribe()
    }

    /// Takes what the inventory says, and forgets hosts that are watched no more.
    pub fn expect(&self, inventory: &Inventory, members: &Members) {
        self.change(Turn::news, |view| {
            view.platform = inventory.platform.to_string();
            view.zones =
                inventory.zones.iter().map(|(name, zone)| (name.to_string(), zone.title.clone())).collect();
            let mut known = std::mem::take(&mut view.hosts);
            view.hosts = members
                .iter()
                .map(|member| {
                    let place = Arc::new(Place::of(member));
                    let seen = known.remove(member.host()).map_or_else(
                        || Seen {
                            place: Arc::clone(&place),
                            standing: None,
                            since: now(),
                            signs: Vec::new(),
                            sample: None,
                            look: None,
                        },
                        |seen| Seen { place: Arc::clone(&place), ..Seen::clone(&seen) },
                    );
                    (member.host().clone(), Arc::new(seen))
                })
                .collect();
        });
    }

    /// Takes what was heard of a host.
    pub(super) fn hear(&self, host: &HostName, at: i64, word: &Word) {
        match word {
            Word::Sample { counted, measures, .. } => {
                let sampled = Sampled { at, counted: counted.clone(), measures: measures.clone() };
                self.of(host, Turn::sample, |seen| seen.sample = Some(Arc::new(sampled)));
            }
            Word::Looked { document: Some(document), .. } => {
                let looked = Looked { at, document: document.clone() };
                self.of(host, Turn::news, |seen| seen.look = Some(Arc::new(looked)));
            }
            Word::Looked { document: None, .. } | Word::Away(_) => {}
        }
    }

    /// Takes how a host is from now on.
    pub fn stands(&self, host: &HostName, known: &Known) {
        let (standing, signs) = (known.standing(), known.signs().cloned().collect::<Vec<_>>());
        let is_so = |seen: &Arc<Seen>| seen.standing == standing && seen.signs == signs;
        if self.view.read().unwrap_or_else(PoisonError::into_inner).hosts.get(host).is_some_and(is_so) {
            return;
        }
        self.of(host, Turn::news, |seen| {
            if seen.standing.as_ref().map(Standing::word) != standing.as_ref().map(Standing::word) {
                seen.since = now();
            }
            seen.standing = standing;
            seen.signs = signs;
        });
    }

    pub(super) fn of(&self, host: &HostName, turn: fn(&mut Turn), change: impl FnOnce(&mut Seen)) {
        self.change(turn, |view| {
            if let Some(seen) = view.hosts.get_mut(host) {
                change(Arc::make_mut(seen));
            }
        });
    }

    pub(super) fn change(&self, turn: fn(&mut Turn), change: impl FnOnce(&mut View)) {
        change(&mut self.view.write().unwrap_or_else(PoisonError::into_inner));
        self.turn.send_modify(turn);
    }
}

impl Place {
    fn of(member: &Member) -> Self {
        Self {
            zone: member.place.zone.to_string(),
            roles: member.place.roles.iter().map(ToString::to_string).collect(),
            address: member.login.address.to_string(),
        }
    }
}
