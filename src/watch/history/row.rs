//! The place of a row: the host and the time in one number, so that what belongs together lies together.

use std::ops::Range;

/// Enough for times up to the year 4147.
const TIME: u32 = 36;

/// The place of a host's row of a time.
pub fn place(host: i64, at: i64) -> i64 {
    (host << TIME) | at.clamp(0, (1 << TIME) - 1)
}

/// The time of a place.
pub fn time(place: i64) -> i64 {
    place & ((1 << TIME) - 1)
}

/// All places of a host within a time.
pub fn places(host: i64, at: Range<i64>) -> (i64, i64) {
    (place(host, at.start), place(host, at.end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_of_one_host_lie_together_in_order_of_time() {
        assert!(place(1, 0) < place(1, 1) && place(1, i64::MAX) < place(2, 0));
        assert_eq!(time(place(77, 1_796_027_400)), 1_796_027_400);
        assert_eq!(places(3, 5..9), (place(3, 5), place(3, 9)));
    }
}
