//! From when on a log is shown, as `docker logs --since` takes it.

use std::{str::FromStr, time::Duration};

use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::model::compose::parse_period;

/// From when on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Since {
    /// So long before now, by the clock of the host.
    Ago(Duration),
    /// This time.
    At(OffsetDateTime),
}

impl FromStr for Since {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let invalid = || {
            "write how long ago, as in 10m or 1h30m, or a time, as in 2026-11-29T10:00:00Z or 2026-11-29"
                .to_owned()
        };
        if let Ok(period) = parse_period(text) {
            return Ok(Self::Ago(period));
        }
        if let Ok(seconds) = text.parse() {
            return OffsetDateTime::from_unix_timestamp(seconds).map(Self::At).map_err(|_| invalid());
        }
        // What is left out of a time is midnight, UTC.
        let whole = ["", "Z", ":00Z", "T00:00:00Z"].into_iter();
        let read = |rest| OffsetDateTime::parse(&format!("{text}{rest}"), &Rfc3339).ok();
        whole.filter_map(read).next().map(Self::At).ok_or_else(invalid)
    }
}

impl Since {
    /// Seconds since 1970, as a word of a shell.
    pub(super) fn word(self) -> String {
        match self {
            Self::Ago(period) => format!("$(($(date +%s) - {}))", period.as_secs()),
            Self::At(time) => format!("{}.{:09}", time.unix_timestamp(), time.nanosecond()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(text: &str) -> String {
        text.parse().map_or_else(|error: String| error, Since::word)
    }

    #[test]
    fn a_span_counts_by_the_clock_of_the_host() {
        assert_eq!(word("10m"), "$(($(date +%s) - 600))");
        assert_eq!(word("1h30m5s"), "$(($(date +%s) - 5405))");
    }

    #[test]
    fn a_time_is_a_point_of_utc() {
        for same in [
            "2026-11-29T10:00:00Z",
            "2026-11-29T11:00:00+01:00",
            "2026-11-29T10:00:00",
            "2026-11-29T10:00",
            "1795946400",
        ] {
            assert_eq!(word(same), "1795946400.000000000", "{same}");
        }
        assert_eq!(word("2026-11-29T10:00:00.25Z"), "1795946400.250000000");
        assert_eq!(word("2026-11-29"), "1795910400.000000000");
    }

    #[test]
    fn what_is_neither_is_refused_with_examples() {
        for wrong in ["", "soon", "10 m", "-5m", "2026-13-01", "10:00"] {
            let refused = wrong.parse::<Since>();
            assert!(refused.is_err(), "{wrong}: {refused:?}");
        }
        insta::assert_snapshot!(word("soon"), @"write how long ago, as in 10m or 1h30m, or a time, as in 2026-11-29T10:00:00Z or 2026-11-29");
    }
}
