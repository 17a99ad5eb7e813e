//! `pryvctl` takes bare Linux VMs and makes them a hardened, running platform, and keeps them so.
//!
//! Nine rooms in one straight line; a room uses only rooms to its right (`tests/layers.rs` holds it):
//!
//! ```text
//! cli  ->  watch  ->  app  ->  fleet  ->  host  ->  plan  ->  change  ->  facts  ->  model
//! face     the        a run    many       hands     the       what a      what is    what we
//!          daemon     as data  hosts                difference step does             want
//! |--- async, I/O -------------------------------|  |--- pure, sync, deterministic --------|
//! ```
//!
//! * [`model`]: what an administrator wants, parsed once into types that cannot be wrong.
//! * [`facts`]: what a host is: one probe = one question and the reader of its answer.
//! * [`change`]: what a step does to a host, as a value: its fields, its script, and what it makes of a host.
//! * [`plan`]: the difference: `(&Desired, &HostState) -> Plan`, an ordered list of steps.
//! * [`host`]: the hands: one SSH connection to one host, and Docker through the same connection.
//! * [`fleet`]: many hosts: order, concurrency, stop rules, events.
//! * [`app`]: a run as data: project, secrets, journal, stop signal, saved plans, the JSON document. No terminal from here to
//!   the right.
//! * [`watch`]: the daemon: samples and looks in two rhythms, what they say, and what is kept of it.
//! * [`cli`]: the face: arguments, questions, tables; `cli::report` is the only place that prints, but for what
//!   a command in a container says.
//! * [`lab`] stands beside the line: throw-away hosts on the local Docker engine.

pub mod app;
pub mod change;
pub mod cli;
pub mod facts;
pub mod fleet;
pub mod host;
pub mod lab;
pub mod model;
pub mod plan;
pub mod watch;
