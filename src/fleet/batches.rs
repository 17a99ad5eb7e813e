//! The way through the batches, whether there is one with everybody in it or many.

use std::{collections::BTreeMap, sync::Arc, time::Instant};

use super::{
    brake::Wish,
    drive::Early,
    each::each,
    event::{Events, What},
    journal::anchor,
    opened::Planned,
    order::{OldImages, Order, Pulls, Staged, Turns},
    outcome::{Outcome, Report},
    pause,
    proposal::hooks,
    scan::{self, ScanPeer},
    survey::report,
    turn::{Turn, take_back, turn},
    work,
};
use crate::{
    change::Call,
    model::name::HostName,
    plan::{
        Plan, digest,
        rollout::{Batch, Ended, Finished, Next, Schedule},
        step::Step,
    },
};

/// A run on its way.
pub(super) struct Batches<'a> {
    order: &'a Order,
    events: &'a Events,
    /// `None`: everybody has a turn at once.
    schedule: Option<Schedule>,
    /// From where hosts are looked at.
    lookouts: Arc<[ScanPeer]>,
    /// Hosts that had no turn yet.
    waiting: BTreeMap<HostName, Planned>,
    /// Hosts that did well, and may still have to go back.
    good: BTreeMap<HostName, Turn>,
    done: Vec<Finished>,
    reports: Vec<Report>,
}

impl<'a> Batches<'a> {
    pub(super) fn new(
        order: &'a Order,
        events: &'a Events,
        schedule: Option<Schedule>,
        planned: Vec<Planned>,
        reports: Vec<Report>,
    ) -> Self {
        let lookouts = planned.iter().map(|host| ScanPeer::on(&host.surveyed)).collect();
        let waiting = planned.into_iter().map(|host| (host.host().clone(), host)).collect();
        let (good, done) = (BTreeMap::new(), Vec::new());
        Self { order, events, schedule, lookouts, waiting, good, done, reports }
    }

    /// Goes through all batches; says why it ended early, if it did.
    pub(super) async fn all(&mut self, plans: &[(HostName, Plan)]) -> Option<Early> {
        if plans.is_empty() {
            self.idle().await;
            return None;
        }
        let hosts = plans.iter().map(|(host, _)| host.clone()).collect();
        self.events.say(What::Begun { plan: digest::of_all(plans), hosts });
        self.anchor().await;
        let pulled = match self.order.policies.pulls {
            Pulls::InTurn => true,
            Pulls::First => self.pull().await,
        };
        let early = match (pulled, &self.order.turns) {
            (false, _) => Some(Early::Pull),
            (true, Turns::Together) => {
                self.turns(plans.iter().map(|(host, _)| host)).await;
                None
            }
            (true, Turns::Staged(staged)) => self.staged(staged).await,
        };
        self.prune().await;
        self.idle().await;
        self.events.say(What::Ended { why: early.as_ref().map(ToString::to_string) });
        early
    }

    /// Every host that will be changed is told how far the journal went.
    async fn anchor(&self) {
        let busy = self.waiting.values().filter(|host| !host.plan.is_empty());
        let busy: Vec<_> = busy.map(|host| (host.host().clone(), host.surveyed.connection.clone())).collect();
        each(busy, self.order.aim.parallel, |(host, connection)| {
            let events = self.events.clone();
            async move { anchor::tell(&connection, anchor::Moment::Begin, events.of(&host)).await }
        })
        .await;
    }

    /// Hosts on which nothing is to be done are looked at from outside all the same.
    async fn idle(&mut self) {
        let waiting = std::mem::take(&mut self.waiting);
        let (idle, rest): (BTreeMap<_, _>, _) =
            waiting.into_iter().partition(|(_, host)| host.plan.is_empty());
        self.waiting = rest;
        let hosts: Vec<Planned> = idle.into_values().collect();
        let members: Vec<_> = hosts.iter().map(|host| Arc::clone(&host.surveyed.member)).collect();
        let seen = each(hosts, self.order.aim.parallel, |mut host| {
            let (order, events) = (self.order.clone(), self.events.clone());
            let lookouts = Arc::clone(&self.lookouts);
            async move {
                let voice = events.of(host.host());
                let outcome =
                    scan::judged(&host.surveyed, &lookouts, &order, Outcome::Unchanged, voice).await;
                voice.say(outcome.event());
                host.release().await;
                host.report(outcome)
            }
        })
        .await;
        let seen = seen.into_iter().zip(members);
        self.reports
            .extend(seen.map(|(seen, member)| seen.unwrap_or_else(|| report(&member, Outcome::Died))));
    }

    /// Every host's end, also of those that had no turn.
    pub(super) async fn end(self) -> Vec<Report> {
        let mut reports = self.reports;
        for (_, turn) in self.good {
            reports.push(turn.report().await);
        }
        for (_, mut host) in self.waiting {
            let outcome = if host.plan.is_empty() { Outcome::Unchanged } else { Outcome::LeftAlone };
            host.release().await;
            reports.push(host.report(outcome));
        }
        reports
    }

