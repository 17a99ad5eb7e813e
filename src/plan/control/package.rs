//! Packages, all in one run of apt.

use std::collections::BTreeSet;

use super::{Part, reasons};
use crate::{
    change::Change,
    facts::state::HostState,
    model::{control::Control, place::ORIGINALS},
    plan::{
        engine::{APT, install_script},
        step::{Step, Undo},
    },
};

/// Which of them are there.
pub fn parts(names: &[String], state: &HostState) -> Result<Vec<Part>, String> {
    let installed = state.installed.as_ref().ok_or("the host has no dpkg")?;
    let word = |name| if installed.contains(name) { "installed" } else { "not installed" };
    Ok(names.iter().map(|name| Part::new(format!("package {name}"), word(name), "installed")).collect())
}

/// The packages that are missing.
fn missing<'a>(controls: &[(&'a Control, Vec<Part>)]) -> BTreeSet<&'a str> {
    let named =
        controls.iter().filter_map(|(control, parts)| Some(control.kind.packages()?.iter().zip(parts)));
    named.flatten().filter(|(_, part)| !part.fits).map(|(name, _)| name.as_str()).collect()
}

/// The step that installs what is missing; its files are what the rest of the plan may be about. What apt brings along is
/// recorded, too, so that it can go again.
pub fn step(controls: &[(&Control, Vec<Part>)]) -> Option<Step> {
    let missing = missing(controls);
    if missing.is_empty() {
        return None;
    }
    let of_kind = controls.iter().filter(|(control, _)| control.kind.packages().is_some());
    let why =
        of_kind.flat_map(|(control, parts)| reasons(parts.iter().map(|part| (control.id.as_str(), part))));
    let names: Vec<&str> = missing.into_iter().collect();
    // Written down before anything is installed, so that no broken off run loses one.
    let record = format!(
        "mkdir -p -m 700 {ORIGINALS}; touch {ORIGINALS}/index
for name in $(apt-get -s install --no-remove --no-install-recommends {} | sed -n 's/^Inst \\([^ ]*\\) (.*/\\1/p'); do
grep -qxF \"package $name\" {ORIGINALS}/index || echo \"package $name\" >> {ORIGINALS}/index
done
sync {ORIGINALS}/index {ORIGINALS}",
        names.join(" ")
    );
    let script = install_script(&names, &record);
    let undo = Undo::Nothing("a package more disturbs nothing; `harden --undo` removes it");
    let command = crate::model::command::Command::root(script).within(APT);
    Some(Step::safe("control.packages", Change::Run(command), undo).because(why).looked_after())
}
