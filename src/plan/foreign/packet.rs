//! A packet that opens a connection from outside.

use std::collections::BTreeSet;

use crate::{facts::filter::Hook, model::desired::Protocol};

/// A packet that opens a connection from outside.
#[derive(Debug, Clone, Copy)]
pub struct Packet<'a> {
    /// Whom it is for.
    pub hook: Hook,
    /// tcp or udp.
    pub protocol: Protocol,
    /// The port that the client dialled.
    pub dialled: u16,
    /// The port that the rules see: where it is forwarded, that of the container.
    pub seen: u16,
    /// The interfaces by which it may come in.
    pub uplinks: &'a BTreeSet<&'a str>,
}
