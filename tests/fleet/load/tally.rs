//! Account of what was asked and what came back.

use std::{
    fmt,
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::time::Instant;

/// An answer that is not a loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// As it should be.
    Good,
    /// 503 with Retry-After: the client was told to come back.
    Told,
}

/// A slower answer is remarked on.
const SLOW: Duration = Duration::from_secs(1);

/// How many losses are shown.
const SHOWN: usize = 8;

/// The account of one target.
#[derive(Debug, Clone)]
pub struct Tally {
    /// The target's name.
    pub name: String,
    start: Instant,
    figures: Arc<Mutex<Figures>>,
}

/// What was counted; times since the load started.
#[derive(Debug, Clone, Default)]
pub struct Figures {
    /// Requests sent.
    pub sent: usize,
    /// Those answered with 503 and Retry-After: when they were sent.
    pub told: Vec<Duration>,
    /// Those lost: when they were sent, and why.
    pub lost: Vec<(Duration, String)>,
    /// Good answers that took longer than a second.
    pub slow: usize,
    /// The slowest good answer.
    pub slowest: Duration,
    /// The longest time between two good answers.
    pub gap: Duration,
    last: Option<Duration>,
}

impl Tally {
    /// An empty account.
    pub fn new(name: &str, start: Instant) -> Self {
        Self { name: name.to_owned(), start, figures: Arc::default() }
    }

    /// Takes down a request that was sent then and has just ended.
    pub fn count(&self, sent: Instant, answer: Result<Answer, String>) {
        let now = self.start.elapsed();
        let (at, took) = (sent - self.start, sent.elapsed());
        let mut figures = self.figures.lock().unwrap();
        figures.sent += 1;
        match answer {
            Ok(Answer::Good) => {
                let gap = now.saturating_sub(figures.last.unwrap_or(now));
                figures.gap = figures.gap.max(gap);
                figures.last = Some(now);
                figures.slowest = figures.slowest.max(took);
                figures.slow += usize::from(took > SLOW);
            }
            Ok(Answer::Told) => figures.told.push(at),
            Err(why) => figures.lost.push((at, why)),
        }
    }

    /// The figures so far.
    pub fn figures(&self) -> Figures {
        self.figures.lock().unwrap().clone()
    }
}

impl Figures {
    /// From the first to the last request that was told to come back.
    pub fn told_for(&self) -> Duration {
        match (self.told.iter().min(), self.told.iter().max()) {
            (Some(first), Some(last)) => *last - *first,
            (None, _) | (_, None) => Duration::ZERO,
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let figures = self.figures();
        let seconds = |time: Duration| format!("{:.1} s", time.as_secs_f64());
        write!(
            f,
            "{:24} {:6} sent {:4} lost {:4} told ({}) {:3} slow, slowest {}, longest gap {}",
            self.name,
            figures.sent,
            figures.lost.len(),
            figures.told.len(),
            seconds(figures.told_for()),
            figures.slow,
            seconds(figures.slowest),
            seconds(figures.gap),
        )?;
        for (at, why) in figures.lost.iter().take(SHOWN) {
            write!(f, "\n    lost after {}: {why}", seconds(*at))?;
        }
        Ok(())
    }
}
