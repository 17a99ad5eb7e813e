//! How a guarded change ended, other than well, and the way out.

use crate::host::apply::ApplyError;

/// How a guarded change ended, other than well.
#[derive(Debug, thiserror::Error)]
pub enum GuardError {
    /// Nothing was changed: saving, arming or checking failed.
    #[error("nothing was changed: {0}")]
    NotStarted(#[source] ApplyError),
    /// Nothing was changed: another run's change is not confirmed yet, and its way back is not ours.
    #[error("nothing was changed: a change of another run waits for its confirmation on this host")]
    Taken,
    /// A step failed; the host took all of them back.
    #[error("taken back: {0}")]
    TakenBack(#[source] ApplyError),
    /// The change cut us off; the old access is back.
    #[error(
        "the change cut us off ({reason}); the host took it back by itself and the old access works again"
    )]
    Healed {
        /// Why the new login failed.
        reason: String,
    },
    /// The change cut us off and the old access did not come back in time.
    #[error("the change cut us off ({reason}) and the host did not answer again within {seconds} s")]
    Lost {
        /// Why the new login failed.
        reason: String,
        /// How long we waited.
        seconds: u64,
    },
    /// The change was to be taken back and some of it was not.
    #[error("{reason}; and the host could not take all of it back")]
    Stuck {
        /// What happened before.
        reason: String,
    },
    /// The connection broke while we confirmed.
    #[error("the confirmation did not come through ({reason}); the change may stand or be taken back")]
    Unsure {
        /// How it broke.
        reason: String,
    },
    /// The host undid the change before we could confirm it.
    #[error("the confirmation came too late: the host had already taken the change back")]
    TooLate,
}

impl GuardError {
    /// The way out.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NotStarted(cause) | Self::TakenBack(cause) => cause.hint(),
            Self::Healed { .. } => Some(
                "check `admin_networks` and `ssh` in the inventory: do they let this controller in? \
                 If logging in is only slow, give it a longer --window"
                    .to_owned(),
            ),
            Self::Lost { .. } => {
                Some("use the host's console; the undo is in /var/lib/pryvctl/guard/undo".to_owned())
            }
            Self::Stuck { .. } => Some(
                "on the host, `journalctl -u pryvctl-guard` says why; what was there before is in /var/lib/pryvctl/guard"
                    .to_owned(),
            ),
            Self::Taken => Some("wait until the other run has ended, then run again".to_owned()),
            Self::TooLate => Some("run again with a longer --window".to_owned()),
            Self::Unsure { .. } => Some("run again: the next run sees what stands and continues".to_owned()),
        }
    }
}
