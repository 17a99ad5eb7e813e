//! Mending: what has drifted and may be repaired with nobody there is repaired, by a run as `install` makes it.

mod inspect;
mod ledger;
mod run;

use std::{
    collections::BTreeMap,
    path::PathBuf,
    pin::Pin,
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::{StreamExt as _, stream::FuturesUnordered};
use tokio::{
    sync::{Notify, watch},
    time::timeout,
};

pub use inspect::{Found, Inspection};
use ledger::Ledger;
use run::{End, Mended, Outlook, repair};

use super::{history::Occurrence, host::Word, now, seconds};
use crate::{
    app::project::Project,
    fleet::{Member, Members, brake::Wish},
    model::{inventory::Repairs, name::HostName},
};

/// How long a repair has for the step in hand when the daemon ends. The next run on the host takes back what is cut off then.
const PATIENCE: Duration = Duration::from_secs(4);

/// Repairs hosts.
pub struct Mender {
    /// Where runs say that they are rehearsals.
    lab: Option<String>,
    /// Where runs are kept.
    journal: Option<PathBuf>,
    repairs: Repairs,
    ledger: Ledger,
    hosts: BTreeMap<HostName, Host>,
    /// What goes on. None of it is a task: the work on hosts has tasks of its own.
    repairing: FuturesUnordered<Pin<Box<dyn Future<Output = Mended>>>>,
    brakes: Vec<watch::Sender<Wish>>,
}

/// A host that may be repaired.
struct Host {
    member: Arc<Member>,
    /// Has it looked at once.
    look: Arc<Notify>,
    /// When the last repair ended.
    repaired: Option<Instant>,
    /// Why it is not repaired, as it was said last.
    said: Option<String>,
}

impl Mender {
    /// One that has heard of nothing yet.
    pub fn new(lab: Option<String>, journal: Option<PathBuf>) -> Self {
        Self {
            lab,
            journal,
            repairs: Repairs::NONE,
            ledger: Ledger::default(),
            hosts: BTreeMap::new(),
            repairing: FuturesUnordered::new(),
            brakes: Vec::new(),
        }
    }

    /// Repairs what an inventory says now. What is being repaired is brought to its end.
    pub fn follow(&mut self, project: &Project, members: &Members) {
        let watch = &project.inventory.watch;
        self.repairs = watch.repair;
        let zones = members.iter().map(|member| (member.host().clone(), member.place.zone.to_string()));
        let (pause, at_once) = (seconds(watch.repair_pause.0), usize::from(watch.repair_at_once.get()));
        self.ledger.follow(pause, at_once, zones.collect());
        let mut known = std::mem::take(&mut self.hosts);
        self.hosts = members
            .iter()
            .map(|member| {
                let before = known.remove(member.host());
                let (repaired, said) = before.map_or((None, None), |host| (host.repaired, host.said));
                let (member, look) = (Arc::clone(member), Arc::new(Notify::new()));
                (member.host().clone(), Host { member, look, repaired, said })
            })
            .collect();
    }

    /// What has a host looked at once.
    pub fn look_at(&self, host: &HostName) -> Arc<Notify> {
        self.hosts.get(host).map_or_else(Arc::default, |host| Arc::clone(&host.look))
    }

    /// Takes what a look found, and adds what is known of repairs. `None`: the look saw a host that was being repaired, and
    /// says nothing of what it is now.
    pub fn hear(&mut self, name: &HostName, word: Word) -> (Option<Word>, Vec<Occurrence>) {
        let Word::Looked { standing, mut signs, unseen, document, inspection } = word else {
            return (Some(word), Vec::new());
        };
        if self.repairs.is_empty() && !self.ledger.is_at_work(name) {
            return (Some(Word::Looked { standing, signs, unseen, document, inspection }), Vec::new());
        }
        let Some(host) = self.hosts.get_mut(name) else { return (None, Vec::new()) };
        let is_late = host.repaired.is_some_and(|repaired| inspection.begun < repaired);
        if is_late || self.ledger.is_at_work(name) {
            return (None, Vec::new());
        }
        let mut told = Vec::new();
        let why_not = match &inspection.found {
            Found::Seen(cut) => {
                let back = self.ledger.looked(name, now(), cut.steps.clone());
                let gives_up = (!back.is_empty()).then(|| {
                    format!("{} came back after each of three repairs within an hour", back.join(", "))
                });
                told.extend(gives_up.map(|why| not_repaired(name, &why)));
                inspect::left(cut)
            }
            Found::InTheWay(why) => Some(why.clone()),
            Found::Unseen => host.said.clone(),
        };
        if why_not != host.said {
            told.extend(why_not.iter().map(|why| not_repaired(name, why)));
            host.said = why_not;
        }
        signs.extend(self.ledger.sign(name));
        (Some(Word::Looked { standing, signs, unseen, document, inspection }), told)
    }

    /// Begins what is due.
    pub fn begin(&mut self, at: i64) {
        while let Some((name, repairs)) = self.ledger.begin(at) {
            let Some(host) = self.hosts.get(&name) else { return };
            let (hand, brake) = watch::channel(Wish::GoOn);
            self.brakes.push(hand);
            let outlook = Outlook { repairs, lab: self.lab.clone(), journal: self.journal.clone(), brake };
            self.repairing.push(Box::pin(repair(Arc::clone(&host.member), outlook)));
        }
    }

    /// Waits until a repair has ended, and says how.
    pub async fn ended(&mut self) -> Vec<Occurrence> {
        let Some(mended) = self.repairing.next().await else { return std::future::pending().await };
        self.brakes.retain(|brake| !brake.is_closed());
        self.take(&mended)
    }

    fn take(&mut self, mended: &Mended) -> Vec<Occurrence> {
        let name = &mended.host;
        match mended.end {
            End::HeldOff(_) | End::Unneeded => self.ledger.held_off(name, now()),
            End::Repaired(_) | End::Failed(_) => self.ledger.tried(name, now()),
        }
        let Some(host) = self.hosts.get_mut(name) else { return Vec::new() };
        host.repaired = Some(Instant::now());
        let why = match &mended.end {
            End::Repaired(steps) => {
                (host.said, _) = (None, host.look.notify_one());
                return vec![occurrence(
                    name,
                    "repaired",
                    format!("watch has repaired {}", steps.join(", ")),
                )];
            }
            End::Unneeded => {
                host.look.notify_one();
                return Vec::new();
            }
            End::Failed(why) => {
                host.look.notify_one();
                why
            }
            End::HeldOff(why) => why,
        };
        if host.said.as_ref() == Some(why) {
            return Vec::new();
        }
        host.said = Some(why.clone());
        vec![not_repaired(name, why)]
    }

    /// Has what is being repaired stopped at the next good moment.
    pub async fn end(mut self) -> Vec<Occurrence> {
        for brake in &self.brakes {
            brake.send_replace(Wish::AfterStep);
        }
        let mut told = Vec::new();
        let all = async {
            while !self.repairing.is_empty() {
                told.extend(self.ended().await);
            }
        };
        timeout(PATIENCE, all).await.unwrap_or_default();
        told
    }
}

fn not_repaired(host: &HostName, why: &str) -> Occurrence {
    occurrence(host, "not-repaired", format!("watch does not repair the host, because {why}"))
}

fn occurrence(host: &HostName, state: &str, words: String) -> Occurrence {
    Occurrence { at: now(), host: host.to_string(), state: state.to_owned(), words }
}
