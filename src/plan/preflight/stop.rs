//! What of that which was found keeps a host from being touched.

use super::break_glass;
use crate::plan::{
    Goal,
    finding::{Finding, Verdict},
};

/// Checks about the next login.
const DOORS: [&str; 3] = ["login", "next-login", break_glass::CHECK];

impl Goal {
    /// Whether a host on which this was found is left alone. Closing doors needs no memory, but a login that comes back.
    pub fn is_stopped_by(self, finding: &Finding) -> bool {
        let failed = finding.verdict == Verdict::Failure;
        match self {
            Self::Harden | Self::Revert => failed && DOORS.contains(&finding.check),
            Self::Rollback | Self::Uninstall(_) => false,
            Self::Install | Self::Repair(_) => failed,
        }
    }
}
