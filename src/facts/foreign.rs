//! Which containers are not ours.

use std::collections::BTreeSet;

use super::{Fact, Probe, container::of_platform, docker::asked, strange};
use crate::model::{command::Output, name::PlatformName};

/// The names of all containers without the platform's label. Their commands stay on the host: they may hold a password.
pub struct ForeignContainers(pub PlatformName);

const NAMES: &str = r#"names() { printf %s "$1" | grep -oE '"Names":\[[^]]*\]' | grep -oE '/[^"]*'; }
names "$all"; echo ours; names "$ours"; :"#;

impl Probe for ForeignContainers {
    type Value = BTreeSet<String>;

    fn question(&self) -> String {
        let ours = of_platform(&self.0);
        asked(&format!("all=$(api '/containers/json?all=1') && ours=$(api '{ours}') || exit 1\n{NAMES}"))
    }

    fn read(&self, output: &Output) -> Fact<Self::Value> {
        Fact::read(output, |text| {
            let lines: Vec<&str> = text.lines().collect();
            let middle = lines.iter().position(|line| *line == "ours");
            let (all, ours) = lines.split_at(middle.ok_or_else(|| strange("the list of containers", text))?);
            let foreign = all.iter().filter(|name| !ours.contains(name));
            // Names by which linked containers know it have a slash more.
            let own = foreign.filter_map(|name| name.strip_prefix('/').filter(|name| !name.contains('/')));
            Ok(own.map(str::to_owned).collect())
        })
    }
}
