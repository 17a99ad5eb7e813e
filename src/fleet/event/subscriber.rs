//! Who hears of what happens.

use std::sync::Arc;

use tokio::sync::mpsc::UnboundedSender;

use super::{Event, What};
use crate::{fleet::journal::head::Head, model::name::HostName};

/// Somebody who wants to know what happens.
pub trait Subscriber: Send + Sync {
    /// Hears of it. The work goes on when this returns.
    fn hear(&self, event: &Event);

    /// How far the record went, where this one keeps a record that can be anchored.
    fn head(&self) -> Option<Head> {
        None
    }
}

/// Where events go: any number of subscribers, each of which hears of an event before the next one does.
#[derive(Clone, Default)]
pub struct Events(Vec<Arc<dyn Subscriber>>);

impl Events {
    /// Nobody is watching.
    pub fn nowhere() -> Self {
        Self::default()
    }

    /// With one more who wants to know.
    #[must_use]
    pub fn and(mut self, subscriber: Arc<dyn Subscriber>) -> Self {
        self.0.push(subscriber);
        self
    }

    /// With one who wants to know before all others.
    #[must_use]
    pub fn first(mut self, subscriber: Arc<dyn Subscriber>) -> Self {
        self.0.insert(0, subscriber);
        self
    }

    /// How far the record went; `None`: there is none, or it cannot be read.
    pub(in crate::fleet) fn head(&self) -> Option<Head> {
        self.0.iter().find_map(|subscriber| subscriber.head())
    }

    /// The voice of one host.
    pub fn of<'a>(&'a self, host: &'a HostName) -> Voice<'a> {
        Voice { events: self, host }
    }

    /// Says what happens to the run as a whole.
    pub fn say(&self, what: What) {
        self.send(&Event { host: None, what });
    }

    fn send(&self, event: &Event) {
        self.0.iter().for_each(|subscriber| subscriber.hear(event));
    }
}

/// A receiver that is gone is no error: nobody is watching any more.
impl Subscriber for UnboundedSender<Event> {
    fn hear(&self, event: &Event) {
        if event.what.is_shown() {
            self.send(event.clone()).unwrap_or_default();
        }
    }
}

/// Says what happens on one host.
#[derive(Clone, Copy)]
pub struct Voice<'a> {
    events: &'a Events,
    host: &'a HostName,
}

impl Voice<'_> {
    /// How far the journal went.
    pub(in crate::fleet) fn head(&self) -> Option<Head> {
        self.events.head()
    }

    /// Says it.
    pub fn say(&self, what: What) {
        self.events.send(&Event { host: Some(self.host.clone()), what });
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    struct Ear(&'static str, Arc<Mutex<Vec<String>>>);

    impl Subscriber for Ear {
        fn hear(&self, event: &Event) {
            let host = event.host.as_ref().map_or("all", HostName::as_str);
            self.1.lock().unwrap().push(format!("{} {host}", self.0));
        }
    }

    #[test]
    fn every_subscriber_hears_of_an_event_before_the_next_does() {
        let heard = Arc::new(Mutex::new(Vec::new()));
        let ear = |name| Arc::new(Ear(name, Arc::clone(&heard)));
        let events = Events::nowhere().and(ear("screen")).and(ear("metrics")).first(ear("journal"));
        events.say(What::Resumed);
        events.of(&"co1".parse().unwrap()).say(What::Confirmed);
        let said = ["journal all", "screen all", "metrics all", "journal co1", "screen co1", "metrics co1"];
        assert_eq!(*heard.lock().unwrap(), said);
        assert_eq!(events.head(), None);
    }
}
