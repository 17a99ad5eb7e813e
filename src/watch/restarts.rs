//! How often Docker started containers again, from samples one after the other.

use std::collections::{BTreeMap, VecDeque};

use crate::facts::sample::Sample;

/// How far back restarts are counted, in seconds. Docker waits for up to a minute before it starts a container again.
pub const WINDOW: f64 = 600.0;

/// What Docker counted for each container, each time with the seconds since the host's boot.
#[derive(Debug, Clone, Default)]
pub struct Restarts {
    counted: BTreeMap<String, VecDeque<(f64, u64)>>,
    /// When that was last.
    last: f64,
}

impl Restarts {
    /// Takes a sample, and gives how often each container was started again within the window.
    pub fn take(&mut self, sample: &Sample) -> BTreeMap<String, u64> {
        // After a boot Docker starts what ran before, and the seconds begin anew.
        if sample.uptime < self.last {
            self.counted.clear();
        }
        self.last = sample.uptime;
        let Some(containers) = &sample.containers else { return self.within() };
        let goes_on = |name: &String| containers.get(name).is_some_and(|found| found.state != "exited");
        self.counted.retain(|name, _| goes_on(name));
        for (name, found) in containers {
            // A container that has been up for longer is not asked for its restarts: they are as they were.
            let Some(count) = found.restarts else { continue };
            let counted = self.counted.entry(name.clone()).or_default();
            // Somebody started it, or it is another one of that name.
            if counted.back().is_some_and(|(_, before)| count < *before) {
                counted.clear();
            }
            counted.push_back((sample.uptime, count));
        }
        self.within()
    }

    fn within(&mut self) -> BTreeMap<String, u64> {
        let first = self.last - WINDOW;
        for counted in self.counted.values_mut() {
            // What was counted last before the window began is what restarts in it are counted from.
            while counted.get(1).is_some_and(|(at, _)| *at < first) {
                counted.pop_front();
            }
        }
        let grown = |counted: &VecDeque<(f64, u64)>| {
            let ((_, first), (_, last)) = counted.front().zip(counted.back())?;
            Some(last - first).filter(|grown| *grown > 0)
        };
        self.counted.iter().filter_map(|(name, counted)| Some((name.clone(), grown(counted)?))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::sample::{ContainerUse, read};

    fn sample(uptime: f64, state: &str, restarts: Option<u64>) -> Sample {
        let found = ContainerUse { state: state.to_owned(), restarts, ..ContainerUse::default() };
        let quiet = read(include_str!("../facts/sample/tests/quiet.txt")).unwrap();
        Sample { uptime, containers: Some([("web".to_owned(), found)].into()), ..quiet }
    }

    fn after(samples: &[Sample]) -> Option<u64> {
        let mut restarts = Restarts::default();
        samples.iter().map(|sample| restarts.take(sample)).last()?.get("web").copied()
    }

    #[test]
    fn restarts_are_those_of_the_last_minutes() {
        let at = |uptime, count| sample(uptime, "running", Some(count));
        assert_eq!(after(&[at(1000.0, 4)]), None, "when it did that is not known");
        assert_eq!(after(&[at(1000.0, 4), at(1060.0, 5), at(1120.0, 8)]), Some(4));
        // It runs again, and is not asked any more.
        let quiet = |uptime| sample(uptime, "running", None);
        assert_eq!(after(&[at(1000.0, 4), at(1060.0, 8), quiet(1500.0)]), Some(4));
        assert_eq!(after(&[at(1000.0, 4), at(1060.0, 8), quiet(1700.0)]), None);
    }

    #[test]
    fn who_starts_a_container_by_hand_begins_anew() {
        let at = |uptime, count| sample(uptime, "running", Some(count));
        assert_eq!(after(&[at(1000.0, 4), at(1060.0, 8), at(1070.0, 0)]), None);
        assert_eq!(after(&[at(1000.0, 4), at(1060.0, 8), sample(1070.0, "exited", None)]), None);
        // A boot.
        assert_eq!(after(&[at(1000.0, 4), at(1060.0, 8), at(30.0, 8)]), None);
    }
}
