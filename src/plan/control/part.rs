//! What a control finds.

use serde::Serialize;

/// One thing a control looks at: where, what is there and what must be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Part {
    /// Where, as in `net.ipv4.tcp_syncookies (live)` or `/etc/login.defs: UMASK`.
    pub place: String,
    /// What is there.
    pub found: String,
    /// What must be there.
    pub wanted: String,
    /// Whether that is good enough.
    pub fits: bool,
}

impl Part {
    /// What is there and what must be; it fits where both are the same.
    pub(in crate::plan) fn new(
        place: impl Into<String>,
        found: impl Into<String>,
        wanted: impl Into<String>,
    ) -> Self {
        let (place, found, wanted) = (place.into(), found.into(), wanted.into());
        let fits = found == wanted;
        Self { place, found, wanted, fits }
    }

    /// The same, judged otherwise.
    pub(in crate::plan) fn fitting(self, fits: bool) -> Self {
        Self { fits, ..self }
    }
}

/// What of a control does not fit, one line each, with the control's name.
pub(in crate::plan) fn reasons<'a>(drifted: impl IntoIterator<Item = (&'a str, &'a Part)>) -> Vec<String> {
    let lines = drifted.into_iter().filter(|(_, part)| !part.fits);
    lines.map(|(id, part)| format!("{id}: {}: {} -> {}", part.place, part.found, part.wanted)).collect()
}
