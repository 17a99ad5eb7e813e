//! What time the host believes it is, and whether something keeps it right.

use super::{Fact, Probe, strange};
use crate::model::command::Output;

/// `date`, asked before anything else, and the time services.
pub struct HostClock;

/// The host's clock.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Clock {
    /// Seconds since 1970, with a fraction where the host's `date` gives one.
    pub epoch: f64,
    /// The running time service; `None`: the clock is left to itself.
    pub kept_by: Option<String>,
}

impl Probe for HostClock {
    type Value = Clock;

    // `timedatectl` would start a service to answer; the process list answers without.
    fn question(&self) -> String {
        "date +%s.%N\ncat /proc/[0-9]*/comm 2>/dev/null \
         | grep -m1 -xE 'systemd-timesyn|chronyd|ntpd|ntpsec|openntpd' || :"
            .to_owned()
    }

    fn read(&self, output: &Output) -> Fact<Clock> {
        Fact::read(output, |text| {
            let (date, service) = text.split_once('\n').unwrap_or((text, ""));
            let epoch = date.trim_end_matches("%N").trim_end_matches('.');
            let epoch: f64 = epoch.parse().map_err(|_| strange("date", text))?;
            let service = service.trim();
            // The kernel keeps 15 characters of a process name.
            let service = if service == "systemd-timesyn" { "systemd-timesyncd" } else { service };
            Ok(Clock { epoch, kept_by: (!service.is_empty()).then(|| service.to_owned()) })
        })
    }
}
