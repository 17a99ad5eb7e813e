//! Which control groups the kernel offers.

use super::{Fact, Probe, strange};
use crate::model::command::Output;

/// The filesystem at `/sys/fs/cgroup`.
pub struct Cgroups;

/// Control groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Cgroup {
    /// One hierarchy.
    V2,
    /// One hierarchy for each controller, or a mixture.
    V1,
}

impl Probe for Cgroups {
    type Value = Cgroup;

    fn question(&self) -> String {
        "[ -d /sys/fs/cgroup ] || exit 44\nstat -f -c %T /sys/fs/cgroup".to_owned()
    }

    fn read(&self, output: &Output) -> Fact<Cgroup> {
        Fact::read(output, |text| match text.trim() {
            "cgroup2fs" => Ok(Cgroup::V2),
            "tmpfs" => Ok(Cgroup::V1),
            _ => Err(strange("/sys/fs/cgroup", text)),
        })
    }
}
