//! What is known of each host, and what of it is news.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    News, Until,
    alarm::{Alarm, Setup},
    alert::{Found, Scope},
    history::{History, Kept, Writer},
    host::{Heard, Word},
    live::Live,
    now,
    sign::Sign,
    standing::Standing,
};
use crate::{fleet::Members, model::name::HostName};

/// What is known of a host.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// Why it cannot be reached; `None`: it can.
    away: Option<Sign>,
    /// What the last look came to.
    looked: Option<Standing>,
    /// What the last look found.
    by_look: Vec<Sign>,
    /// What the last sample said.
    by_sample: Vec<Sign>,
    /// What was told last.
    told: Option<Standing>,
}

impl Known {
    /// How the host is; `None`: nobody has looked yet.
    pub fn standing(&self) -> Option<Standing> {
        match &self.away {
            Some(sign) => Some(Standing::Away { why: sign.words.clone() }),
            None => self.looked.clone(),
        }
    }

    /// All that is not as it should be now. Of a host that is away, what was known of it when it went.
    pub fn signs(&self) -> impl Iterator<Item = &Sign> {
        self.away.iter().chain(&self.by_look).chain(&self.by_sample)
    }

    /// Takes what was heard of it.
    fn take(&mut self, word: Word) {
        match word {
            Word::Sample { signs, .. } => {
                self.away = None;
                self.by_sample = signs;
            }
            Word::Away(sign) => self.away = Some(sign),
            Word::Looked { standing, signs, document: _ } => {
                // A host that was not seen has not changed.
                if !matches!(standing, Standing::Away { .. }) {
                    self.by_look = signs;
                }
                self.looked = Some(standing);
            }
        }
    }

    /// The new standing, if it is another one than was told. Why a host is away may change with each try, and is told once.
    fn untold(&mut self) -> Option<Standing> {
        let now = self.standing()?;
        let is_same = match (&self.told, &now) {
            (Some(Standing::Away { .. }), Standing::Away { .. }) => true,
            (told, now) => told.as_ref() == Some(now),
        };
        (!is_same).then(|| self.told.insert(now).clone())
    }
}

/// Keeps what is heard, and knows what is news.
pub(super) struct Keeper {
    pub(super) history: History,
    writer: Writer,
    hosts: BTreeMap<HostName, Known>,
    live: Arc<Live>,
    pub(super) alarm: Alarm,
}

impl Keeper {
    pub(super) fn new(history: History, live: Arc<Live>, alarm: Alarm) -> Self {
        let writer = Writer::start(&history);
        Self { history, writer, hosts: BTreeMap::new(), live, alarm }
    }

    /// Forgets hosts that are watched no more.
    pub(super) fn keep_only(&mut self, members: &Members, setup: Setup, until: Until) {
        self.hosts.retain(|host, _| members.iter().any(|member| member.host() == host));
        self.alarm.replace(setup, members, until);
    }

    pub(super) fn take(&mut self, Heard { host, word }: Heard) -> Vec<News> {
        let at = now();
        let known = self.hosts.entry(host.clone()).or_default();
        if let Word::Sample { measures, .. } = &word {
            self.writer.keep(Kept { host: host.clone(), at, measures: measures.clone() });
        }
        alarmed(&mut self.alarm, at, &host, &word);
        self.live.hear(&host, at, &word);
        known.take(word);
        self.live.stands(&host, known);
        let mut news: Vec<_> = self.writer.failures().map(News::Unkept).collect();
        if let Some(standing) = known.untold() {
            let one = standing.since(at, &host);
            let kept = self.history.happened(&one);
            news.push(News::Host(one));
            news.extend(kept.err().map(News::Unkept));
        }
        news
    }

    /// Writes what is not yet written, and gives what could not be.
    pub(super) fn end(self) -> Vec<News> {
        self.writer.end().into_iter().map(News::Unkept).collect()
    }

    pub(super) fn standings(&self) -> BTreeMap<HostName, Standing> {
        self.hosts.iter().filter_map(|(host, known)| Some((host.clone(), known.standing()?))).collect()
    }
}

/// What a word means for the alerts.
fn alarmed(alarm: &mut Alarm, at: i64, host: &HostName, word: &Word) {
    match word {
        Word::Sample { measures, signs, .. } => {
            alarm.found(at, host, Scope::Reach, Found::All(&[]));
            alarm.found(at, host, Scope::Sample, Found::All(signs));
            alarm.measured(at, host, measures);
        }
        Word::Away(sign) => alarm.away(at, host, sign),
        Word::Looked { standing, signs, .. } => {
            let found = match standing {
                Standing::Away { .. } | Standing::Locked { .. } => Found::Some(signs),
                Standing::Well | Standing::Drifted { .. } | Standing::Unfit { .. } => Found::All(signs),
            };
            alarm.found(at, host, Scope::Look, found);
        }
    }
}

#[cfg(test)]
mod tests;
