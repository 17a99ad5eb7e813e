//! The daemon: it stays, and says when a host is no longer as it should be.
//!
//! It has two rhythms for each host. A sample is small, and comes over a connection that stays open. A look is what `status`
//! does. Each host has tasks of its own, so that none waits for another. What has drifted and may be repaired is repaired.

mod alarm;
pub mod alert;
mod export;
mod families;
pub mod history;
mod host;
pub mod keeper;
pub mod live;
pub mod measure;
mod mend;
pub mod notify;
mod packed;
pub mod page;
mod post;
mod restarts;
mod seen;
mod service;
pub mod sign;
mod source;
pub mod standing;
mod tls;

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::PathBuf,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use tokio::{
    select,
    sync::mpsc::{UnboundedReceiver, unbounded_channel},
    task::JoinSet,
    time::{Interval, MissedTickBehavior, interval},
};

use ::time::{OffsetDateTime, format_description::well_known::Rfc3339};
use alarm::{Alarm, Setup};
use alert::message::Message;
use export::{Exporter, Targets};
use history::{History, HistoryError, Occurrence};
use host::{Heard, Manner};
use keeper::Keeper;
use live::Live;
use mend::Mender;
use page::{PageError, Served, Sources};
use service::Service;
use source::{Said, Source};
use standing::Standing;

use crate::{
    app::{
        problems::Problems,
        project::{self, Project, ProjectError, Selection},
    },
    fleet::Members,
    model::name::HostName,
};

/// How often alerts may begin or end.
const ALARM: Duration = Duration::from_secs(1);

/// How often it is looked where a figure leads.
const TREND: Duration = Duration::from_secs(300);

/// How often, for how long.
#[derive(Debug, Clone, Copy)]
pub struct Rhythm {
    /// Between two samples of a host.
    pub sample: Duration,
    /// Between two looks at a host.
    pub look: Duration,
    /// When it ends.
    pub until: Until,
}

/// When watching ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// When it is told to.
    Stopped,
    /// After one sample of, and one look at, each host.
    Round,
}

impl Until {
    /// A beat of a daemon; one round has none.
    fn ticks(self, every: Duration) -> Option<Interval> {
        match self {
            Self::Stopped => Some(ticks(every)),
            Self::Round => None,
        }
    }
}

/// What is watched.
#[derive(Debug, Clone)]
pub struct Watched {
    /// The inventory.
    pub source: project::Source,
    /// Which of its hosts.
    pub selection: Selection,
    /// Where the page is served, whatever the inventory says.
    pub listen: Option<SocketAddr>,
    /// The journal that the page shows, and in which repairs are kept.
    pub journal: Option<PathBuf>,
}

/// Something that whoever watches has to know.
#[derive(Debug)]
pub enum News {
    /// A host is in another way than before.
    Host(Occurrence),
    /// An alert began, goes on, or is over. It is in the outbox of each notifier.
    Alert(Message),
    /// The inventory was read again, and is in force as it is now.
    Reread,
    /// The inventory was read again, and something is wrong with it: the old one stays in force.
    Refused(ProjectError),
    /// Something is kept for nobody.
    Unkept(HistoryError),
    /// The page is served there from now on.
    Served(String),
    /// The page cannot be served as the inventory wants it now.
    Unserved(PageError),
}

