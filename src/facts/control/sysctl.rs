//! The live values of kernel parameters.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    facts::{Fact, Probe, strange},
    model::{command::Output, control::Kind, desired::Desired},
};

/// `/proc/sys`, of these keys, in which `*` stands for the name of a network interface. A key this kernel does not have is
/// left out of the answer; one with a dot in a name is written with slashes, as sysctl(8) has it.
pub struct Sysctls(pub BTreeSet<String>);

impl Sysctls {
    /// The keys of all controls.
    pub fn of(desired: &Desired) -> Self {
        Self(super::named(desired, |kind| {
            if let Kind::Sysctl(keys) = kind { Some(keys.keys().cloned()) } else { None }
        }))
    }
}

impl Probe for Sysctls {
    type Value = BTreeMap<String, String>;

    // One process for all. The shell's own `read` takes byte by byte, and of these files only the first can be had so.
    fn question(&self) -> String {
        if self.0.is_empty() {
            return "exit 44".to_owned();
        }
        let paths: Vec<String> = self.0.iter().map(|key| super::pattern(&key.replace('.', "/"))).collect();
        format!("cd /proc/sys && grep -sH '' {}\necho end", paths.join(" "))
    }

    fn read(&self, output: &Output) -> Fact<Self::Value> {
        Fact::read(output, |text| {
            let lines = text.strip_suffix("end\n").ok_or_else(|| strange("the kernel's parameters", text))?;
            let pair = |line: &str| {
                let (path, value) =
                    line.split_once(':').ok_or_else(|| strange("a kernel parameter", line))?;
                let key = if path.contains('.') { path.to_owned() } else { path.replace('/', ".") };
                Ok((key, value.split_whitespace().collect::<Vec<_>>().join(" ")))
            };
            lines.lines().map(pair).collect()
        })
    }
}
