//! Which of the packages that controls name are installed.

use std::collections::BTreeSet;

use crate::{
    facts::{Fact, Probe, strange},
    model::{
        command::{Output, quote},
        desired::Desired,
    },
};

/// `dpkg-query`, of these packages.
pub struct Installed(pub BTreeSet<String>);

impl Installed {
    /// The packages of all controls, and those with or without which one does not apply.
    pub fn of(desired: &Desired) -> Self {
        let wanted = super::named(desired, |kind| kind.packages().map(|names| names.to_vec()));
        let others = desired
            .hardening
            .known
            .iter()
            .flat_map(|control| control.unless.iter().chain(&control.with).cloned());
        Self(wanted.into_iter().chain(others).collect())
    }
}

impl Probe for Installed {
    type Value = BTreeSet<String>;

    // A package that nobody ever heard of is no error here: it is not installed.
    fn question(&self) -> String {
        if self.0.is_empty() {
            return "exit 44".to_owned();
        }
        let names: Vec<String> = self.0.iter().map(|name| quote(name)).collect();
        format!(
            "command -v dpkg-query >/dev/null || exit 44\n\
             dpkg-query -W -f '${{Package}} ${{db:Status-Status}}\\n' -- {} 2>/dev/null\necho end",
            names.join(" ")
        )
    }

    fn read(&self, output: &Output) -> Fact<Self::Value> {
        Fact::read(output, |text| {
            let lines = text.strip_suffix("end\n").ok_or_else(|| strange("the list of packages", text))?;
            let names = lines.lines().filter_map(|line| line.strip_suffix(" installed"));
            Ok(names.map(str::to_owned).collect())
        })
    }
}
