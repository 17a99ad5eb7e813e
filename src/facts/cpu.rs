//! How many processors there are.

use super::{Fact, Probe, strange};
use crate::model::command::Output;

/// `nproc`: the processors a process may use, which in a container can be fewer than the machine has.
pub struct Cpus;

impl Probe for Cpus {
    type Value = u32;

    fn question(&self) -> String {
        "nproc".to_owned()
    }

    fn read(&self, output: &Output) -> Fact<u32> {
        Fact::read(output, |text| text.trim().parse().map_err(|_| strange("nproc", text)))
    }
}
