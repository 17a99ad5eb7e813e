//! A word to each open page when something has changed.

use std::{convert::Infallible, time::Duration};

use axum::response::sse::{Event, Sse};
use futures_util::stream::{Stream, unfold};
use tokio::{
    sync::watch::Receiver,
    time::{Instant, timeout_at},
};

use crate::watch::live::Turn;

/// After the last word, what a host has become is said no sooner.
const SOON: Duration = Duration::from_secs(1);

/// The same for what hosts count: with many of them there is always something.
const CALM: Duration = Duration::from_secs(10);

/// A connection on which nothing is said is closed by many a proxy after a minute.
const ALIVE: Duration = Duration::from_secs(20);

/// Says each change, and now and then that the daemon is still there.
pub fn stream(turns: Receiver<Turn>) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let told = *turns.borrow();
    let reader = Reader { turns, told, last: Instant::now() };
    Sse::new(unfold(reader, |mut reader| async move { Some((Ok(reader.word().await?), reader)) }))
}

/// What an open page was told.
struct Reader {
    turns: Receiver<Turn>,
    told: Turn,
    /// When.
    last: Instant,
}

impl Reader {
    /// The next word; `None`: the daemon ends.
    async fn word(&mut self) -> Option<Event> {
        loop {
            let now = *self.turns.borrow_and_update();
            let pause = if now.news != self.told.news {
                SOON
            } else if now.samples != self.told.samples {
                CALM
            } else {
                ALIVE
            };
            match timeout_at(self.last + pause, self.turns.changed()).await {
                // It may be due sooner now.
                Ok(Ok(())) => {}
                Ok(Err(_)) => return None,
                Err(_) if now == self.told => {
                    self.last = Instant::now();
                    return Some(Event::default().comment("still here"));
                }
                Err(_) => {
                    (self.told, self.last) = (now, Instant::now());
                    return Some(Event::default().data((now.news + now.samples).to_string()));
                }
            }
        }
    }
}
