//! Which of the commands we need are there.

use std::collections::BTreeSet;

use super::{Fact, Probe, strange};
use crate::model::{command::Output, place};

/// The commands of [`place::COMMANDS`], and [`place::PERL`].
pub struct Tools;

impl Probe for Tools {
    type Value = BTreeSet<String>;

    fn question(&self) -> String {
        let names = place::COMMANDS.map(|(name, _)| name).join(" ");
        let perl = place::PERL;
        format!("for tool in {names} {perl}; do ! command -v $tool >/dev/null || echo $tool; done\necho end")
    }

    fn read(&self, output: &Output) -> Fact<Self::Value> {
        Fact::read(output, |text| {
            let names = text.strip_suffix("end\n").ok_or_else(|| strange("the list of commands", text))?;
            Ok(names.lines().map(str::to_owned).collect())
        })
    }
}