/// Why there is no watching.
#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    /// The inventory is wrong.
    #[error(transparent)]
    Project(#[from] ProjectError),
    /// The page cannot be served.
    #[error(transparent)]
    Page(#[from] PageError),
}

/// Watches until the end, and gives how each host is then.
///
/// # Errors
/// The first inventory is wrong, or its page cannot be served.
pub async fn watch(
    watched: &Watched,
    rhythm: Rhythm,
    history: History,
    mut tell: impl FnMut(News),
    warn: &dyn Fn(&Problems),
) -> Result<BTreeMap<HostName, Standing>, WatchError> {
    let live = Arc::new(Live::default());
    let (journal, past) = (watched.journal.clone(), history.path().to_owned());
    let sources = Sources { live: Arc::clone(&live), history: past, journal };
    let mut served = Served::new(sources, watched.listen);
    let mut inventory = Source::new(watched, rhythm.until, warn);
    let first = inventory.read()?;
    let (alarm, error) = Alarm::new(&Setup::of(&first.0), &first.1, &history);
    error.map(News::Unkept).into_iter().for_each(&mut tell);
    let mut keeper = Keeper::new(history, Arc::clone(&live), alarm, rhythm.until);
    let lab = watched.source.rehearsal.as_ref().map(|rehearsal| rehearsal.lab.clone());
    let mut mender = Mender::new(lab, watched.journal.clone());
    let mut next = Some(first);
    let mut service = Service::from_environment();
    let mut exporter = Exporter::default();
    let mut is_first = true;
    while let Some((project, members)) = next {
        live.expect(&project.inventory, &members);
        if rhythm.until == Until::Stopped {
            match served.follow(&project).await {
                Ok(address) => address.into_iter().for_each(|address| tell(News::Served(address))),
                Err(error) if is_first => return Err(error.into()),
                Err(error) => tell(News::Unserved(error)),
            }
            exporter.replace(Targets::of(&project.inventory, &project.material), &live);
        }
        is_first = false;
        service.ready();
        let (sender, mut heard) = unbounded_channel();
        let mut tasks = JoinSet::new();
        keeper.keep_only(&members, Setup::of(&project), rhythm.until);
        mender.follow(&project, &members);
        let manner = Manner { rhythm, repairs: project.inventory.watch.repair };
        for member in &members {
            host::watch(member, manner, mender.look_at(member.host()), &sender, &mut tasks);
        }
        drop(sender);
        let ears = Ears { heard: &mut heard, keeper: &mut keeper, mender: &mut mender };
        next = listen(ears, &mut inventory, (rhythm.until, &mut service), &mut tell).await;
        tasks.shutdown().await;
    }
    service.stopping();
    for one in mender.end().await {
        keeper.happened(one).into_iter().for_each(&mut tell);
    }
    let standings = keeper.standings();
    keeper.end().into_iter().for_each(tell);
    Ok(standings)
}

/// Who hears of hosts, and of what.
struct Ears<'a> {
    heard: &'a mut UnboundedReceiver<Heard>,
    keeper: &'a mut Keeper,
    mender: &'a mut Mender,
}

impl Ears<'_> {
    /// Takes what was heard of a host.
    fn take(&mut self, Heard { host, word }: Heard) -> Vec<News> {
        let (word, told) = self.mender.hear(&host, word);
        let mut news = word.map(|word| self.keeper.take(Heard { host, word })).unwrap_or_default();
        news.extend(told.into_iter().flat_map(|one| self.keeper.happened(one)));
        news
    }
}

/// Listens to the hosts until others are to be watched, or until the end.
async fn listen(
    mut ears: Ears<'_>,
    inventory: &mut Source<'_>,
    (until, service): (Until, &mut Service),
    tell: &mut impl FnMut(News),
) -> Option<(Project, Members)> {
    let (mut alarm, mut trend) = (until.ticks(ALARM), until.ticks(TREND));
    loop {
        select! {
            word = ears.heard.recv() => match word {
                Some(word) => ears.take(word).into_iter().for_each(&mut *tell),
                // All tasks have done what they had to do.
                None => return None,
            },
            said = inventory.said() => match said {
                Said::End => return None,
                Said::Reread => {
                    service.reloading();
                    match inventory.read() {
                        Ok(read) => {
                            tell(News::Reread);
                            return Some(read);
                        }
                        Err(error) => tell(News::Refused(error)),
                    }
                    service.ready();
                }
            },
            told = ears.mender.ended() => {
                told.into_iter().flat_map(|one| ears.keeper.happened(one)).for_each(&mut *tell);
            }
            () = beat(&mut alarm) => {
                ears.mender.begin(now());
                ears.keeper.ring(now()).into_iter().for_each(&mut *tell);
            }
            () = beat(&mut trend) => ears.keeper.led(now()).into_iter().for_each(&mut *tell),
            () = service.pulse() => {}
        }
    }
}

async fn beat(ticks: &mut Option<Interval>) {
    match ticks {
        Some(ticks) => drop(ticks.tick().await),
        None => std::future::pending().await,
    }
}

/// A beat that does not hurry after it was late.
fn ticks(every: Duration) -> Interval {
    let mut ticks = interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

/// Seconds since 1970.
pub fn now() -> i64 {
    seconds(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default())
}

/// A time in UTC, from seconds since 1970, in RFC 3339.
pub fn moment(at: i64) -> String {
    OffsetDateTime::from_unix_timestamp(at)
        .ok()
        .and_then(|time| time.format(&Rfc3339).ok())
        .unwrap_or_else(|| at.to_string())
}

/// As the database counts. No time that is kept is too long for it.
pub fn seconds(time: Duration) -> i64 {
    i64::try_from(time.as_secs()).unwrap_or(i64::MAX)
}
