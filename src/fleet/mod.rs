//! Many hosts: order, concurrency, stop rules, events.
