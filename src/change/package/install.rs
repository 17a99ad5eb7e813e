//! Packages are installed.

use std::collections::BTreeSet;

use super::{
    next::{APT, Next, Refusal},
    said::{DeedKind, named, words},
};
use crate::{
    change::original::forget,
    model::{
        command::{Command, filled, quote},
        place::ORIGINALS,
        write::{CHANGED, CHANGED_SAYS},
    },
};

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

/// apt-get waits for dpkg's lock but not for that of its lists; what an earlier run left half-configured is finished. The long
/// descriptions of packages, a third of what is fetched, are left as they are.
const ASK: &str = include_str!("ask_install.sh");

impl Packages {
    pub(super) fn next(&self, answers: &[String]) -> Result<Next, Refusal> {
        let names = self.names.join(" ");
        let Some(said) = answers.last() else {
            return Ok(Next::Ask(Command::root(filled(ASK, [("@NAMES@", &names)])).within(APT)));
        };
        let gone = named(said, DeedKind::Goes);
        if !gone.is_empty() {
            return Err(Refusal {
                why: format!("{names} would take the place of {}", words(&gone)),
                hint: match self.whose {
                    Whose::Controls => "remove that first, or skip the control that wants them",
                    Whose::Platforms { .. } => "remove that first",
                },
            });
        }
        let install = filled(include_str!("install.sh"), [("@NAMES@", &names)]);
        let script = match &self.whose {
            Whose::Controls => format!("{}\n{install}", record(&names, &named(said, DeedKind::Comes))),
            Whose::Platforms { forgotten } if forgotten.is_empty() => install,
            Whose::Platforms { forgotten } => {
                let lines: Vec<String> = forgotten.iter().map(|name| format!("package {name}")).collect();
                format!("{install}\n{}", forget(&lines))
            }
        };
        Ok(Next::Do(Command::root(script).within(APT)))
    }

    #[cfg(test)]
    pub(in crate::change) fn apply(&self, state: &mut crate::facts::state::HostState) {
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

/// What comes is written down before anything is installed, so that no broken off run loses one.
fn record(names: &str, coming: &BTreeSet<&str>) -> String {
    let places = [("@NAMES@", names), ("@ORIGINALS@", ORIGINALS), ("@SAYS@", CHANGED_SAYS)];
    let script = filled(include_str!("record.sh"), places);
    format!("coming={} changed={CHANGED}\n{script}", quote(&words(coming)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(whose: Whose, said: &str) -> Result<Next, Refusal> {
        Packages { names: vec!["auditd".to_owned()], whose }.next(&[said.to_owned()])
    }

    const SAID: &str = "Inst libauparse0 (1:3.0.9 Debian [amd64])\nInst libaudit1 [1:3.0.8] (1:3.0.9 Debian [amd64])\n\
                        Inst auditd (1:3.0.9 Debian [amd64])\n";

    #[test]
    fn what_comes_along_is_recorded_and_what_was_there_is_not() {
        let Ok(Next::Do(command)) = after(Whose::Controls, SAID) else { panic!("it is not done") };
        assert!(command.script.contains("coming='auditd libauparse0' "), "{}", command.script);
        assert!(!command.script.contains("libaudit1"), "{}", command.script);
    }

    #[test]
    fn nothing_of_the_platforms_is_recorded() {
        let Ok(Next::Do(command)) = after(Whose::Platforms { forgotten: Vec::new() }, SAID) else {
            panic!("it is not done")
        };
        assert!(!command.script.contains(ORIGINALS), "{}", command.script);
    }

    #[test]
    fn nothing_goes_to_make_room_for_them() {
        let refusal = after(Whose::Controls, &format!("Remv ntp [1]\nRemv chrony [4]\n{SAID}")).unwrap_err();
        assert_eq!(refusal.why, "auditd would take the place of chrony ntp");
    }
}
