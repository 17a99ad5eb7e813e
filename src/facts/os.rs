//! Which distribution it is.

use super::{Fact, Probe, strange};
use crate::model::command::Output;

/// A distribution, from `/etc/os-release`.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Os {
    /// `ID`, as in `debian`.
    pub id: String,
    /// `VERSION_ID`, as in `12`.
    pub version: String,
    /// `PRETTY_NAME`.
    pub title: String,
}

/// `/etc/os-release`.
pub struct OsRelease;

impl Probe for OsRelease {
    type Value = Os;

    fn question(&self) -> String {
        "cat /etc/os-release".to_owned()
    }

    fn read(&self, output: &Output) -> Fact<Os> {
        Fact::read(output, |text| {
            let value = |key: &str| text.lines().find_map(|line| assigned(line, key));
            let id = value("ID").ok_or_else(|| strange("os-release", text))?;
            // Debian testing and unstable have no VERSION_ID.
            let version = value("VERSION_ID").unwrap_or_default();
            let title = value("PRETTY_NAME").unwrap_or_else(|| format!("{id} {version}"));
            Ok(Os { id, version, title })
        })
    }
}

fn assigned(line: &str, key: &str) -> Option<String> {
    let value = line.strip_prefix(key)?.strip_prefix('=')?;
    Some(value.trim_matches(['"', '\'']).to_owned())
}
