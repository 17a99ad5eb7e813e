//! Checks of facts that may not be known.

use crate::{facts::Fact, plan::finding::Finding};

/// A check that can only be made on a known fact.
pub(super) fn judge<T>(
    check: &'static str,
    needed: &str,
    fact: &Fact<T>,
    remedy: &str,
    judge: impl FnOnce(&T) -> Finding,
) -> Finding {
    match fact {
        Fact::Known(value) => judge(value),
        Fact::Absent => Finding::ok(check, "nothing", needed).failure(remedy),
        Fact::Unreadable(why) => Finding::ok(check, format!("unreadable: {why}"), needed).failure(remedy),
    }
}

/// Major and minor number of a version, as in `20.10.24+dfsg1`, `6.1.0-18-amd64` or `12`.
pub(super) fn version(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.split(|c: char| !c.is_ascii_digit());
    Some((numbers.next()?.parse().ok()?, numbers.next().and_then(|minor| minor.parse().ok()).unwrap_or(0)))
}
