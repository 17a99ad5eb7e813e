//! How far back.

use serde::{Deserialize, Serialize};

/// How far back a plot reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Span {
    /// An hour.
    #[serde(rename = "1h")]
    Hour,
    /// A day.
    #[default]
    #[serde(rename = "24h")]
    Day,
    /// A week.
    #[serde(rename = "7d")]
    Week,
    /// 90 days.
    #[serde(rename = "90d")]
    Quarter,
}

impl Span {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Hour, Self::Day, Self::Week, Self::Quarter];

    /// Its seconds.
    pub fn seconds(self) -> i64 {
        match self {
            Self::Hour => 3600,
            Self::Day => 86_400,
            Self::Week => 7 * 86_400,
            Self::Quarter => 90 * 86_400,
        }
    }

    /// What a time axis shows of a moment.
    pub fn shows(self, at: i64) -> String {
        let Ok(time) = time::OffsetDateTime::from_unix_timestamp(at) else { return String::new() };
        let (day, month) = (time.day(), time.month());
        let (hour, minute) = (time.hour(), time.minute());
        match self {
            Self::Hour | Self::Day => format!("{hour:02}:{minute:02}"),
            Self::Week | Self::Quarter => {
                let month: String = month.to_string().chars().take(3).collect();
                format!("{day} {month}")
            }
        }
    }
}
