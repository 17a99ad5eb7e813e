//! systemd units: whether they are started at boot, and whether they run.

use std::{collections::BTreeMap, time::Duration};

use super::Kind;
use crate::model::{
    command::{Command, quote},
    control::UnitWish,
};

/// Daemons that are started on a busy machine.
const PATIENCE: Duration = Duration::from_secs(600);

/// Units by how they are to be: all that are to be alike in one go, as systemd reads all its files anew each time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Units(pub BTreeMap<UnitWish, Vec<String>>);

fn quoted(names: &[String]) -> String {
    names.iter().map(|name| quote(name)).collect::<Vec<_>>().join(" ")
}

/// What was started at boot, or masked, is so no more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitsReleased(pub BTreeMap<UnitWish, Vec<String>>);

impl Kind for UnitsReleased {
    fn command(&self) -> Command {
        let back = |(wish, names): (&UnitWish, &Vec<String>)| {
            let verb = match wish {
                UnitWish::Enabled | UnitWish::AtBoot => "disable",
                UnitWish::Masked => "unmask",
            };
            format!("systemctl {verb} -q {}\n", quoted(names))
        };
        Command::root(self.0.iter().map(back).collect::<String>())
    }

    #[cfg(test)]
    fn apply(&self, state: &mut crate::facts::state::HostState) {
        for (wish, names) in &self.0 {
            for name in names {
                let unit = state.system.units.get_mut(name).expect("there is no such unit");
                match wish {
                    UnitWish::Enabled | UnitWish::AtBoot => unit.enabled = false,
                    UnitWish::Masked => unit.masked = false,
                }
            }
        }
    }
}

impl Kind for Units {
    fn command(&self) -> Command {
        let change = |(wish, names): (&UnitWish, &Vec<String>)| {
            let names = quoted(names);
            match wish {
                UnitWish::Enabled => {
                    format!("systemctl unmask -q --no-reload {names}; systemctl enable -q --now {names}\n")
                }
                UnitWish::AtBoot => {
                    format!("systemctl unmask -q --no-reload {names}; systemctl enable -q {names}\n")
                }
                UnitWish::Masked => format!("systemctl mask -q --now {names}\n"),
            }
        };
        let script: String = self.0.iter().map(change).collect();
        Command::root(format!("set -e\n{script}")).within(PATIENCE)
    }

    #[cfg(test)]
    fn apply(&self, state: &mut crate::facts::state::HostState) {
        for (wish, names) in &self.0 {
            for name in names {
                let unit = state.system.units.get_mut(name).expect("there is no such unit");
                (unit.masked, unit.enabled, unit.active) = match wish {
                    UnitWish::Enabled => (false, true, true),
                    UnitWish::AtBoot => (false, true, unit.active),
                    UnitWish::Masked => (true, false, false),
                };
            }
        }
    }
}

/// Units that become what they were: each with its name, what `systemctl is-enabled` said, and whether it ran.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitsAsBefore(pub Vec<(String, String, bool)>);

impl Kind for UnitsAsBefore {
    fn command(&self) -> Command {
        let back = |(name, at_boot, ran): &(String, String, bool)| {
            let name = quote(name);
            let at_boot = match at_boot.as_str() {
                "masked" => "mask",
                "enabled" => "enable",
                _ => "disable",
            };
            let now = if *ran { "start" } else { "stop" };
            format!(
                "systemctl unmask -q {name}; systemctl {at_boot} -q {name} || true; systemctl {now} {name} || true\n"
            )
        };
        Command::root(self.0.iter().map(back).collect::<String>())
    }

    #[cfg(test)]
    fn apply(&self, state: &mut crate::facts::state::HostState) {
        for (name, at_boot, ran) in &self.0 {
            let unit = state.system.units.get_mut(name).expect("there is no such unit");
            (unit.masked, unit.enabled, unit.active) = (at_boot == "masked", at_boot == "enabled", *ran);
        }
    }
}

/// A unit of ours is started, now and at every boot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitStart(pub &'static str);

impl Kind for UnitStart {
    /// systemd reads units again by itself.
    fn command(&self) -> Command {
        Command::root(format!("systemctl enable -q --now {}", self.0))
    }

    #[cfg(test)]
    fn apply(&self, state: &mut crate::facts::state::HostState) {
        let unit =
            crate::facts::state::UnitState { exists: true, enabled: true, active: true, masked: false };
        state.system.units.insert(self.0.to_owned(), unit);
    }
}

/// A unit of ours is started at boot no more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitNotAtBoot(pub &'static str);

impl Kind for UnitNotAtBoot {
    fn command(&self) -> Command {
        Command::root(format!("systemctl disable -q {}", self.0))
    }

    #[cfg(test)]
    fn apply(&self, state: &mut crate::facts::state::HostState) {
        state.system.units.get_mut(self.0).expect("there is no such unit").enabled = false;
    }
}
