//! What `/etc/hosts` says.

use super::{Fact, Probe};
use crate::model::command::Output;

/// The text of `/etc/hosts`.
pub struct HostsFile;

impl Probe for HostsFile {
    type Value = String;

    fn question(&self) -> String {
        "[ -e /etc/hosts ] || exit 44\ncat /etc/hosts".to_owned()
    }

    fn read(&self, output: &Output) -> Fact<String> {
        Fact::read(output, |text| Ok(text.to_owned()))
    }
}
