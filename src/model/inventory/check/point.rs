//! Where a problem is shown.

use serde_saphyr::Spanned;

use crate::model::problem::{Place, Problem};

/// Points at a value where it is written, and at the place that takes it over by an anchor.
pub(super) fn point<T>(problem: Problem, value: &Spanned<T>) -> Problem {
    let used = Place::from(value);
    match Place::of(value.defined).filter(|written| *written != used) {
        Some(written) => problem.at(written).also(used, "taken over here"),
        None => problem.at(used),
    }
}
