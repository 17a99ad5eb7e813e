//! The one who writes: a thread of its own, so that no host waits for a disk.

use std::{
    sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    thread::JoinHandle,
    time::{Duration, Instant},
};

use super::{History, HistoryError, Kept};
use crate::watch::now;

/// How long samples wait for others, with which they are written. A daemon that is killed loses no more than this.
const GATHER: Duration = Duration::from_secs(2);

/// How often means are made of what was kept.
const THIN: Duration = Duration::from_secs(300);

/// How many samples wait at most while the database refuses: those of 1,000 hosts for ten minutes. Then the oldest go.
const WAITING: usize = 10_000;

/// Writes samples to the history in a thread of its own.
pub struct Writer {
    samples: Sender<Kept>,
    failures: Receiver<HistoryError>,
    thread: JoinHandle<()>,
}

impl Writer {
    /// Starts to write where a history is, with its bound.
    pub fn start(history: &History) -> Self {
        let (samples, inbox) = channel();
        let (failed, failures) = channel();
        let (path, bound) = (history.path.clone(), history.bound);
        let thread = std::thread::spawn(move || match History::again(&path, bound) {
            Ok(history) => Desk { history, failed, waiting: Vec::new(), is_failing: false }.work(&inbox),
            // Nobody listens any more: it is the end.
            Err(error) => failed.send(error).unwrap_or_default(),
        });
        Self { samples, failures, thread }
    }

    /// Keeps a sample, within a few seconds.
    pub fn keep(&self, sample: Kept) {
        // The thread ends after its last sample, or has said why it cannot begin.
        self.samples.send(sample).unwrap_or_default();
    }

    /// Why something was not kept: once, until something is kept again.
    pub fn failures(&self) -> impl Iterator<Item = HistoryError> {
        self.failures.try_iter()
    }

    /// Writes what waits, and gives why it could not.
    pub fn end(self) -> Vec<HistoryError> {
        let Self { samples, failures, thread } = self;
        drop(samples);
        thread.join().unwrap_or_default();
        failures.try_iter().collect()
    }
}

/// Where it is written.
struct Desk {
    history: History,
    failed: Sender<HistoryError>,
    /// In order of time.
    waiting: Vec<Kept>,
    is_failing: bool,
}

impl Desk {
    fn work(mut self, inbox: &Receiver<Kept>) {
        let mut write = None;
        let mut thin = Instant::now();
        loop {
            let next = write.map_or(thin, |write: Instant| write.min(thin));
            match inbox.recv_timeout(next.saturating_duration_since(Instant::now())) {
                Ok(sample) => {
                    self.waiting.push(sample);
                    write.get_or_insert_with(|| Instant::now() + GATHER);
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return self.write(),
            }
            if write.is_some_and(|write| write <= Instant::now()) {
                self.write();
                write = (!self.waiting.is_empty()).then(|| Instant::now() + GATHER);
            }
            if thin <= Instant::now() {
                self.thin();
                thin = Instant::now() + THIN;
            }
        }
    }

    fn write(&mut self) {
        let mut kept = self.history.keep(&self.waiting);
        if kept.as_ref().is_err_and(HistoryError::is_full) {
            kept = self.history.make_room(now()).and_then(|()| self.history.keep(&self.waiting));
        }
        match kept {
            Ok(()) => self.waiting.clear(),
            Err(_) => drop(self.waiting.drain(..self.waiting.len().saturating_sub(WAITING))),
        }
        self.judge(kept);
    }

    fn thin(&mut self) {
        let room = self.history.make_room(now());
        let thin = room.and_then(|()| self.history.thin(now()));
        self.judge(thin);
    }

    fn judge(&mut self, done: Result<(), HistoryError>) {
        match done {
            Ok(()) => self.is_failing = false,
            Err(error) if !std::mem::replace(&mut self.is_failing, true) => {
                self.failed.send(error).unwrap_or_default()
            }
            Err(_) => {}
        }
    }
}
