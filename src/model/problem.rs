//! A problem with what an administrator wrote: what is wrong, where, and the way out.

use serde_saphyr::{Location, Spanned};

/// One problem. Several are collected before anything is said, so that one run shows them all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Whether it stops the command.
    pub severity: Severity,
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

/// How bad a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// It works, and is worth a thought.
    Warning,
    /// Nothing is done until it is mended.
    Error,
}

impl Problem {
    /// Something that stops the command.
    pub fn error(rule: &'static str, message: impl Into<String>) -> Self {
        Self { severity: Severity::Error, rule, message: message.into(), hint: None, at: None, also: None }
    }

    /// Something that is only worth a thought.
    pub fn warning(rule: &'static str, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(rule, message) }
    }

    /// Adds the way out.
    #[must_use]
    pub fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// Points at the text; a place that is not known leaves the problem without one.
    #[must_use]
    pub fn at(self, place: impl Into<Option<Place>>) -> Self {
        Self { at: place.into(), ..self }
    }

    /// Points at a second place, with a word about it.
    #[must_use]
    pub fn also(self, place: impl Into<Option<Place>>, word: impl Into<String>) -> Self {
        Self { also: place.into().map(|place| (place, word.into())), ..self }
    }
}

/// A stretch of the inventory's text, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Where it starts.
    pub offset: usize,
    /// How long it is.
    pub len: usize,
}

impl Place {
    /// The place of a parser's location; `None` when the parser does not know it.
    pub fn of(location: Location) -> Option<Self> {
        let offset = usize::try_from(location.span().byte_offset()?).ok()?;
        let len = usize::try_from(location.span().byte_len().unwrap_or_default()).ok()?;
        (location != Location::UNKNOWN).then_some(Self { offset, len })
    }
}

impl<T> From<&Spanned<T>> for Place {
    fn from(value: &Spanned<T>) -> Self {
        Self::of(value.referenced).unwrap_or(Self { offset: 0, len: 0 })
    }
}
