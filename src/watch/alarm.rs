//! The alerts of a daemon: what the engine says is kept, and only then told and sent.

use std::collections::BTreeSet;

use tokio::task::JoinSet;

use super::{
    News, Until,
    alert::{Engine, Found, Ground, Scope, Turn, WINDOW, hours_until, rules},
    history::{BUSY, History, HistoryError},
    measure::Measure,
    notify::{Bell, Notifier, deliver},
    now, seconds,
    sign::Sign,
};
use crate::{
    app::project::Project,
    fleet::Members,
    model::{alert::Rule, name::HostName},
};

/// What an inventory says of alerts.
#[derive(Debug, Clone)]
pub struct Setup {
    rules: Vec<Rule>,
    ground: Ground,
    notifiers: Vec<Notifier>,
}

impl Setup {
    /// That of a project.
    pub fn of(project: &Project) -> Self {
        Self {
            rules: rules(&project.inventory),
            ground: Ground::of(&project.inventory),
            notifiers: Notifier::all(&project.inventory, &project.material),
        }
    }
}

fn names(members: &Members) -> BTreeSet<HostName> {
    members.iter().map(|member| member.host().clone()).collect()
}

/// The alerts of a daemon.
pub struct Alarm {
    engine: Engine,
    /// What could not be kept yet, in its order.
    unkept: Vec<(i64, Turn)>,
    /// Whether it was said that they cannot be kept.
    is_failing: bool,
    notifiers: Vec<Notifier>,
    bell: Option<Bell>,
    senders: JoinSet<()>,
}

impl Alarm {
    /// With the alerts of these hosts that were kept, if they can be read. Those of others may be of another inventory.
    pub fn new(setup: &Setup, members: &Members, history: &History) -> (Self, Option<HistoryError>) {
        let read = history.alerts();
        let (mut kept, error) = read.map_or_else(|error| (Vec::new(), Some(error)), |kept| (kept, None));
        let watched = names(members);
        kept.retain(|(key, _)| watched.contains(&key.host));
        let engine = Engine::new(setup.rules.clone(), setup.ground.clone(), kept, now());
        let (unkept, notifiers, senders) = (Vec::new(), Vec::new(), JoinSet::new());
        (Self { engine, unkept, is_failing: false, notifiers, bell: None, senders }, error)
    }

    /// With what an inventory says now. What is being sent to a notifier that changed is sent again, if it must be.
    pub fn replace(&mut self, setup: Setup, members: &Members, until: Until, history: &History) {
        let Setup { rules, ground, notifiers } = setup;
        self.engine.replace(rules, ground, &names(members), now());
        let is_same = self.bell.is_some() && self.notifiers == notifiers;
        self.notifiers = notifiers;
        if until == Until::Round || is_same {
            return;
        }
        let names = self.names();
        if let Err(error) = history.keep_notifiers(&names) {
            tracing::warn!("{error}");
        }
        self.senders = JoinSet::new();
        self.bell = Some(deliver(self.notifiers.clone(), history, &mut self.senders));
    }

    fn names(&self) -> Vec<String> {
        self.notifiers.iter().map(|notifier| notifier.name.clone()).collect()
    }

    /// What was measured of a host.
    pub fn measured(&mut self, at: i64, host: &HostName, measures: &[Measure]) {
        self.engine.measured(at, host, measures);
    }

    /// What was found on a host.
    pub fn found(&mut self, at: i64, host: &HostName, scope: Scope, found: Found<'_>) {
        self.engine.found(at, host, scope, found);
    }

    /// A host cannot be reached.
    pub fn away(&mut self, at: i64, host: &HostName, sign: &Sign) {
        self.engine.away(at, host, sign);
    }

    /// Where the curves of the last hours lead, and why that cannot be told.
    pub fn led(&mut self, at: i64, history: &History) -> Option<News> {
        let trends = self.engine.trends();
        let metrics: BTreeSet<_> = trends.iter().map(|(_, metric, _)| metric.as_str()).collect();
        let metrics: Vec<_> = metrics.into_iter().collect();
        let curves = match history.means(&metrics, at - seconds(WINDOW), at) {
            Ok(curves) => curves,
            Err(error) => return Some(News::Unkept(error)),
        };
        for (rule, metric, reaches) in trends {
            let found = curves.iter().filter(|curve| curve.metric == metric).filter_map(|curve| {
                let host = curve.host.parse().ok()?;
                Some((host, curve.part.clone(), hours_until(&curve.points, reaches, at)))
            });
            self.engine.led(at, &rule, found.collect());
        }
        None
    }

    /// Lets alerts begin and end, and gives what is told of them. What cannot be kept is neither told nor sent before it can.
    pub fn ring(&mut self, at: i64, history: &mut History) -> Vec<News> {
        let turn = self.engine.tick(at);
        if !turn.is_empty() {
            self.unkept.push((at, turn));
        }
        let mut told = Vec::new();
        match self.keep(&mut told, history) {
            Ok(()) => self.is_failing = false,
            // It is tried again each time.
            Err(error)
                if error.is_busy() && self.unkept.first().is_some_and(|(since, _)| at - since < BUSY) => {}
            Err(error) => {
                let is_news = !std::mem::replace(&mut self.is_failing, true);
                told.extend(is_news.then_some(News::Unkept(error)));
            }
        }
        if told.iter().any(|news| matches!(news, News::Alert(_))) {
            self.bell.iter().for_each(Bell::ring);
        }
        told
    }

    /// Keeps what could not be kept before.
    pub fn end(mut self, history: &mut History) -> Vec<News> {
        let mut told = Vec::new();
        let kept = self.keep(&mut told, history);
        told.into_iter().chain(kept.err().map(News::Unkept)).collect()
    }

    fn keep(&mut self, told: &mut Vec<News>, history: &mut History) -> Result<(), HistoryError> {
        let notifiers = self.names();
        while let Some((at, turn)) = self.unkept.first() {
            history.turn(turn, *at, &notifiers)?;
            told.extend(self.unkept.remove(0).1.messages.into_iter().map(News::Alert));
        }
        Ok(())
    }
}
