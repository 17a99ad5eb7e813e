//! Progress of many hosts at once: a table that moves on a terminal, plain lines elsewhere.

use std::{sync::Arc, time::Duration};

use console::Term;
use indicatif::{ProgressBar, ProgressStyle};
use tokio::{
    sync::mpsc::{UnboundedReceiver, unbounded_channel},
    task::JoinHandle,
};

use super::{
    gate,
    report::Screen,
    standings::Standings,
    wrap::{self, wrapped},
};
use crate::fleet::event::{Event, Events, What};

/// Watches a run until all senders are gone.
pub struct Watch {
    task: JoinHandle<()>,
}

impl Watch {
    /// Starts watching; the events go to the work.
    pub fn start(screen: &Screen) -> (Events, Self) {
        let (sender, receiver) = unbounded_channel();
        let task = if screen.can_move() {
            tokio::spawn(moving(receiver))
        } else if screen.for_people() {
            tokio::spawn(plain(receiver))
        } else {
            return (Events::nowhere(), Self { task: tokio::spawn(async {}) });
        };
        (Events::nowhere().and(Arc::new(sender)), Self { task })
    }

    /// Waits until the last event is shown. Every clone of the events must be gone.
    pub async fn done(self) {
        self.task.await.unwrap_or_default();
    }
}

/// Carries out a run that is watched to its end.
pub async fn watched<T>(screen: &Screen, run: impl AsyncFnOnce(&Events) -> T) -> T {
    let (events, watch) = Watch::start(screen);
    let result = run(&events).await;
    drop(events);
    watch.done().await;
    result
}

async fn plain(mut events: UnboundedReceiver<Event>) {
    let screen = Screen::new(super::args::Format::Text);
    while let Some(event) = events.recv().await {
        let words = words(&event.what);
        match event.host {
            Some(host) => screen.note(format_args!("{host}: {words}")),
            None => screen.note(words),
        }
    }
}

async fn moving(mut events: UnboundedReceiver<Event>) {
    let view = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{msg}\n{spinner} {elapsed}") {
        view.set_style(style);
    }
    view.enable_steady_tick(Duration::from_millis(120));
    let mut standings = Standings::default();
    while let Some(event) = events.recv().await {
        let text = words(&event.what);
        let Some(host) = event.host else {
            // What is said of the whole run stays above the table.
            view.println(wrapped(&text, wrap::width(&Term::stderr())));
            continue;
        };
        standings.hear(host, &event.what, text);
        let (lines, columns) = Term::stderr().size();
        view.set_message(standings.text(columns.into(), lines.into()));
    }
    view.finish_and_clear();
}

/// What happened as one line: what a host says in it begins no other.
fn words(what: &What) -> String {
    gate::line(what.words())
}
