//! The most rights that files and folders may give, and root as their owner's stand-in: bits beyond are taken away.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use super::{
    kind::Planned,
    part::{Part, reasons},
    way::{self, Way},
};
use crate::{
    change::{Change, Modes, Original},
    facts::state::{FolderState, HostState},
    model::{
        control::{Control, Kind, Rights},
        desired::Desired,
    },
    plan::step::{ControlStep, Step, StepId, Undo},
};

/// What a control says of it.
pub struct Wanted<'a>(pub &'a Rights);

impl Planned for Wanted<'_> {
    fn parts(&self, _desired: &Desired, state: &HostState) -> Result<Vec<Part>, String> {
        parts(self.0, state)
    }

    fn live(&self, state: &HostState) -> Vec<Original> {
        let known = &state.hardening.originals.rights;
        let new = matched(self.0, state).filter(|(path, _)| !known.contains_key(*path));
        new.map(|(path, _)| Original::Rights(path.to_owned())).collect()
    }

    #[cfg(test)]
    fn spoil(&self, state: &mut HostState) {
        let found = self.0.paths.iter().map(|path| {
            let folder = FolderState { mode: 0o777, uid: 0, gid: 0 };
            (path.clone(), [(path.replace('*', "some").into(), folder)].into())
        });
        state.hardening.limited.extend(found);
    }

    /// Takes rights away.
    fn step(controls: &[(&Control, Vec<Part>)], state: &HostState) -> Option<Step> {
        let drifted = drifted(controls, state);
        if drifted.is_empty() {
            return None;
        }
        let of_kind = controls.iter().filter(|(control, _)| matches!(control.kind, Kind::Permissions(_)));
        let why = of_kind
            .flat_map(|(control, parts)| reasons(parts.iter().map(|part| (control.id.as_str(), part))));
        let (change, before) = drifted
            .into_iter()
            .map(|(path, (found, mode))| ((path.to_owned(), mode), (path.to_owned(), found.mode)))
            .unzip();
        let undo = Undo::change(Change::Modes(Modes(before)));
        Some(
            Step::safe(StepId::Control(ControlStep::Permissions), Change::Modes(Modes(change)), undo)
                .because(why),
        )
    }

    /// Gives back what was taken away; rights that others gave or took since stay.
    fn back(way: &Way) -> Option<Step> {
        let Way { given, kept, state, .. } = way;
        let found = |path: &Path| state.hardening.limited.values().find_map(|matched| matched.get(path));
        let changed = state.hardening.originals.rights.iter().filter_map(|(path, old)| {
            let now = found(path)?.mode;
            let all = given.iter().chain(kept).copied();
            let taken = taken(path, old.mode, all, state);
            let wanted = limited(path, old.mode, kept.iter().copied(), state);
            let ours = given.iter().any(|control| matched_by(control, state).any(|other| other == path));
            (ours && now != wanted && taken.contains(&now)).then_some((path, now, wanted))
        });
        let changed: Vec<_> = changed.collect();
        let line =
            |(path, now, old): &(&PathBuf, u32, u32)| format!("{}: {now:04o} -> {old:04o}", path.display());
        let why = changed.iter().map(line).collect();
        let modes = changed.into_iter().map(|(path, _, old)| (path.clone(), old)).collect();
        way::back(StepId::Undo(ControlStep::Permissions), Change::Modes(Modes(modes)), why)
    }
}

/// What each path that matches gives.
fn parts(limit: &Rights, state: &HostState) -> Result<Vec<Part>, String> {
    let parts: Vec<Part> = matched(limit, state)
        .map(|(path, found)| {
            let (has, most) = (format!("{:04o}", found.mode), format!("at most {:04o}", limit.mode.0));
            Part::new(path.display().to_string(), has, most).fitting(found.mode & !limit.mode.0 == 0)
        })
        .collect();
    if parts.is_empty() { Err(format!("there is no {}", limit.paths.join(", "))) } else { Ok(parts) }
}

fn matched<'a>(limit: &'a Rights, state: &'a HostState) -> impl Iterator<Item = (&'a Path, FolderState)> {
    let found = limit.paths.iter().filter_map(|pattern| state.hardening.limited.get(pattern)).flatten();
    let found = found.filter(|(_, found)| !limit.of_users || found.uid != 0);
    found.map(|(path, found)| (path.as_path(), *found))
}

/// Every path that a control is about.
fn matched_by<'a>(control: &'a Control, state: &'a HostState) -> impl Iterator<Item = &'a Path> {
    let limit = if let Kind::Permissions(limit) = &control.kind { Some(limit) } else { None };
    limit.into_iter().flat_map(|limit| matched(limit, state)).map(|(path, _)| path)
}

/// What a path may give after any of these controls took from it.
fn taken<'a>(
    path: &Path,
    mode: u32,
    controls: impl Iterator<Item = &'a Control>,
    state: &HostState,
) -> BTreeSet<u32> {
    let mut modes = BTreeSet::from([mode]);
    for limit in limits(path, controls, state) {
        let fewer: Vec<u32> = modes.iter().map(|mode| mode & limit).collect();
        modes.extend(fewer);
    }
    modes
}

/// The most that each of these controls lets a path give.
fn limits<'a>(
    path: &Path,
    controls: impl Iterator<Item = &'a Control>,
    state: &HostState,
) -> impl Iterator<Item = u32> {
    let limit = move |control: &'a Control| {
        let Kind::Permissions(limit) = &control.kind else { return None };
        matched(limit, state).any(|(matched, _)| matched == path).then_some(limit.mode.0)
    };
    controls.filter_map(limit)
}

/// What these controls let a path give of what it gave.
fn limited<'a>(
    path: &Path,
    mode: u32,
    controls: impl Iterator<Item = &'a Control>,
    state: &HostState,
) -> u32 {
    limits(path, controls, state).fold(mode, |mode, limit| mode & limit)
}

/// What has to be taken away, by path.
fn drifted<'a>(
    controls: &'a [(&Control, Vec<Part>)],
    state: &'a HostState,
) -> BTreeMap<&'a Path, (FolderState, u32)> {
    let mut drifted: BTreeMap<&Path, (FolderState, u32)> = BTreeMap::new();
    for (control, _) in controls {
        let Kind::Permissions(limit) = &control.kind else { continue };
        for (path, found) in matched(limit, state).filter(|(_, found)| found.mode & !limit.mode.0 != 0) {
            let (_, mode) = drifted.entry(path).or_insert((found, found.mode));
            *mode &= limit.mode.0;
        }
    }
    drifted
}
