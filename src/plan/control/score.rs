//! How many controls of a level hold.

use serde::Serialize;

use super::{Assessment, Verdict};
use crate::model::control::Level;

/// The controls of one level, counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Score {
    /// The level; its own controls only.
    pub level: Level,
    /// How many hold.
    pub pass: usize,
    /// How many do not.
    pub fail: usize,
    /// How many the inventory leaves out.
    pub skipped: usize,
    /// How many have no meaning on this host.
    pub not_applicable: usize,
}

impl Score {
    /// The scores of all levels that were assessed.
    pub fn of(assessments: &[Assessment]) -> Vec<Self> {
        let of_level = |level| {
            let count = |verdict| {
                let counted = assessments.iter().filter(|one| one.level == level && one.verdict == verdict);
                counted.count()
            };
            Self {
                level,
                pass: count(Verdict::Pass),
                fail: count(Verdict::Fail),
                skipped: count(Verdict::Skipped),
                not_applicable: count(Verdict::NotApplicable),
            }
        };
        let levels = [Level::One, Level::Two].into_iter();
        levels.filter(|level| assessments.iter().any(|one| one.level == *level)).map(of_level).collect()
    }

    /// Whole percent of those that have a meaning here. What is skipped counts against it.
    pub fn percent(&self) -> usize {
        let all = self.pass + self.fail + self.skipped;
        (self.pass * 100).checked_div(all).unwrap_or(100)
    }
}