    /// Pulls every image everywhere. A host that cannot keeps all others from being begun.
    async fn pull(&mut self) -> bool {
        let pulls = |host: &Planned| -> Vec<Step> {
            let steps =
                host.plan.steps.iter().filter(|step| matches!(step.change.call(), Some(Call::Pull { .. })));
            steps.cloned().collect()
        };
        let hosts: Vec<_> = self
            .waiting
            .values()
            .map(|host| (Arc::clone(&host.surveyed.member), host.surveyed.connection.clone(), pulls(host)))
            .filter(|(_, _, pulls)| !pulls.is_empty())
            .collect();
        let names: Vec<HostName> = hosts.iter().map(|(member, ..)| member.host().clone()).collect();
        let pulled = each(hosts, self.order.aim.parallel, |(member, connection, pulls)| {
            let (order, events) = (self.order.clone(), self.events.clone());
            async move { work::carry_out_steps(&member, &connection, &pulls, &order, &events).await.map(drop) }
        })
        .await;
        let mut all = true;
        for (name, pulled) in names.into_iter().zip(pulled) {
            let outcome = match pulled {
                Some(Ok(())) => continue,
                Some(Err(broken)) => broken.outcome(),
                None => Outcome::Died,
            };
            all = false;
            if let Some(mut host) = self.waiting.remove(&name) {
                host.release().await;
                self.reports.push(host.report(outcome));
            }
        }
        all
    }

    async fn staged(&mut self, staged: &Staged) -> Option<Early> {
        let begun = Instant::now();
        let schedule = self.schedule.clone()?;
        let of = schedule.forecast().0.len();
        for number in 1.. {
            match schedule.next(&self.done) {
                Next::Done => break,
                Next::Stop(stop) => {
                    for host in &stop.back {
                        self.take_back(host, &stop.why.to_string()).await;
                    }
                    return Some(stop.why.into());
                }
                Next::Batch(batch) => {
                    if !batch.delay.is_zero() {
                        self.events.say(What::Watching { window: batch.delay });
                        self.order.brake.sleep(batch.delay).await;
                    }
                    self.hold(&batch).await;
                    if self.order.brake.wish() != Wish::GoOn {
                        return Some(Early::Stopped);
                    }
                    if let Some(limit) = staged.deadline.filter(|limit| begun.elapsed() > *limit) {
                        return Some(Early::Deadline(limit));
                    }
                    let (role, hosts) = (batch.role.to_string(), batch.hosts.clone());
                    self.events.say(What::Batch { number, of: of.max(number), role, hosts });
                    let finished = self.turns(&batch.hosts).await;
                    self.done.push(finished);
                }
            }
        }
        None
    }

    /// Waits while somebody wants a host of the batch to wait.
    async fn hold(&self, batch: &Batch) {
        let hosts = batch.hosts.iter().filter_map(|host| self.waiting.get(host));
        let connections: Vec<_> = hosts.map(|host| host.surveyed.connection.clone()).collect();
        pause::wait(&connections, &self.order.brake, self.events).await;
    }

    /// Hosts have their turns at the same time.
    async fn turns<'b>(&mut self, hosts: impl IntoIterator<Item = &'b HostName>) -> Finished {
        let hosts: Vec<Planned> = hosts.into_iter().filter_map(|host| self.waiting.remove(host)).collect();
        let members: Vec<_> = hosts.iter().map(|host| Arc::clone(&host.surveyed.member)).collect();
        let turns = each(hosts, self.order.aim.parallel, |host| {
            let (hooks, order) = (hooks(&host, self.order), self.order.clone());
            turn(host, hooks, order, Arc::clone(&self.lookouts), self.events.clone())
        })
        .await;
        let mut finished = Finished::new();
        for (member, turn) in members.into_iter().zip(turns) {
            let name = member.host().clone();
            let Some(turn) = turn else {
                finished.push((name, Ended::Down));
                self.reports.push(report(&member, Outcome::Died));
                continue;
            };
            finished.push((name.clone(), turn.ended));
            if turn.ended == Ended::Good {
                self.good.insert(name, turn);
            } else {
                self.reports.push(turn.report().await);
            }
        }
        finished
    }

    /// A host that did well goes back, because others did not.
    async fn take_back(&mut self, host: &HostName, why: &str) {
        let Some(turn) = self.good.remove(host) else { return };
        let begun = Instant::now();
        let mut turn = take_back(turn, why, self.order, self.events).await;
        turn.took += begun.elapsed();
        self.reports.push(turn.report().await);
    }

    /// Removes images that nobody needs any more. Whether it works makes no difference to a good rollout.
    async fn prune(&self) {
        match self.order.policies.old_images {
            OldImages::Stay => return,
            OldImages::Pruned => {}
        }
        let hosts: Vec<_> = self
            .good
            .values()
            .map(|turn| (turn.host.surveyed.connection.clone(), turn.host.outdated()))
            .collect();
        each(hosts, self.order.aim.parallel, |(connection, images)| async move {
            work::prune(&connection, &images).await;
        })
        .await;
    }
}
