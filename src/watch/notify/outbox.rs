//! Delivers what is in the outbox: a task for each notifier, so that none waits for another.

use std::{path::PathBuf, time::Duration};

use tokio::{select, sync::watch, task::JoinSet, time::sleep};

use super::Notifier;
use crate::{
    model::size::Bytes,
    watch::{
        alert::message::Message,
        history::{Due, History, HistoryError},
        now,
    },
};

/// How often the outbox is looked into when nobody rings.
const LOOK: Duration = Duration::from_secs(5);

/// The pause behind the first try, in seconds; it doubles each time.
const PAUSE: i64 = 30;

/// The longest pause between two tries, in seconds.
const LONGEST: i64 = 600;

/// Says that there is something in the outbox.
pub struct Bell(watch::Sender<()>);

impl Bell {
    /// Says it.
    pub fn ring(&self) {
        self.0.send_replace(());
    }
}

/// Delivers in new tasks what is in the outbox of a history.
pub fn deliver(notifiers: Vec<Notifier>, history: &History, tasks: &mut JoinSet<()>) -> Bell {
    let (sender, bell) = watch::channel(());
    for notifier in notifiers {
        let (bell, path, bound) = (bell.clone(), history.path().to_owned(), history.bound());
        tasks.spawn(async move { serve(&notifier, (path, bound), bell).await });
    }
    Bell(sender)
}

async fn serve(notifier: &Notifier, place: (PathBuf, Bytes), mut bell: watch::Receiver<()>) {
    let mut history = None;
    loop {
        let has_more = match one(notifier, &place, &mut history).await {
            Ok(has_more) => has_more,
            Err(error) => {
                tracing::warn!("{}: {error}", notifier.name);
                history = None;
                false
            }
        };
        if !has_more {
            select! {
                // Nobody rings any more: the end is near.
                rung = bell.changed() => if rung.is_err() { sleep(LOOK).await },
                () = sleep(LOOK) => {}
            }
        }
    }
}

/// Tries the next message; `false`: there is none now.
async fn one(
    notifier: &Notifier,
    (path, bound): &(PathBuf, Bytes),
    history: &mut Option<History>,
) -> Result<bool, HistoryError> {
    let history = match history {
        Some(history) => history,
        None => history.insert(History::again(path, *bound)?),
    };
    let now = now();
    let Some(Due { message, body, tries }) = history.due(&notifier.name, now, |tries| now + pause(tries))?
    else {
        return Ok(false);
    };
    let sent = match serde_json::from_str::<Message>(&body) {
        Ok(document) => notifier.send(&document, &body).await,
        // A later pryvctl wrote it, and will send it.
        Err(error) => Err(error.to_string()),
    };
    match sent {
        Ok(_) => history.delivered(&notifier.name, message)?,
        Err(why) => {
            if tries == 0 {
                tracing::warn!("{}: an alert was not delivered and is tried again: {why}", notifier.name);
            }
            history.undelivered(&notifier.name, message, &why)?;
        }
    }
    Ok(true)
}

/// How long nobody tries again after so many tries, in seconds.
fn pause(tries: u32) -> i64 {
    (PAUSE << tries.min(10)).min(LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_have_an_end() {
        let pauses = [0, 1, 2, 5, 63, 64, u32::MAX].map(pause);
        assert_eq!(pauses, [30, 60, 120, 600, 600, 600, 600]);
    }
}
