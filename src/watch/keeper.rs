//! What is known of each host, and what of it is news.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{
    News, Until,
    alarm::{Alarm, Setup},
    alert::{Found, Scope},
    history::{BUSY, History, HistoryError, Kept, Occurrence, Wait, Writer},
    host::{Heard, Word},
    live::Live,
    now,
    sign::{Sign, SignKind},
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
    /// What was told last, also by a daemon before this one: the state and the sentence.
    told: Option<(String, String)>,
    /// The checks of preflight that ended with a warning when watching began; `None`: nobody has looked yet.
    warned: Option<BTreeSet<String>>,
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
            Word::Looked { standing, signs, unseen, document: _, inspection: _ } => {
                // A host that was not seen has not changed.
                if !matches!(standing, Standing::Away { .. }) {
                    let is_said =
                        |old: &Sign| signs.iter().any(|new| (new.kind, &new.part) == (old.kind, &old.part));
                    self.by_look.retain(|old| unseen.contains(&old.kind) && !is_said(old));
                    self.by_look.extend(signs);
                }
                self.looked = Some(standing);
            }
        }
    }

    /// The new standing, if it is another one than was told. Why a host is away may change with each try, and is told once.
    fn untold(&mut self) -> Option<Standing> {
        let now = self.standing()?;
        let said = (now.word().to_owned(), now.sentence());
        let is_same = self.told.as_ref().is_some_and(|told| match now {
            Standing::Away { .. } => told.0 == said.0,
            Standing::Well | Standing::Drifted { .. } | Standing::Unfit { .. } | Standing::Locked { .. } => {
                *told == said
            }
        });
        (!is_same).then(|| {
            self.told = Some(said);
            now
        })
    }
}

/// Keeps what is heard, and knows what is news.
pub(super) struct Keeper {
    pub(super) history: History,
    /// What could not be kept yet, in its order.
    unkept: Vec<Occurrence>,
    writer: Writer,
    hosts: BTreeMap<HostName, Known>,
    live: Arc<Live>,
    alarm: Alarm,
    until: Until,
}

impl Keeper {
    pub(super) fn new(history: History, live: Arc<Live>, alarm: Alarm, until: Until) -> Self {
        let writer = Writer::start(&history);
        Self { history, unkept: Vec::new(), writer, hosts: BTreeMap::new(), live, alarm, until }
    }

    /// Forgets hosts that are watched no more.
    pub(super) fn keep_only(&mut self, members: &Members, setup: Setup, until: Until) {
        self.hosts.retain(|host, _| members.iter().any(|member| member.host() == host));
        self.wait_for_others(Wait::Patient);
        self.alarm.replace(setup, members, until, &self.history);
        // All hosts wait for the one who listens to them. What it cannot keep at once, it keeps a little later.
        self.wait_for_others(Wait::Hurried);
    }

    fn wait_for_others(&self, wait: Wait) {
        if let Err(error) = self.history.wait_for_others(wait) {
            tracing::warn!("{error}");
        }
    }

    pub(super) fn take(&mut self, Heard { host, mut word }: Heard) -> Vec<News> {
        let at = now();
        let mut news = self.recall(&host);
        news.extend(self.only_worse(&host, &mut word));
        let known = self.hosts.entry(host.clone()).or_default();
        if let Word::Sample { measures, .. } = &word {
            self.writer.keep(Kept { host: host.clone(), at, measures: measures.clone() });
        }
        alarmed(&mut self.alarm, at, &host, &word);
        self.live.hear(&host, at, &word);
        known.take(word);
        self.live.stands(&host, known);
        news.extend(self.writer.failures().map(News::Unkept));
        if let Some(standing) = known.untold() {
            news.extend(self.happened(standing.since(at, &host)));
        }
        news
    }

    /// Recalls what a daemon before this one said of a host of which nothing is known yet. Who makes one round wants to know
    /// how each host is, new or not.
    fn recall(&mut self, host: &HostName) -> Vec<News> {
        if self.until == Until::Round || self.hosts.contains_key(host) {
            return Vec::new();
        }
        let (last, error) = match self.history.last(host.as_str()) {
            Ok(last) => (last, None),
            Err(error) => (None, Some(error)),
        };
        let told = last.map(|last| (last.state, last.words));
        self.hosts.insert(host.clone(), Known { told, ..Known::default() });
        error.map(News::Unkept).into_iter().collect()
    }

    /// Leaves out the warnings that were there when watching began.
    fn only_worse(&mut self, host: &HostName, word: &mut Word) -> Vec<News> {
        let Word::Looked { standing, signs, unseen, .. } = word else { return Vec::new() };
        let is_worse = |sign: &&Sign| sign.kind == SignKind::Worse;
        let known = self.hosts.entry(host.clone()).or_default();
        let was_seen = !matches!(standing, Standing::Away { .. }) && !unseen.contains(&SignKind::Worse);
        let mut news = Vec::new();
        if known.warned.is_none() && was_seen {
            let now: Vec<&str> = signs.iter().filter(is_worse).map(|sign| sign.part.as_str()).collect();
            match self.history.warned(host.as_str(), &now) {
                Ok(warned) => known.warned = Some(warned),
                // Somebody else writes: the next look says it again.
                Err(error) if error.is_busy() => {}
                Err(error) => news.push(News::Unkept(error)),
            }
        }
        let is_new = |sign: &Sign| known.warned.as_ref().is_some_and(|all| !all.contains(&sign.part));
        signs.retain(|sign| sign.kind != SignKind::Worse || is_new(sign));
        news
    }

    /// Keeps what happened. What is not kept because somebody else writes waits.
    fn keep(&mut self, at: i64) -> Result<(), HistoryError> {
        while let Some(one) = self.unkept.first() {
            match self.history.happened(one) {
                Err(error) if error.is_busy() && at - one.at < BUSY => return Ok(()),
                kept => {
                    self.unkept.remove(0);
                    kept?;
                }
            }
        }
        Ok(())
    }

    /// Takes what happened to a host.
    pub(super) fn happened(&mut self, one: Occurrence) -> Vec<News> {
        let at = one.at;
        self.unkept.push(one.clone());
        [News::Host(one)].into_iter().chain(self.keep(at).err().map(News::Unkept)).collect()
    }

    /// What is due now: alerts that begin or end, and what could not be kept before.
    pub(super) fn ring(&mut self, at: i64) -> Vec<News> {
        let unkept = self.keep(at).err().map(News::Unkept);
        unkept.into_iter().chain(self.alarm.ring(at, &mut self.history)).collect()
    }

    /// Looks where the curves of the last hours lead.
    pub(super) fn led(&mut self, at: i64) -> Option<News> {
        self.alarm.led(at, &self.history)
    }

    /// Writes what is not yet written, and gives what could not be, and the alerts that are told with it.
    pub(super) fn end(mut self) -> Vec<News> {
        self.wait_for_others(Wait::Patient);
        let happened = self.keep(i64::MAX).err();
        let Self { mut history, writer, alarm, .. } = self;
        let unkept = happened.into_iter().chain(writer.end()).map(News::Unkept);
        unkept.chain(alarm.end(&mut history)).collect()
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
        // That a host is away is said by its samples, which are more often, and know it first when it is back.
        Word::Looked { standing: Standing::Away { .. }, signs, .. } => {
            alarm.found(at, host, Scope::Look, Found::Some(signs));
        }
        Word::Looked { signs, unseen, .. } => {
            alarm.found(at, host, Scope::Look, Found::But(signs, unseen));
        }
    }
}

#[cfg(test)]
mod tests;
