//! How much memory there is.

use super::{Fact, Probe, strange};
use crate::model::{command::Output, size::Bytes};

/// `/proc/meminfo`.
pub struct MemInfo;

/// Main memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Memory {
    /// What the kernel manages; a few per cent less than the machine was given.
    pub total: Bytes,
    /// What programs can still get without swapping.
    pub available: Bytes,
    /// Swap.
    pub swap: Bytes,
}

impl Probe for MemInfo {
    type Value = Memory;

    fn question(&self) -> String {
        "cat /proc/meminfo".to_owned()
    }

    fn read(&self, output: &Output) -> Fact<Memory> {
        Fact::read(output, |text| {
            let field = |name| amount(text, name).ok_or_else(|| strange("meminfo", text));
            Ok(Memory {
                total: field("MemTotal:")?,
                available: field("MemAvailable:")?,
                swap: field("SwapTotal:")?,
            })
        })
    }
}

/// meminfo's "kB" are units of 1024 bytes.
fn amount(text: &str, name: &str) -> Option<Bytes> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    let number = line.trim().strip_suffix(" kB")?;
    number.trim().parse::<u64>().ok()?.checked_mul(1024).map(Bytes)
}
