//! What happens during a run, as it happens. The work says it; the face shows it.

use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;

use crate::model::name::HostName;

/// Something that happened on one host.
#[derive(Debug, Clone)]
pub struct Event {
    /// Where.
    pub host: HostName,
    /// What.
    pub what: What,
}

/// What can happen on a host.
#[derive(Debug, Clone)]
pub enum What {
    /// We are logging in.
    Connecting,
    /// We are reading what is there.
    Surveying,
    /// A step begins.
    Step {
        /// Its place, from 1.
        number: usize,
        /// How many there are.
        of: usize,
        /// Its name.
        id: String,
    },
    /// The host's own timer runs: without our confirmation it takes the change back.
    Armed {
        /// How long it waits.
        window: Duration,
    },
    /// A new login came through; the timer is off.
    Confirmed,
    /// The change cut us off; we wait until the host has taken it back.
    CutOff {
        /// How long that may take.
        window: Duration,
    },
    /// Nothing more happens on this host.
    Finished {
        /// How it ended, in a few words.
        outcome: String,
    },
}

/// Where events go. A closed receiver is no error: nobody is watching.
#[derive(Debug, Clone)]
pub struct Events(Option<UnboundedSender<Event>>);

impl Events {
    /// Sends to a receiver.
    pub fn to(sender: UnboundedSender<Event>) -> Self {
        Self(Some(sender))
    }

    /// Nobody is watching.
    pub fn nowhere() -> Self {
        Self(None)
    }

    /// The voice of one host.
    pub fn of<'a>(&'a self, host: &'a HostName) -> Voice<'a> {
        Voice { events: self, host }
    }
}

/// Says what happens on one host.
#[derive(Debug, Clone, Copy)]
pub struct Voice<'a> {
    events: &'a Events,
    host: &'a HostName,
}

impl Voice<'_> {
    /// Says it.
    pub fn say(&self, what: What) {
        if let Some(sender) = &self.events.0 {
            sender.send(Event { host: self.host.clone(), what }).unwrap_or_default();
        }
    }
}
