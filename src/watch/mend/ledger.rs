//! What may be repaired now, and when the next try is. Pure: time is a parameter, in seconds since 1970.
//!
//! A thing that comes back is tried again after a pause, then after a longer one, and from the third time on once an hour, so
//! that there are never more than three tries within an hour.

use std::collections::BTreeMap;

use crate::{
    model::{
        inventory::{Repairable, Repairs},
        name::HostName,
    },
    watch::sign::{Sign, SignKind},
};

/// Within this time the same thing is tried three times at most.
const HOUR: i64 = 3600;

/// After so many tries a thing is reported.
const MOST: usize = 3;

/// How much longer the second pause is than the first.
const GROWTH: i64 = 5;

/// What is known of everything that could be repaired.
#[derive(Debug, Default)]
pub struct Ledger {
    /// The first pause.
    pause: i64,
    /// How many hosts of a zone at the same time.
    at_once: usize,
    hosts: BTreeMap<HostName, Patient>,
}

/// What is known of a host.
#[derive(Debug, Default)]
struct Patient {
    zone: String,
    /// What has drifted by the last look, step by step.
    drifted: BTreeMap<Repairable, Vec<String>>,
    /// Since when something waits.
    since: i64,
    /// Nothing is begun before.
    not_before: i64,
    /// The steps that are being carried out.
    at_work: Option<Vec<String>>,
    tried: BTreeMap<String, Tried>,
}

/// What became of a thing that was repaired.
#[derive(Debug, Default)]
struct Tried {
    /// How often.
    count: usize,
    /// When last.
    last: i64,
    /// It was seen again since.
    is_back: bool,
    /// It came back so often that somebody has to know.
    is_reported: bool,
}

impl Tried {
    /// When it may be tried again.
    fn next(&self, pause: i64) -> i64 {
        match self.count {
            0 => i64::MIN,
            1 => self.last.saturating_add(pause),
            2 => self.last.saturating_add(pause.saturating_mul(GROWTH)),
            _ => self.last.saturating_add(pause.max(HOUR)),
        }
    }

    /// It was seen at a look, or was not.
    fn seen(&mut self, at: i64, is_there: bool) {
        if is_there {
            self.is_back = true;
            self.is_reported |= self.count >= MOST;
        } else if self.is_back || at - self.last >= HOUR {
            // Somebody else put it right, or our last repair holds.
            self.is_reported = false;
        }
    }

    /// Whether nothing has to be remembered of it any more.
    fn is_over(&self, at: i64) -> bool {
        at - self.last >= 2 * HOUR && !self.is_reported
    }
}

impl Ledger {
    /// With what an inventory says now.
    pub fn follow(&mut self, pause: i64, at_once: usize, zones: BTreeMap<HostName, String>) {
        (self.pause, self.at_once) = (pause, at_once.max(1));
        self.hosts.retain(|host, _| zones.contains_key(host));
        for (host, zone) in zones {
            self.hosts.entry(host).or_default().zone = zone;
        }
    }

    /// What a look found that may be repaired. Gives what came back so often that it is only reported from now on.
    pub fn looked(
        &mut self,
        host: &HostName,
        at: i64,
        drifted: BTreeMap<Repairable, Vec<String>>,
    ) -> Vec<String> {
        let Some(patient) = self.hosts.get_mut(host) else { return Vec::new() };
        if patient.drifted.is_empty() {
            patient.since = at;
        }
        let mut given_up = Vec::new();
        for (step, tried) in &mut patient.tried {
            let was_reported = tried.is_reported;
            tried.seen(at, drifted.values().flatten().any(|found| found == step));
            given_up.extend((tried.is_reported && !was_reported).then(|| step.clone()));
        }
        patient.tried.retain(|_, tried| !tried.is_over(at));
        patient.drifted = drifted;
        given_up
    }

    /// The next host to be repaired, and what of it.
    pub fn begin(&mut self, at: i64) -> Option<(HostName, Repairs)> {
        let busy: Vec<&str> =
            self.hosts.values().filter(|one| one.at_work.is_some()).map(|one| one.zone.as_str()).collect();
        if busy.len() >= self.at_once {
            return None;
        }
        let waiting = self.hosts.iter().filter(|(_, patient)| patient.at_work.is_none());
        let due = waiting.filter_map(|(host, patient)| {
            let repairs = patient.due(at, self.pause);
            (!repairs.is_empty()).then_some((patient.since, host, repairs))
        });
        let (_, host, repairs) = due.min_by_key(|(since, ..)| *since)?;
        let patient = self.hosts.get(host)?;
        if busy.iter().any(|zone| *zone != patient.zone) {
            // Who waits longest is next, also if others could begin now.
            return None;
        }
        let host = host.clone();
        let patient = self.hosts.get_mut(&host)?;
        let drifted = std::mem::take(&mut patient.drifted).into_iter();
        let (now, later) = drifted.partition::<BTreeMap<_, _>, _>(|(group, _)| repairs.has(*group));
        patient.at_work = Some(now.into_values().flatten().collect());
        patient.drifted = later;
        Some((host, repairs))
    }

    /// A repair was carried out, well or not.
    pub fn tried(&mut self, host: &HostName, at: i64) {
        let Some(patient) = self.hosts.get_mut(host) else { return };
        for step in patient.at_work.take().unwrap_or_default() {
            let tried = patient.tried.entry(step).or_default();
            (tried.count, tried.last, tried.is_back) = (tried.count + 1, at, false);
        }
    }

    /// A repair was not begun, because something was in the way. The next look says whether it is still needed.
    pub fn held_off(&mut self, host: &HostName, at: i64) {
        if let Some(patient) = self.hosts.get_mut(host) {
            (patient.at_work, patient.not_before) = (None, at.saturating_add(self.pause));
        }
    }

    /// Whether a host is being repaired.
    pub fn is_at_work(&self, host: &HostName) -> bool {
        self.hosts.get(host).is_some_and(|patient| patient.at_work.is_some())
    }

    /// That repairs of a host do not hold.
    pub fn sign(&self, host: &HostName) -> Option<Sign> {
        let reported = || {
            let tried = self.hosts.get(host).into_iter().flat_map(|patient| &patient.tried);
            tried.filter(|(_, tried)| tried.is_reported)
        };
        let most = reported().map(|(_, tried)| tried.count).max()?;
        let steps: Vec<&str> = reported().map(|(step, _)| step.as_str()).collect();
        let words = format!("{most} repairs did not hold: {} came back each time", steps.join(", "));
        let number = u32::try_from(most).unwrap_or(u32::MAX);
        Some(Sign::new(SignKind::Unrepaired, "", words).number(number.into()))
    }
}

impl Patient {
    /// The groups of which everything that has drifted may be tried now.
    fn due(&self, at: i64, pause: i64) -> Repairs {
        if at < self.not_before {
            return Repairs::NONE;
        }
        let is_due = |step: &String| self.tried.get(step).is_none_or(|tried| tried.next(pause) <= at);
        let due = self.drifted.iter().filter(|(_, steps)| !steps.is_empty() && steps.iter().all(is_due));
        due.map(|(group, _)| *group).collect()
    }
}

#[cfg(test)]
mod tests;
