//! What the host is: a machine, a virtual one, a container.

use super::{Fact, Probe};
use crate::model::command::Output;

/// `systemd-detect-virt`, as in `kvm` or `docker`; absent on bare metal.
pub struct Virtualisation;

impl Probe for Virtualisation {
    type Value = String;

    fn question(&self) -> String {
        "kind=$(systemd-detect-virt) || [ \"$kind\" = none ] || exit 1\n\
         [ \"$kind\" != none ] || exit 44\necho \"$kind\""
            .to_owned()
    }

    fn read(&self, output: &Output) -> Fact<String> {
        Fact::read(output, |text| Ok(text.trim().to_owned()))
    }
}
