//! A problem with what an administrator wrote: what is wrong, where, and the way out.

use serde_saphyr::Spanned;

/// One problem. Several are collected before anything is said, so that one run shows them all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The rule that was broken, as in `zone.unknown`; tests and documentation name it.
    pub rule: &'static str,
    /// What is wrong, a lower-case fragment.
    pub message: String,
    /// The way out.
    pub hint: Option<String>,
    /// Where.
    pub at: Option<Place>,
    /// A second place that belongs to it, with a word about it, as in `first used here`.
    pub also: Option<(Place, String)>,
}

/// A stretch of the inventory's text, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Where it starts.
    pub offset: usize,
    /// How long it is.
    pub len: usize,
}

impl<T> From<&Spanned<T>> for Place {
    fn from(value: &Spanned<T>) -> Self {
        let span = value.referenced.span();
        Self {
            offset: usize::try_from(span.byte_offset().unwrap_or_default()).unwrap_or_default(),
            len: usize::try_from(span.byte_len().unwrap_or_default()).unwrap_or_default(),
        }
    }
}
