//! The platform at a glance: what needs somebody first, then every host by its zone.

use serde::Serialize;

use super::platform::document;
use crate::{
    app::document::{EventDocument, WatchedDocument},
    watch::live::View,
};

/// How many of the last events are shown.
const LATEST: usize = 12;

/// The states from what needs somebody first to what needs nobody; nothing: nobody has looked yet.
const STATES: [Option<&str>; 6] =
    [Some("away"), Some("unfit"), Some("drifted"), Some("locked"), None, Some("well")];

/// What the page shows.
#[derive(Debug, Serialize)]
pub struct Overview {
    platform: String,
    time: String,
    q: String,
    total: usize,
    well: usize,
    counts: Vec<(&'static str, usize)>,
    needy: Vec<WatchedDocument>,
    zones: Vec<Zone>,
    events: Vec<EventDocument>,
}

#[derive(Debug, Serialize)]
struct Zone {
    name: String,
    title: Option<String>,
    hosts: Vec<WatchedDocument>,
}

/// Makes it, with those hosts alone that have the words in their name, zone, roles or state.
pub fn overview(view: &View, words: &str, mut events: Vec<EventDocument>) -> Overview {
    let known = document(view);
    let count =
        |state: &Option<&str>| known.hosts.iter().filter(|host| host.state.as_deref() == *state).count();
    let counts = STATES.iter().map(|state| (state.unwrap_or("unknown"), count(state)));
    let counts: Vec<_> = counts.filter(|(_, count)| *count > 0).collect();
    let rank = |host: &WatchedDocument| STATES.iter().position(|state| host.state.as_deref() == *state);
    let mut needy: Vec<_> = known.hosts.iter().filter(|host| needs_somebody(host)).cloned().collect();
    needy.sort_by_key(rank);
    let asked = words.trim().to_lowercase();
    let is_asked = |host: &&WatchedDocument| asked.split_whitespace().all(|word| has(host, word));
    let zones = known.zones.iter().map(|zone| Zone {
        name: zone.name.clone(),
        title: zone.title.clone(),
        hosts: known.hosts.iter().filter(|host| host.zone == zone.name).filter(is_asked).cloned().collect(),
    });
    events.reverse();
    events.truncate(LATEST);
    Overview {
        time: known.time.clone(),
        q: words.trim().to_owned(),
        total: known.hosts.len(),
        well: count(&Some("well")),
        counts,
        needy,
        zones: zones.filter(|zone| !zone.hosts.is_empty()).collect(),
        platform: known.platform,
        events,
    }
}

fn needs_somebody(host: &WatchedDocument) -> bool {
    host.state.as_deref().is_some_and(|state| state != "well") || !host.signs.is_empty()
}

fn has(host: &WatchedDocument, word: &str) -> bool {
    let state = host.state.as_deref().unwrap_or("unknown");
    let mut texts =
        [host.host.as_str(), &host.zone, state].into_iter().chain(host.roles.iter().map(String::as_str));
    texts.any(|text| text.contains(word))
}
