//! Which boot this is, and whether another is due.

use super::{Fact, Probe, strange};
use crate::model::command::Output;

/// The kernel's boot id and the distribution's mark of a pending restart.
pub struct BootState;

/// The current boot.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Boot {
    /// Changes with every boot.
    pub id: String,
    /// Whether an upgrade asked for a restart of the host.
    pub restart_pending: bool,
}

impl Probe for BootState {
    type Value = Boot;

    fn question(&self) -> String {
        "cat /proc/sys/kernel/random/boot_id\n\
         if [ -e /run/reboot-required ]; then echo pending; else echo current; fi"
            .to_owned()
    }

    fn read(&self, output: &Output) -> Fact<Boot> {
        Fact::read(output, |text| match text.lines().collect::<Vec<_>>()[..] {
            [id, "pending"] => Ok(Boot { id: id.to_owned(), restart_pending: true }),
            [id, "current"] => Ok(Boot { id: id.to_owned(), restart_pending: false }),
            _ => Err(strange("boot_id", text)),
        })
    }
}
