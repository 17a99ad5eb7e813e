//! Part of a file that is wholly ours.

use super::part::Part;

/// Lines of ours that are missing in a file of ours.
pub fn fragment(place: &str, found: &str, ours: &str) -> Part {
    let missing: Vec<&str> = ours.lines().filter(|line| !found.lines().any(|there| there == *line)).collect();
    let (all, fits) = (ours.lines().count(), missing.is_empty());
    let shown = match missing.as_slice() {
        [] => format!("{all} lines"),
        [line] => format!("without `{line}`"),
        [line, rest @ ..] => format!("without `{line}` and {} more", rest.len()),
    };
    Part::new(place, shown, format!("{all} lines")).fitting(fits)
}
