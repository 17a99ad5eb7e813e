//! What the figures of a plot count: how one is shown, and where a scale ends.

use super::super::{figure, plot::top};

/// What a figure counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    Ratio,
    Bytes,
    BytesPerSecond,
    PerSecond,
    Count,
}

impl Unit {
    pub(super) fn shown(self, value: f64) -> String {
        match self {
            Self::Ratio => figure::percent(value),
            Self::Bytes => figure::bytes(value),
            Self::BytesPerSecond => format!("{}/s", figure::bytes(value)),
            Self::PerSecond => format!("{}/s", figure::plain(value)),
            Self::Count => figure::plain(value),
        }
    }

    pub(super) fn top(self, greatest: f64) -> f64 {
        match self {
            Self::Ratio => 1.0,
            Self::Bytes | Self::BytesPerSecond => top(greatest.max(1024.0), 1024.0),
            Self::PerSecond | Self::Count => top(greatest.max(1.0), 1000.0),
        }
    }
}
