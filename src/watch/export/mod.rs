//! Samples for other systems. Each has a task of its own, so that none waits for another, and no host for any of them.

mod queue;
mod remote_write;
mod statsd;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use tokio::{task::JoinSet, time::sleep};

use self::{remote_write::RemoteWrite, statsd::Statsd};
use super::live::{Live, Sampled};
use crate::model::{
    inventory::{Export, Inventory},
    material::Material,
    name::HostName,
};

/// Hosts are sampled at their own moments; what comes within this time goes together.
const GATHER: Duration = Duration::from_secs(1);

/// One sample of a host, with what tells it from others.
struct Sent {
    host: HostName,
    zone: String,
    sample: Arc<Sampled>,
}

/// One system that gets every sample.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Target {
    Statsd(Statsd),
    RemoteWrite(RemoteWrite),
}

/// All systems that get samples, as an inventory has them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Targets(Vec<Target>);

impl Targets {
    /// Those of an inventory.
    pub fn of(inventory: &Inventory, material: &Material) -> Self {
        let target = |export: &Export| match export {
            Export::Statsd(server) => Target::Statsd(Statsd::of(server)),
            Export::RemoteWrite(store) => {
                let secret = export.secret().and_then(|(_, name)| material.secrets.get(name)).cloned();
                let ca = export.ca().and_then(|path| material.authorities.get(path)).cloned();
                Target::RemoteWrite(RemoteWrite { words: store.clone(), secret, ca })
            }
        };
        Self(inventory.watch.export.iter().map(target).collect())
    }
}

/// What sends them.
#[derive(Default)]
pub struct Exporter {
    targets: Targets,
    tasks: JoinSet<()>,
}

impl Exporter {
    /// Sends to these from now on. What waits for one that stays is not lost unless something about any of them changed.
    pub fn replace(&mut self, targets: Targets, live: &Arc<Live>) {
        if self.targets == targets {
            return;
        }
        self.tasks = JoinSet::new();
        for target in &targets.0 {
            let samples = Samples::new(live);
            match target.clone() {
                Target::Statsd(server) => drop(self.tasks.spawn(statsd::send(server, samples))),
                Target::RemoteWrite(store) => drop(self.tasks.spawn(remote_write::send(store, samples))),
            }
        }
        self.targets = targets;
    }
}

/// The samples of all hosts, each once.
struct Samples {
    live: Arc<Live>,
    /// When the last sample was of each host.
    last: BTreeMap<HostName, i64>,
}

impl Samples {
    fn new(live: &Arc<Live>) -> Self {
        Self { live: Arc::clone(live), last: BTreeMap::new() }
    }

    /// Waits for samples that were not given yet.
    async fn next(&mut self) -> Vec<Sent> {
        let mut turns = self.live.turns();
        loop {
            let new = self.new_ones();
            if !new.is_empty() {
                return new;
            }
            // The other end lives as long as `live`.
            if turns.changed().await.is_err() {
                return std::future::pending().await;
            }
            sleep(GATHER).await;
        }
    }

    fn new_ones(&mut self) -> Vec<Sent> {
        let view = self.live.view();
        self.last.retain(|host, _| view.hosts.contains_key(host));
        let mut new = Vec::new();
        for (host, seen) in &view.hosts {
            let Some(sample) = &seen.sample else { continue };
            if self.last.get(host) != Some(&sample.at) {
                self.last.insert(host.clone(), sample.at);
                let (host, zone) = (host.clone(), seen.place.zone.clone());
                new.push(Sent { host, zone, sample: Arc::clone(sample) });
            }
        }
        new
    }
}

/// Says what goes wrong once, and once that it is over.
#[derive(Default)]
struct Complaint(Option<String>);

impl Complaint {
    fn of(&mut self, target: &str, result: Result<(), String>) {
        match result {
            Ok(()) if self.0.take().is_some() => tracing::warn!("samples arrive at {target} again"),
            Ok(()) => {}
            Err(why) if self.0.as_ref() == Some(&why) => {}
            Err(why) => {
                tracing::warn!("samples do not arrive at {target}: {why}");
                self.0 = Some(why);
            }
        }
    }
}

#[cfg(test)]
mod tests;
