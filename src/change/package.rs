//! Packages of the distribution.

use std::time::Duration;

use super::{
    Kind,
    original::{forget, forget_function},
};
use crate::model::{command::Command, place::ORIGINALS};

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
    format!(
        "mkdir -p -m 700 {ORIGINALS}; touch {ORIGINALS}/index
for name in $(apt-get -s install --no-remove --no-install-recommends {names} | sed -n 's/^Inst \\([^ ]*\\) (.*/\\1/p'); do
grep -qxF \"package $name\" {ORIGINALS}/index || echo \"package $name\" >> {ORIGINALS}/index
done
sync {ORIGINALS}/index {ORIGINALS}"
    )
}

/// apt-get waits for dpkg's lock but not for that of its lists; what an earlier run left half-configured is finished. Nothing
/// goes to make room for them. The long descriptions of packages, a third of what is fetched, are left as they are. `first`
/// is run when apt knows what there is.
fn install(names: &str, first: &str) -> String {
    format!(
        "export DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l LC_ALL=C
tries=0
until said=$(apt-get -q -o Acquire::Languages=none -o APT::Get::List-Cleanup=false update 2>&1); do
  case $said in *'Could not get lock'*|*'Unable to lock'*) ;; *) printf '%s\\n' \"$said\" >&2; exit 1;; esac
  tries=$((tries+1)); [ $tries -lt 120 ] || {{ printf '%s\\n' \"$said\" >&2; exit 1; }}
  sleep 5
done
{first}
install() {{
  apt-get -q -y -o DPkg::Lock::Timeout=600 -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold \
install --no-remove --no-install-recommends {names}
}}
install || {{ dpkg --configure -a && install; }} || {{
  gone=$(apt-get -s install --no-install-recommends {names} | sed -n 's/^Remv \\([^ ]*\\).*/\\1/p')
  [ -z \"$gone\" ] || echo \"they would take the place of\" $gone\"; remove that first, or skip the control that wants them\" >&2
  exit 1
}}"
    )
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
            kept => format!(
                "kept=$(apt-cache --installed --recurse --important depends {} | sed -n 's/^\\([^ <].*\\)/\\1/p')
there=$(printf '%s\\n' \"$there\" | grep -vxF \"$kept\" || true)
",
                kept.join(" ")
            ),
        };
        let list = self.names.join(" ");
        let script = format!(
            "export DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l LC_ALL=C
cd {ORIGINALS} || exit 1
{forget}
files() {{ sed -n 's/^file //p' index | while read -r path; do [ ! -e \"$path\" ] || printf '%s\\n' \"$path\"; done; }}
before=$(files)
there=$(dpkg-query -W -f '${{db:Status-Status}} ${{Package}}\\n' {list} 2>/dev/null | sed -n 's/^[^n][^ ]* //p')
{kept}[ -z \"$there\" ] || others=$(apt-get -s purge $there | sed -n 's/^Purg \\([^ ]*\\).*/\\1/p' | grep -vxF \"$there\" || true)
[ -z \"$others\" ] || {{
needed=$(apt-cache --installed --recurse --important depends $others | sed -n 's/^\\([^ <].*\\)/\\1/p')
there=$(printf '%s\\n' \"$there\" | grep -vxF \"$needed\" || true)
}}
[ -z \"$there\" ] || {{
units=$(dpkg -L $there | sed -n 's,.*/systemd/system/\\([^/]*\\.[a-z]*\\)$,\\1,p')
apt-get -q -y -o DPkg::Lock::Timeout=600 purge $there || exit 1
# Not every package ends what it started, and what failed to end would be remembered without a file.
[ -z \"$units\" ] || {{ systemctl stop $units; systemctl reset-failed $units; }} 2>/dev/null || true
}}
gone=$(printf '%s\\n' \"$before\" | grep -vxF \"$(files)\" | sed 's/^/file /')
forget \"$gone\" && forget \"$(printf 'package %s\\n' $there)\"",
            forget = forget_function(),
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
