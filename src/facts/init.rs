//! Whether systemd runs the host, and how it is.

use super::{Fact, Probe, strange};
use crate::model::command::Output;

/// Process 1 and `systemctl is-system-running`.
pub struct InitSystem;

/// What runs the host.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Init {
    /// The name of process 1.
    pub name: String,
    /// systemd's own word, as in `running` or `degraded`; `None`: it is not systemd.
    pub state: Option<String>,
    /// Units that failed.
    pub failed: Vec<String>,
}

impl Probe for InitSystem {
    type Value = Init;

    fn question(&self) -> String {
        "cat /proc/1/comm\ncommand -v systemctl >/dev/null || exit 0\nsystemctl is-system-running 2>/dev/null\n\
         systemctl list-units --failed --plain --no-legend --no-pager | cut -d ' ' -f 1"
            .to_owned()
    }

    fn read(&self, output: &Output) -> Fact<Init> {
        Fact::read(output, |text| {
            let mut lines = text.lines().map(str::to_owned);
            let name =
                lines.next().filter(|name| !name.is_empty()).ok_or_else(|| strange("process 1", text))?;
            Ok(Init { name, state: lines.next(), failed: lines.collect() })
        })
    }
}
