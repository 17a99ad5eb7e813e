//! Which audit rules the kernel has.

use std::collections::BTreeSet;

use crate::{
    facts::{Fact, Probe},
    model::command::Output,
};

/// The keys of the loaded rules; absent where there is no `auditctl`, or where the kernel's audit is not ours to ask, as
/// in a container.
pub struct AuditKeys;

impl Probe for AuditKeys {
    type Value = BTreeSet<String>;

    fn question(&self) -> String {
        "command -v auditctl >/dev/null || exit 44\nauditctl -l 2>/dev/null || exit 44".to_owned()
    }

    fn read(&self, output: &Output) -> Fact<Self::Value> {
        Fact::read(output, |text| Ok(text.lines().filter_map(key).collect()))
    }
}

/// The key of a rule: `-k docker`, or `-F key=docker`.
fn key(rule: &str) -> Option<String> {
    let words: Vec<&str> = rule.split_whitespace().collect();
    let short = words.windows(2).find(|pair| pair[0] == "-k").map(|pair| pair[1]);
    short.or_else(|| words.iter().find_map(|word| word.strip_prefix("key="))).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_of_writing_a_key_are_read() {
        assert_eq!(key("-w /usr/bin/dockerd -p rwxa -k docker").as_deref(), Some("docker"));
        assert_eq!(key("-a always,exit -F arch=b64 -S adjtimex -F key=time").as_deref(), Some("time"));
        assert_eq!(key("No rules"), None);
    }
}
