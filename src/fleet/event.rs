//! What happens during a run, as it happens. The work says it; the journal keeps it; the face shows it.

mod subscriber;

use std::time::Duration;

use serde::Serialize;

pub use self::subscriber::{Events, Subscriber, Voice};
use super::journal::anchor::Anchored;
use crate::{model::name::HostName, plan::step::StepId};

/// Something that happened.
#[derive(Debug, Clone)]
pub struct Event {
    /// On which host; `None`: to the run as a whole.
    pub host: Option<HostName>,
    /// What.
    pub what: What,
}

/// What can happen.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum What {
    /// We are logging in.
    Connecting,
    /// We are reading what is there.
    Surveying,
    /// Hosts are about to be changed.
    Begun {
        /// Of everything that will be done, SHA-256 in lower-case hex.
        plan: String,
        /// The hosts that will be changed.
        hosts: Vec<HostName>,
    },
    /// A batch of a rollout begins.
    Batch {
        /// Its place, from 1.
        number: usize,
        /// How many there will be if all goes well.
        of: usize,
        /// The role whose turn it is.
        role: String,
        /// The hosts.
        hosts: Vec<HostName>,
    },
    /// A host's or a run's hook is called.
    Hook {
        /// What is called, in a few words.
        name: String,
    },
    /// A hook that reaches out of a lab is not called there.
    HookLeft {
        /// What is not called, in a few words.
        name: String,
    },
    /// A step begins.
    Step {
        /// Its place, from 1.
        number: usize,
        /// How many there are.
        of: usize,
        /// Its name.
        id: StepId,
    },
    /// A step has ended.
    StepEnded {
        /// Its name.
        id: StepId,
        /// Why it failed, if it did.
        failed: Option<String>,
    },
    /// The host keeps in a log of its own how far the journal went.
    Anchored(Anchored),
    /// It does not.
    Unanchored {
        /// Why.
        why: String,
    },
    /// A lab comes up or goes.
    Lab {
        /// Its name.
        name: String,
        /// What becomes of it.
        comes: bool,
    },
    /// The host's own timer runs: without our confirmation it takes the change back.
    Armed {
        /// How long it waits.
        #[serde(serialize_with = "seconds")]
        window: Duration,
    },
    /// A new login came through; the timer is off.
    Confirmed,
    /// The change cut us off; we wait until the host has taken it back.
    CutOff {
        /// How long that may take.
        #[serde(serialize_with = "seconds")]
        window: Duration,
    },
    /// All steps are carried out; whether it stays good is watched.
    Watching {
        /// How long.
        #[serde(serialize_with = "seconds")]
        window: Duration,
    },
    /// The host was looked at from outside.
    Scanned {
        /// By whom, and over IPv6 where it was so.
        from: Vec<String>,
        /// Ports that answered somebody.
        answering: Vec<String>,
        /// How many that were tried answered nobody.
        silent: usize,
        /// Declared UDP ports that said nothing, which a server may do that is well.
        unsure: Vec<String>,
        /// Declared ports that nobody could try who may.
        untried: Vec<String>,
    },
    /// Another host could not look: that says nothing of this one.
    Blind {
        /// From where, and over IPv6 where it was so.
        from: String,
        /// Why.
        why: String,
    },
    /// Docker went away under the work; it is waited for.
    EngineAway {
        /// The longest wait.
        #[serde(serialize_with = "seconds")]
        patience: Duration,
    },
    /// A file is not what it was when the plan was made; the host is looked at and planned for again.
    LookingAgain {
        /// Which file, and at which step.
        why: String,
    },
    /// The host failed and goes back to what served before.
    GoingBack {
        /// Why.
        why: String,
    },
    /// The run waits, because somebody asked it to.
    Paused {
        /// Who, and since when.
        by: String,
    },
    /// It goes on.
    Resumed,
    /// The run will end at the next good moment, because somebody asked it to.
    Stopping {
        /// When.
        moment: String,
    },
    /// Nothing more happens on this host.
    Finished {
        /// How it ended, in a few words.
        outcome: String,
        /// Whether nobody has to do anything about it.
        #[serde(skip)]
        well: bool,
    },
    /// Nothing more happens at all.
    Ended {
        /// Why it ended early, or nothing.
        why: Option<String>,
    },
}

fn seconds<S: serde::Serializer>(time: &Duration, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_u64(time.as_secs())
}

impl What {
    /// Whether somebody who watches wants to know: that a step has ended is told by the next one.
    fn is_shown(&self) -> bool {
        !matches!(self, Self::StepEnded { .. } | Self::Anchored(_) | Self::Lab { .. })
    }

    /// Whether it says what is done next, and not what was done.
    pub(super) fn comes_first(&self) -> bool {
        self.is_history()
            && !matches!(self, Self::StepEnded { .. } | Self::Anchored(_) | Self::Unanchored { .. })
    }

    /// Whether it belongs to the history of the hosts: looking at them does not.
    pub fn is_history(&self) -> bool {
        match self {
            Self::Connecting | Self::Surveying => false,
            Self::Begun { .. }
            | Self::Batch { .. }
            | Self::Hook { .. }
            | Self::HookLeft { .. }
            | Self::Step { .. }
            | Self::StepEnded { .. }
            | Self::Anchored(_)
            | Self::Unanchored { .. }
            | Self::Lab { .. }
            | Self::Armed { .. }
            | Self::Confirmed
            | Self::CutOff { .. }
            | Self::Watching { .. }
            | Self::Scanned { .. }
            | Self::Blind { .. }
            | Self::EngineAway { .. }
            | Self::LookingAgain { .. }
            | Self::GoingBack { .. }
            | Self::Paused { .. }
            | Self::Resumed
            | Self::Stopping { .. }
            | Self::Finished { .. }
            | Self::Ended { .. } => true,
        }
    }
}
