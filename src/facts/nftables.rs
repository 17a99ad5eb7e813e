//! Our own tables in the kernel's packet filter. Others' are not asked for.

use std::collections::BTreeMap;

use super::{Fact, Probe, strange};
use crate::model::command::Output;

/// `nft -j -s list table inet NAME`, for every table whose name starts with `pryvctl`. No `nft`: absent.
pub struct OwnTables;

impl Probe for OwnTables {
    type Value = BTreeMap<String, serde_json::Value>;

    fn question(&self) -> String {
        include_str!("nftables.sh").to_owned()
    }

    fn read(&self, output: &Output) -> Fact<Self::Value> {
        Fact::read(output, |text| text.lines().filter(|line| !line.is_empty()).map(table).collect())
    }
}

fn table(line: &str) -> Result<(String, serde_json::Value), String> {
    let wrong = || strange("nft's answer", line);
    let value: serde_json::Value = serde_json::from_str(line).map_err(|_| wrong())?;
    let objects = value["nftables"].as_array().ok_or_else(wrong)?;
    let name = objects.iter().find_map(|object| object["table"]["name"].as_str()).ok_or_else(wrong)?;
    Ok((name.to_owned(), value))
}
