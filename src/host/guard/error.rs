//! How a guarded change ended, other than well, and the way out.

use crate::host::apply::ApplyError;

/// How a guarded change ended, other than well.
#[derive(Debug, thiserror::Error)]
pub enum GuardError {
    /// Nothing was changed: saving, arming or checking failed.
    #[error("nothing was changed: {0}")]
    NotStarted(#[source] ApplyError),
    /// Nothing was changed: another run's change is not confirmed yet, and its way back is not ours.
    #[error("nothing was changed: a change of another run on this host is waiting for its confirmation")]
    Taken,
    /// A step failed; the host took all of them back.
    #[error("change reverted: {0}")]
    TakenBack(#[source] ApplyError),
    /// The change cut us off; the old access is back.
    #[error("the change broke our access ({reason}); the host reverted it, and the old access works again")]
    Healed {
        /// Why the new login failed.
        reason: String,
    },
    /// The change cut us off and the old access did not come back in time.
    #[error("the change broke our access ({reason}), and the host did not answer again within {seconds} s")]
    Lost {
        /// Why the new login failed.
        reason: String,
        /// How long we waited.
        seconds: u64,
    },
    /// The change was to be taken back and some of it was not.
    #[error("{reason}; the host could not revert the whole change")]
    Stuck {
        /// What happened before.
        reason: String,
    },
    /// The connection broke while we confirmed.
    #[error("the confirmation may not have arrived ({reason}); the change is either kept or reverted")]
    Unsure {
        /// How it broke.
        reason: String,
    },
    /// The host undid the change before we could confirm it.
    #[error("the confirmation came too late: the host had already reverted the change")]
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
            Self::Unsure { .. } => Some("run again: the next run reads the host and continues".to_owned()),
        }
    }
}
