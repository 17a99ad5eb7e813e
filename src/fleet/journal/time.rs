//! What time it is, as a journal says it.

use std::time::{SystemTime, UNIX_EPOCH};

/// Now, RFC 3339 in UTC.
pub fn now() -> String {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    said(elapsed.as_secs())
}

/// Seconds since 1970 as a date. The calendar repeats every 400 years; a year that begins in March has its odd day last.
fn said(seconds: u64) -> String {
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let (day, month) = (day - (153 * month + 2) / 5 + 1, if month < 10 { month + 3 } else { month - 9 });
    let year = era * 400 + year + u64::from(month <= 2);
    let (hour, minute, second) = (rest / 3_600, rest / 60 % 60, rest % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::said;

    #[test]
    fn seconds_are_dates() {
        assert_eq!(said(0), "1970-01-01T00:00:00Z");
        assert_eq!(said(951_782_399), "2000-02-28T23:59:59Z");
        assert_eq!(said(951_782_400), "2000-02-29T00:00:00Z");
        assert_eq!(said(1_795_258_274), "2026-11-21T10:51:14Z");
        assert_eq!(said(4_107_542_400), "2100-03-01T00:00:00Z");
    }
}
