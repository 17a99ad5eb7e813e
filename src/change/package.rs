//! Packages of the distribution.

use std::time::Duration;

use super::{
    Kind,
    original::{forget, forget_function},
};
use crate::model::{
    command::{Command, filled},
    place::ORIGINALS,
};

/// Package downloads over a slow line, and another package manager that has to finish first.
const APT: Duration = Duration::from_secs(1800);

/// Packages that are installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packages {
    /// Their names.
    pub names: Vec<String>,
    /// For whom.
    pub whose: Whose,
}

/// Who wants packages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whose {
    /// A control: they and what apt brings along are recorded, so that all of it can go again.
    Controls,
    /// The platform: these, which a control brought before, stay when the control goes.
    Platforms {
        /// Their names.
        forgotten: Vec<String>,
    },
}

impl Kind for Packages {
    fn command(&self) -> Command {
        let names = self.names.join(" ");
        let script = match &self.whose {
            // Written down before anything is installed, so that no broken off run loses one.
            Whose::Controls => install(&names, &record(&names)),
            Whose::Platforms { forgotten } if forgotten.is_empty() => install(&names, ""),
            Whose::Platforms { forgotten } => {
                let lines: Vec<String> = forgotten.iter().map(|name| format!("package {name}")).collect();
                format!("{}\n{}", install(&names, ""), forget(&lines))
            }
        };
        Command::root(script).within(APT)
    }

    #[cfg(test)]
    fn apply(&self, state: &mut crate::facts::state::HostState) {
        use crate::{facts::state::EngineState, model::place};
        for name in &self.names {
            let commands = place::COMMANDS.iter().filter(|(_, package)| package == name);
            state.system.commands.extend(commands.map(|(command, _)| (*command).to_owned()));
            match name.as_str() {
                "docker.io" => {
                    state.docker.engine = Some(EngineState { cli: true, ..EngineState::default() })
                }
                "docker-cli" => state.docker.engine.iter_mut().for_each(|engine| engine.cli = true),
                _ => {}
            }
        }
        match &self.whose {
            Whose::Controls => {
                state.hardening.installed.get_or_insert_default().extend(self.names.iter().cloned());
                state.hardening.originals.packages.extend(self.names.iter().cloned());
            }
            Whose::Platforms { forgotten } => {
                state.hardening.originals.packages.retain(|name| !forgotten.contains(name));
            }
        }
    }
}

fn record(names: &str) -> String {
    filled(include_str!("package/record.sh"), [("@ORIGINALS@", ORIGINALS), ("@NAMES@", names)])
}

/// apt-get waits for dpkg's lock but not for that of its lists; what an earlier run left half-configured is finished. Nothing
/// goes to make room for them. The long descriptions of packages, a third of what is fetched, are left as they are. `first`
/// is run when apt knows what there is.
fn install(names: &str, first: &str) -> String {
    filled(include_str!("package/install.sh"), [("@FIRST@", first), ("@NAMES@", names)])
}

/// Packages that came with controls and go again, unless something else needs them by now. A file that goes with its package
/// is not put back by a later run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackagePurge {
    /// Their names.
    pub names: Vec<String>,
    /// Packages that stay, with all that they need.
    pub kept: Vec<String>,
}

impl Kind for PackagePurge {
    fn command(&self) -> Command {
        let kept = match &self.kept[..] {
            [] => String::new(),
            kept => filled(include_str!("package/kept.sh"), [("@KEPT@", &kept.join(" "))]) + "\n",
        };
        let script = filled(
            include_str!("package/purge.sh"),
            [
                ("@ORIGINALS@", ORIGINALS),
                ("@FORGET@", &forget_function()),
                ("@NAMES@", &self.names.join(" ")),
                ("@KEPT@\n", &kept),
            ],
        );
        Command::root(script).within(APT)
    }

    #[cfg(test)]
    fn apply(&self, state: &mut crate::facts::state::HostState) {
        for name in &self.names {
            state.hardening.installed.get_or_insert_default().remove(name);
            state.hardening.originals.packages.remove(name);
        }
    }
}
