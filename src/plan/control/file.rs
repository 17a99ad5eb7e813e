//! Whole files of our own.

use std::path::{Path, PathBuf};

use super::{
    draft::{Draft, restart, text},
    edit::Edit,
    kind::Planned,
    part::Part,
};
use crate::{
    facts::state::HostState,
    model::{control::OwnFile, desired::Desired},
};

/// What a control says of it.
pub struct Wanted<'a>(pub &'a OwnFile);

impl Planned for Wanted<'_> {
    fn parts(&self, _desired: &Desired, state: &HostState) -> Result<Vec<Part>, String> {
        let Self(file) = self;
        if let Some(unit) = file.unit.as_deref().filter(|unit| !is_there(unit, state)) {
            return Err(format!("there is no {unit}"));
        }
        let found = text(&file.path, state);
        let whole = whole(&file.path, found, &file.content, file.mode.0, state);
        Ok(std::iter::once(whole).chain(traces(file, state)).collect())
    }

    fn edit(&self, _state: &HostState) -> Option<(PathBuf, Edit)> {
        Some((self.0.path.clone(), Edit::Ours(self.0.content.clone())))
    }

    fn draft(&self, draft: &mut Draft, state: &HostState) {
        let Self(file) = self;
        draft.mode = Some(file.mode.0);
        draft.checks.extend(file.check.clone());
        // It may have gone since, and its file goes after it.
        let restarted =
            file.restart.as_deref().filter(|_| file.unit.iter().all(|unit| is_there(unit, state)));
        draft.after.extend(restarted.map(restart));
        draft.after.extend(file.after.iter().map(|after| after.run.clone()));
        draft.others.extend(file.written().into_iter().skip(1).map(Path::to_path_buf));
        draft.stale |= traces(file, state).any(|part| !part.fits);
    }
}

fn is_there(unit: &str, state: &HostState) -> bool {
    state.system.units.get(unit).is_some_and(|found| found.exists)
}

fn whole(path: &Path, found: Option<&str>, content: &str, mode: u32, state: &HostState) -> Part {
    let rights = |mode: u32, uid: u32, gid: u32| format!("{mode:04o} {uid}:{gid}");
    let wanted = rights(mode, 0, 0);
    let shown = match (state.file(path), found) {
        (None, _) => "none".to_owned(),
        (Some(file), Some(text)) if text == content => rights(file.mode, file.uid, file.gid),
        (Some(_), _) => "other content".to_owned(),
    };
    Part::new(path.display().to_string(), shown, wanted)
}

/// What must show elsewhere while a file of ours counts.
fn traces(file: &OwnFile, state: &HostState) -> impl Iterator<Item = Part> {
    file.traces().map(|(path, text)| {
        let there = state.hardening.traces.contains(&(path.clone(), text.clone()));
        let found = if there { text.clone() } else { format!("without `{text}`") };
        Part::new(path.display().to_string(), found, text)
    })
}
