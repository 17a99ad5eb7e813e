//! Options of mount points: live, and in fstab.

use std::path::{Path, PathBuf};

use super::{
    edit::Edit,
    fstab::{MountLine, options_at},
    kind::Planned,
    part::{Part, reasons},
    way::{self, Way},
};
use crate::{
    change::{Change, Original, Remounts},
    facts::state::HostState,
    model::{
        control::{Control, Kind, Mount},
        desired::Desired,
        place,
    },
    plan::step::{ControlStep, Step, StepId, Undo},
};

/// What a control says of it.
pub struct Wanted<'a>(pub &'a Mount);

impl Planned for Wanted<'_> {
    fn parts(&self, _desired: &Desired, state: &HostState) -> Result<Vec<Part>, String> {
        parts(self.0, state)
    }

    fn edit(&self, state: &HostState) -> Option<(PathBuf, Edit)> {
        Some((place::FSTAB.into(), Edit::Mount(line(self.0, state)?)))
    }

    fn live(&self, state: &HostState) -> Vec<Original> {
        let Self(Mount { path, .. }) = self;
        let new = !state.hardening.originals.mounts.contains_key(path);
        let mounted = state.hardening.mounts.contains_key(path);
        (mounted && new).then(|| Original::Mount(path.clone())).into_iter().collect()
    }

    #[cfg(test)]
    fn spoil(&self, state: &mut HostState) {
        let nothing = crate::facts::control::mount::Mounted::default();
        state.hardening.mounts.insert(self.0.path.clone(), nothing);
    }

    fn step(controls: &[(&Control, Vec<Part>)], _state: &HostState) -> Option<Step> {
        let (mut options, mut before, mut why) = (Vec::new(), Vec::new(), Vec::new());
        for (control, parts) in controls {
            let Kind::Mount(mount) = &control.kind else { continue };
            let Some(live) = parts.iter().find(|part| part.place.ends_with("(live)") && !part.fits) else {
                continue;
            };
            let found: Vec<&str> = live.found.split(',').collect();
            options.push((mount.path.clone(), mount.options.clone()));
            before.push((mount.path.clone(), opposites(&mount.options, &found)));
            why.extend(reasons([(control.id.as_str(), live)]));
        }
        let undo = Undo::change(Change::Remount(Remounts(before)));
        (!why.is_empty()).then(|| {
            Step::safe(StepId::Control(ControlStep::Mount), Change::Remount(Remounts(options)), undo)
                .because(why)
        })
    }

    fn back(way: &Way) -> Option<Step> {
        let changed = way.state.hardening.originals.mounts.iter().filter_map(|(path, old)| {
            let old: Vec<&str> = old.split(',').collect();
            let now = &way.state.hardening.mounts.get(path)?.options;
            let ours = now.iter().filter(|option| way.goes(|control| sets(control, path, option)));
            let gained = opposites(&ours.cloned().collect::<Vec<_>>(), &old);
            (!gained.is_empty()).then(|| (path.clone(), gained))
        });
        let changed: Vec<_> = changed.collect();
        let line =
            |(path, options): &(PathBuf, Vec<String>)| format!("{}: {}", path.display(), options.join(","));
        let why = changed.iter().map(line).collect();
        way::back(StepId::Undo(ControlStep::Mount), Change::Remount(Remounts(changed)), why)
    }
}

/// Whether a control wants an option of a mount point.
fn sets(control: &Control, path: &Path, option: &str) -> bool {
    let Kind::Mount(mount) = &control.kind else { return false };
    mount.path == path && mount.options.iter().any(|own| own == option)
}

/// What a mount has without a line of its own, and would lose by one that does not say it.
const RESTRICTIONS: [&str; 3] = ["nosuid", "nodev", "noexec"];

/// File systems that are mounted the same way by a line as without one. Of any other without a line, somebody else sees to
/// it, and where from the kernel does not say: a folder that is mounted again shows as the device it lies on.
const VIRTUAL: [&str; 2] = ["tmpfs", "proc"];

/// A folder that is mounted again, over whatever it lies on.
const AGAIN: &str = "none";

/// The line of fstab: the one that is there with more options, or else one that is made.
fn line(mount: &Mount, state: &HostState) -> Option<MountLine> {
    let found = state.hardening.mounts.get(&mount.path);
    let others = found.is_some_and(|found| !VIRTUAL.contains(&found.kind.as_str()));
    let again = mount.made.as_ref().is_some_and(|made| made.kind == AGAIN);
    let path = mount.path.display().to_string();
    if others && !again && options_at(&path, fstab(state)?).is_none() {
        return None;
    }
    let options = mount.options.clone();
    let (source, kind, more) = match (&mount.made, found) {
        (Some(made), _) => (made.source.clone(), made.kind.clone(), made.options.clone()),
        (None, Some(found)) => {
            let kept =
                |option: &&String| RESTRICTIONS.contains(&option.as_str()) && !options.contains(option);
            let more = found.options.iter().filter(kept).cloned().collect();
            (found.source.clone(), found.kind.clone(), more)
        }
        (None, None) => return None,
    };
    Some(MountLine { path, source, kind, options, more })
}

/// What fstab says; nothing, if it cannot be read as text.
fn fstab(state: &HostState) -> Option<&str> {
    match state.file(Path::new(place::FSTAB)) {
        Some(file) => file.text.as_deref(),
        None => Some(""),
    }
}

/// What is mounted and what will be at boot.
fn parts(mount: &Mount, state: &HostState) -> Result<Vec<Part>, String> {
    let path = mount.path.display().to_string();
    let found = state.hardening.mounts.get(&mount.path);
    if found.is_none() && mount.made.is_none() {
        return Err(format!("{path} is not a mount point"));
    }
    let Some(text) = fstab(state) else {
        return Err(format!("{} is not a text file, or is too long", place::FSTAB));
    };
    let wanted = mount.options.join(",");
    let has_all = |options: &[&str]| mount.options.iter().all(|option| options.contains(&option.as_str()));
    let live = found.map(|found| {
        let live: Vec<&str> = found.options.iter().map(String::as_str).collect();
        Part::new(format!("{path} (live)"), found.options.join(","), &wanted).fitting(has_all(&live))
    });
    let at_boot = line(mount, state).map(|_| {
        let given = options_at(&path, text);
        let shown = given.as_ref().map_or_else(|| "no line".to_owned(), |given| given.join(","));
        Part::new(format!("{}: {path}", place::FSTAB), shown, &wanted)
            .fitting(given.is_some_and(|given| has_all(&given)))
    });
    Ok(live.into_iter().chain(at_boot).collect())
}

/// The kernel names only what is taken away, so what was not taken away has to be said.
const OPPOSITES: [(&str, &str); 4] =
    [("nodev", "dev"), ("nosuid", "suid"), ("noexec", "exec"), ("hidepid=invisible", "hidepid=off")];

/// What has to be said to lose the options that are there now and were not before.
fn opposites(now: &[String], before: &[&str]) -> Vec<String> {
    let gained = |option: &&str| now.iter().any(|now| now == option) && !before.contains(option);
    OPPOSITES
        .iter()
        .filter(|(option, _)| gained(option))
        .map(|(_, opposite)| (*opposite).to_owned())
        .collect()
}
