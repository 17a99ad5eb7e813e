//! Alerts that nobody is told about for a while.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_saphyr::Spanned;
use time::{
    Date, OffsetDateTime, Time,
    format_description::well_known::{Iso8601, Rfc3339},
};

use crate::model::schema::word::Moment;

/// Alerts that nobody is told about for a while. They are still shown.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Mute {
    /// The name of the alert. Without it: all alerts.
    #[schemars(with = "Option<String>")]
    pub alert: Option<Spanned<String>>,
    /// Patterns for names of hosts. Without it: all hosts.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub hosts: Vec<Spanned<String>>,
    /// Why; `pryvctl alerts` shows it.
    pub reason: String,
    /// The last day (UTC), or the moment from which on they are told again.
    #[schemars(with = "Moment")]
    pub until: Until,
}

/// A moment, in seconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Until(pub i64);

impl TryFrom<String> for Until {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        let day = || Date::parse(&text, &Iso8601::DATE).ok().and_then(Date::next_day);
        let midnight = |day| OffsetDateTime::new_utc(day, Time::MIDNIGHT);
        let moment = OffsetDateTime::parse(&text, &Rfc3339).ok().or_else(|| day().map(midnight));
        let moment = moment.ok_or_else(|| format!("`{text}` is neither a day nor a moment"))?;
        Ok(Self(moment.unix_timestamp()))
    }
}
