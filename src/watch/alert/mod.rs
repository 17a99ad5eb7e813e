//! Alerts: from what is heard of hosts to what somebody is told. Pure but for what keeps and sends them, which is elsewhere:
//! time is a parameter here.

mod engine;
mod ground;
pub mod message;
mod reading;
mod trend;

use crate::model::name::HostName;

pub use engine::{Engine, Found, Scope, Turn};
pub use ground::{Ground, Silence, rules};
pub use trend::{WINDOW, hours_until};

/// Which rule, about which part of which host.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// The rule.
    pub rule: String,
    /// The host.
    pub host: HostName,
    /// The part; empty: the host as a whole.
    pub part: String,
}

/// Something that holds, or held a moment ago. Times are seconds since 1970.
#[derive(Debug, Clone, PartialEq)]
pub struct Alert {
    /// Since when it holds.
    pub began: i64,
    /// When it fired; `None`: it does not hold for long enough.
    pub fired: Option<i64>,
    /// When somebody was told last; `None`: nobody, because it is muted.
    pub told: Option<i64>,
    /// Since when it does not hold any more, which is not yet for long enough.
    pub over: Option<i64>,
    /// In words.
    pub words: String,
    /// The number that goes with it.
    pub number: Option<f64>,
}

/// How far an alert is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// It does not hold for long enough.
    Pending,
    /// It fires.
    Firing,
    /// It does not hold any more, which is not yet for long enough.
    Clearing,
}

impl Alert {
    /// How far it is.
    pub fn phase(&self) -> Phase {
        match (self.fired, self.over) {
            (None, _) => Phase::Pending,
            (Some(_), None) => Phase::Firing,
            (Some(_), Some(_)) => Phase::Clearing,
        }
    }
}

impl Phase {
    /// Its word for programs.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Firing => "firing",
            Self::Clearing => "clearing",
        }
    }
}

#[cfg(test)]
mod tests;
