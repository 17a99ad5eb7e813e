//! The way through the batches.

use std::{collections::BTreeMap, sync::Arc, time::Instant};

use super::{
    Rolling, pause,
    turn::{Turn, take_back, turn},
};
use crate::{
    change::Call,
    fleet::{
        brake::Wish,
        change::Planned,
        each::each,
        event::{Events, What},
        journal::anchor,
        outcome::{Outcome, Report},
        scan::{self, Lookout},
        survey::report,
        work,
    },
    model::name::HostName,
    plan::{
        Goal, Plan, digest,
        rollout::{Batch, Ended, Finished, Next, Schedule},
        step::Step,
    },
};

/// A rollout on its way.
pub(super) struct Walk<'a> {
    rolling: &'a Rolling,
    events: &'a Events,
    schedule: Schedule,
    /// From where hosts are looked at.
    lookouts: Arc<[Lookout]>,
    /// Hosts that had no turn yet.
    waiting: BTreeMap<HostName, Planned>,
    /// Hosts that did well, and may still have to go back.
    good: BTreeMap<HostName, Turn>,
    done: Vec<Finished>,
    reports: Vec<Report>,
}

impl<'a> Walk<'a> {
    pub(super) fn new(
        rolling: &'a Rolling,
        events: &'a Events,
        schedule: Schedule,
        planned: Vec<Planned>,
        reports: Vec<Report>,
    ) -> Self {
        let lookouts = planned.iter().map(|host| Lookout::on(&host.surveyed)).collect();
        let waiting = planned.into_iter().map(|host| (host.surveyed.member.host().clone(), host)).collect();
        Self {
            rolling,
            events,
            schedule,
            lookouts,
            waiting,
            good: BTreeMap::new(),
            done: Vec::new(),
            reports,
        }
    }

    /// Goes through all batches; says why it ended early, if it did.
    pub(super) async fn all(&mut self, plans: &[(HostName, Plan)]) -> Option<String> {
        let hosts = plans.iter().map(|(host, _)| host.clone()).collect();
        self.events.say(What::Begun { plan: digest::of_all(plans), hosts });
        self.anchor().await;
        let early = if self.pull().await {
            self.batches().await
        } else {
            Some("not every image could be pulled, so no host was begun".to_owned())
        };
        if self.rolling.order.goal == Goal::Install {
            self.prune().await;
        }
        self.events.say(What::Ended { why: early.clone() });
        early
    }

    /// Every host that will be changed is told how far the journal went.
    async fn anchor(&self) {
        let busy = self.waiting.values().filter(|host| !host.plan.is_empty());
        let busy: Vec<_> = busy
            .map(|host| (host.surveyed.member.host().clone(), host.surveyed.connection.clone()))
            .collect();
        each(busy, self.rolling.order.parallel, |(host, connection)| {
            let events = self.events.clone();
            async move { anchor::tell(&connection, anchor::Moment::Begin, events.of(&host)).await }
        })
        .await;
    }

    /// Every host's end, also of those that had no turn.
    pub(super) async fn end(self) -> Vec<Report> {
        let mut reports = self.reports;
        for (_, turn) in self.good {
            reports.push(turn.report().await);
        }
        for (_, mut host) in self.waiting {
            let outcome = if host.plan.is_empty() { Outcome::Unchanged } else { Outcome::LeftAlone };
            let voice = self.events.of(host.surveyed.member.host());
            let goal = self.rolling.order.goal;
            let outcome = scan::judged(&host.surveyed, &self.lookouts, goal, outcome, voice).await;
            host.release().await;
            reports.push(host.report(outcome));
        }
        reports
    }

    /// Pulls every image everywhere. A host that cannot keeps all others from being begun.
    async fn pull(&mut self) -> bool {
        let pulls = |host: &Planned| -> Vec<Step> {
            let steps =
                host.plan.steps.iter().filter(|step| matches!(step.action.call(), Some(Call::Pull { .. })));
            steps.cloned().collect()
        };
        let hosts: Vec<_> = self
            .waiting
            .values()
            .map(|host| (Arc::clone(&host.surveyed.member), host.surveyed.connection.clone(), pulls(host)))
            .filter(|(_, _, pulls)| !pulls.is_empty())
            .collect();
        let names: Vec<HostName> = hosts.iter().map(|(member, ..)| member.host().clone()).collect();
        let order = &self.rolling.order;
        let pulled = each(hosts, order.parallel, |(member, connection, pulls)| {
            let (order, events) = (order.clone(), self.events.clone());
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

    async fn batches(&mut self) -> Option<String> {
        let begun = Instant::now();
        let of = self.schedule.forecast().0.len();
        for number in 1.. {
            match self.schedule.next(&self.done) {
                Next::Done => break,
                Next::Stop(stop) => {
                    for host in &stop.back {
                        self.take_back(host, &stop.why.to_string()).await;
                    }
                    return Some(stop.why.to_string());
                }
                Next::Batch(batch) => {
                    if !batch.delay.is_zero() {
                        self.events.say(What::Watching { window: batch.delay });
                        self.rolling.order.brake.sleep(batch.delay).await;
                    }
                    self.hold(&batch).await;
                    if self.rolling.order.brake.wish() != Wish::GoOn {
                        return Some("it was stopped by hand".to_owned());
                    }
                    if let Some(limit) = self.rolling.deadline.filter(|limit| begun.elapsed() > *limit) {
                        return Some(format!("the deadline of {} s has passed", limit.as_secs()));
                    }
                    self.batch(batch, number, of).await;
                }
            }
        }
        None
    }

    /// Waits while somebody wants a host of the batch to wait.
    async fn hold(&self, batch: &Batch) {
        let hosts = batch.hosts.iter().filter_map(|host| self.waiting.get(host));
        let connections: Vec<_> = hosts.map(|host| host.surveyed.connection.clone()).collect();
        pause::wait(&connections, &self.rolling.order.brake, self.events).await;
    }

    async fn batch(&mut self, batch: Batch, number: usize, of: usize) {
        let (role, hosts) = (batch.role.to_string(), batch.hosts.clone());
        self.events.say(What::Batch { number, of: of.max(number), role, hosts });
        let hosts: Vec<Planned> = batch.hosts.iter().filter_map(|host| self.waiting.remove(host)).collect();
        let members: Vec<_> = hosts.iter().map(|host| Arc::clone(&host.surveyed.member)).collect();
        let order = &self.rolling.order;
        let turns = each(hosts, order.parallel, |host| {
            let hooks = self.rolling.hooks(&host);
            turn(host, hooks, order.clone(), Arc::clone(&self.lookouts), self.events.clone())
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
        self.done.push(finished);
    }

    /// A host that did well goes back, because others did not.
    async fn take_back(&mut self, host: &HostName, why: &str) {
        let Some(turn) = self.good.remove(host) else { return };
        let begun = Instant::now();
        let mut turn = take_back(turn, why, &self.rolling.order, self.events).await;
        turn.took += begun.elapsed();
        self.reports.push(turn.report().await);
    }

    /// Removes images that nobody needs any more. Whether it works makes no difference to a good rollout.
    async fn prune(&self) {
        let hosts: Vec<_> = self
            .good
            .values()
            .map(|turn| (turn.host.surveyed.connection.clone(), turn.host.outdated()))
            .collect();
        each(hosts, self.rolling.order.parallel, |(connection, images)| async move {
            work::prune(&connection, &images).await;
        })
        .await;
    }
}
