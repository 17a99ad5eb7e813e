//! What a look says of repairs.

use std::time::Instant;

use crate::{
    app::exit::Exit,
    plan::repair::Cut,
    watch::standing::{Standing, in_the_way},
};

/// What a look found that concerns repairs.
#[derive(Debug)]
pub struct Inspection {
    /// When the look began.
    pub begun: Instant,
    /// What it found.
    pub found: Found,
}

/// What a look found.
#[derive(Debug)]
pub enum Found {
    /// The host, and what of its drift may be repaired.
    Seen(Cut),
    /// Something that keeps everything from being repaired.
    InTheWay(String),
    /// Nothing: the host is away.
    Unseen,
}

impl Found {
    /// What a look came to.
    pub fn of(standing: &Standing, cut: Option<Cut>) -> Self {
        match standing {
            Standing::Well | Standing::Drifted { .. } => cut.map_or(Self::Unseen, Self::Seen),
            Standing::Unfit { findings, exit: Exit::NotConverged } => Self::InTheWay(in_the_way(findings)),
            Standing::Unfit { exit: Exit::Bug, .. } | Standing::Away { .. } => Self::Unseen,
            Standing::Unfit { .. } | Standing::Locked { .. } => Self::InTheWay(standing.sentence()),
        }
    }
}

/// What is left to people, and why.
pub fn left(cut: &Cut) -> Option<String> {
    let reasons: Vec<String> =
        cut.left.iter().map(|(why, steps)| format!("{why} ({})", steps.join(", "))).collect();
    (!reasons.is_empty()).then(|| reasons.join("; "))
}
