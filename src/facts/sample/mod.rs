//! How busy a host is: counters of its kernel and of its containers, read every minute over a script that stays.
//!
//! Most counters begin with the boot; a rate is the difference of two samples.

mod counters;
mod read;

use super::{container::of_platform, docker::API};
use crate::model::{command::quote, name::PlatformName};

pub use counters::{ContainerUse, DiskUse, Filesystem, Flow, MemoryUse, Pressure, Sample, Ticks, Traffic};
pub use read::read;

/// Prints a sample for each line that it is sent.
const SCRIPT: &str = include_str!("sample.sh");

/// The line behind a sample.
pub const END: &str = "end";

/// What a host may say in one sample, bytes: some hundred times what a busy one does.
pub const MOST: usize = 1 << 20;

/// The script for a platform's hosts. It runs as root, changes nothing, and ends with its standard input.
pub fn script(platform: &PlatformName) -> String {
    format!("{API}containers={}\n{SCRIPT}", quote(&of_platform(platform)))
}

#[cfg(test)]
mod tests;
