//! Progress of many hosts at once: a table that moves on a terminal, plain lines elsewhere.

use std::{fmt::Write as _, sync::Arc, time::Duration};

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
use crate::{
    fleet::event::{Event, Events, What},
    model::name::HostName,
};

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
    gate::line(said(what))
}

fn said(what: &What) -> String {
    match what {
        What::Connecting => "logging in".to_owned(),
        What::Surveying => "looking".to_owned(),
        What::Step { number, of, id } => format!("{number}/{of} {id}"),
        What::StepEnded { id, failed: None } => format!("{id}: done"),
        What::StepEnded { id, failed: Some(why) } => format!("{id}: {why}"),
        What::Anchored(anchor) => format!("keeps that the journal has {} lines", anchor.lines),
        What::Unanchored { why } => format!("could not keep how far the journal went: {why}"),
        What::Lab { name, comes: true } => format!("the lab {name} comes up"),
        What::Lab { name, comes: false } => format!("the lab {name} goes"),
        What::Armed { window } => {
            format!("the host takes the next change back in {} s unless we confirm it", window.as_secs())
        }
        What::Confirmed => "confirmed over a new login".to_owned(),
        What::CutOff { window } => {
            format!("cut off; the host takes the change back within {} s", window.as_secs())
        }
        What::Begun { hosts, .. } => format!("{} hosts are about to be changed", hosts.len()),
        What::Batch { number, of, role, hosts } => {
            let hosts = hosts.iter().map(HostName::as_str).collect::<Vec<_>>().join(", ");
            format!("batch {number}/{of}, {role}: {hosts}")
        }
        What::Hook { name } => format!("hook {name}"),
        What::HookLeft { name } => format!("hook {name}: not called, because this is a lab"),
        What::Watching { window } => format!("watched for {} s", window.as_secs()),
        What::Scanned { from, answering, silent, unsure, untried } => {
            let ports = answering.iter().map(|port| port.strip_suffix("/tcp").unwrap_or(port));
            let ports = ports.collect::<Vec<_>>().join(", ");
            let mut said = format!("port scan from {}: {ports} open, {silent} closed", from.join(" and "));
            if !unsure.is_empty() {
                write!(said, "; {} gave no answer, which over UDP can be either", unsure.join(", "))
                    .unwrap_or_default();
            }
            if !untried.is_empty() {
                write!(said, "; {} not tested: the firewall opens it to none of these", untried.join(", "))
                    .unwrap_or_default();
            }
            said
        }
        What::Blind { from, why } => format!("{from} cannot scan the ports: {why}"),
        What::EngineAway { patience } => {
            format!("Docker does not answer; waiting until it does, for at most {} s", patience.as_secs())
        }
        What::LookingAgain { why } => format!("{why}; reads the host again and makes a new plan"),
        What::GoingBack { why } => format!("goes back to what served before: {why}"),
        What::Paused { by } => format!("paused by {by}; `pryvctl resume` goes on"),
        What::Resumed => "goes on".to_owned(),
        What::Stopping { moment } => format!("will stop {moment}"),
        What::Finished { outcome, .. } => outcome.clone(),
        What::Ended { why } => {
            why.as_ref().map_or_else(|| "the end".to_owned(), |why| format!("ends early: {why}"))
        }
    }
}
