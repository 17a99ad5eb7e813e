//! One host: its samples and its looks, each in a task of its own.

use std::{sync::Arc, time::Duration};

use tokio::{
    select,
    sync::{Notify, mpsc::UnboundedSender},
    task::JoinSet,
    time::{Instant, sleep, sleep_until},
};

use super::{
    Rhythm, Until,
    measure::{Measure, measures},
    mend::{Found, Inspection},
    now,
    packed::Packed,
    restarts::Restarts,
    seen,
    sign::{Sign, SignKind},
    standing::Standing,
    ticks,
};
use crate::{
    app::document::HostDocument,
    facts::{sample::Sample, update::Updates},
    fleet::{
        Member,
        inspect::{Inspected, inspect},
        order::Aim,
    },
    host::{Connection, HostError, sampler::Sampler},
    model::{inventory::Repairs, name::HostName},
    plan::{Goal, crossing::Consents, preflight::break_glass::SecondWay},
};

/// The first pause before a host that was lost is tried again; it doubles up to the rhythm of samples.
const PAUSE: Duration = Duration::from_secs(1);

/// Hosts begin at different moments, so that they are not asked all at once.
const SPREAD: Duration = Duration::from_secs(5);

/// What a task has to say of a host.
pub struct Heard {
    /// Of which.
    pub host: HostName,
    /// What.
    pub word: Word,
}

/// What there is to say.
pub enum Word {
    /// What was measured.
    Sample {
        /// What the host counted.
        counted: Box<Sample>,
        /// Its figures.
        measures: Vec<Measure>,
        /// All that is not as it should be, as far as a sample shows it.
        signs: Vec<Sign>,
    },
    /// Why it cannot be reached.
    Away(Sign),
    /// What a look came to.
    Looked {
        /// In one word.
        standing: Standing,
        /// All that is not as it should be, as far as a look shows it. A warning of preflight is a sign whether it is new or not.
        signs: Vec<Sign>,
        /// The kinds of signs of which not everything was seen.
        unseen: Vec<SignKind>,
        /// The host as the document of commands has it; `None`: it was not seen.
        document: Option<Packed>,
        /// What of its drift may be repaired.
        inspection: Inspection,
    },
}

/// How hosts are watched.
#[derive(Debug, Clone, Copy)]
pub struct Manner {
    /// How often.
    pub rhythm: Rhythm,
    /// What may be repaired.
    pub repairs: Repairs,
}

/// Watches a host in new tasks; `again` has it looked at at once.
pub fn watch(
    member: &Arc<Member>,
    Manner { rhythm, repairs }: Manner,
    again: Arc<Notify>,
    to: &UnboundedSender<Heard>,
    tasks: &mut JoinSet<()>,
) {
    let host = Host { member: Arc::clone(member), rhythm, repairs, to: to.clone(), again };
    let first = rhythm.sample.min(SPREAD).mul_f64(rand::random());
    let (samples, looks) = (host.clone(), host);
    match rhythm.until {
        Until::Round => {
            tasks.spawn(async move { samples.sample_once().await });
            tasks.spawn(async move { drop(looks.look(None).await) });
        }
        Until::Stopped => {
            tasks.spawn(async move {
                sleep(first).await;
                samples.sample().await;
            });
            tasks.spawn(async move {
                sleep(first).await;
                looks.look_again_and_again().await;
            });
        }
    }
}

/// One host that is watched.
#[derive(Clone)]
struct Host {
    member: Arc<Member>,
    rhythm: Rhythm,
    repairs: Repairs,
    to: UnboundedSender<Heard>,
    /// That there is a reason to look at once: it came back, or was repaired.
    again: Arc<Notify>,
}

impl Host {
    fn say(&self, word: Word) {
        // Nobody listens any more: it is the end.
        self.to.send(Heard { host: self.member.host().clone(), word }).unwrap_or_default();
    }

    /// One sample; without another one before there are no rates.
    async fn sample_once(&self) {
        let sample = async { self.sampler().await?.sample().await };
        self.say(match sample.await {
            Ok(sample) => self.sampled(&mut Past::default(), sample),
            Err(error) => Word::Away(seen::of_error(&error)),
        });
    }

    /// Samples without end, over connections that are made anew when they are lost.
    async fn sample(&self) {
        let (mut pause, mut is_away) = (PAUSE, false);
        let mut past = Past::default();
        loop {
            let error = match self.sampler().await {
                Ok(sampler) => {
                    pause = PAUSE;
                    if std::mem::take(&mut is_away) {
                        self.again.notify_one();
                    }
                    self.sample_over(sampler, &mut past).await
                }
                Err(error) => error,
            };
            is_away = true;
            self.say(Word::Away(seen::of_error(&error)));
            sleep(pause).await;
            pause = (pause * 2).min(self.rhythm.sample.max(PAUSE));
        }
    }

    /// Samples until the connection is lost, and why it was.
    async fn sample_over(&self, mut sampler: Sampler, past: &mut Past) -> HostError {
        let mut ticks = ticks(self.rhythm.sample);
        loop {
            ticks.tick().await;
            match sampler.sample().await {
                Ok(sample) => self.say(self.sampled(past, sample)),
                Err(error) => return error,
            }
        }
    }

    fn sampled(&self, past: &mut Past, sample: Sample) -> Word {
        let restarts = past.restarts.take(&sample);
        let word = Word::Sample {
            counted: Box::new(sample.clone()),
            measures: measures(past.last.as_ref(), &sample),
            signs: seen::of_sample(&self.member.desired, &sample, &restarts),
        };
        past.last = Some(sample);
        word
    }

    async fn sampler(&self) -> Result<Sampler, HostError> {
        let connection = Connection::open(&self.member.login).await?;
        Sampler::open(&connection, &self.member.desired.platform).await
    }

    /// Looks in the rhythm, and at once when there is a reason.
    async fn look_again_and_again(&self) {
        let mut updates = None;
        loop {
            let next = Instant::now() + self.rhythm.look;
            updates = self.look(updates).await;
            select! {
                () = sleep_until(next) => {}
                () = self.again.notified() => {}
            }
        }
    }

    /// What `status` would say, and what is seen of the host beyond that. Gives which security updates wait there.
    async fn look(&self, updates: Option<Updates>) -> Option<Updates> {
        let aim = Aim {
            goal: Goal::Install,
            consents: Consents::NotAsked,
            second_way: SecondWay::NotAsked,
            parallel: 1,
        };
        let begun = std::time::Instant::now();
        let found = inspect(&self.member, &aim, self.repairs, updates.as_ref()).await;
        let (standing, signs) = seen::of_look(&found, now());
        let unseen = seen::unseen(&found);
        let Inspected { report, repairable, beyond, .. } = found;
        let document = report.facts.is_some().then(|| Packed::of(&HostDocument::with_controls(&report)));
        let inspection = Inspection { begun, found: Found::of(&standing, repairable) };
        self.say(Word::Looked { standing, signs, unseen, document, inspection });
        beyond.and_then(|beyond| beyond.updates).or(updates)
    }
}

/// What was sampled before.
#[derive(Default)]
struct Past {
    last: Option<Sample>,
    restarts: Restarts,
}
