//! Lines of files that are not ours.

use std::path::PathBuf;

use super::{
    draft::{Draft, text},
    edit::Edit,
    kind::Planned,
    part::Part,
};
use crate::{
    facts::state::HostState,
    model::{control::OwnLine, desired::Desired},
};

/// What a control says of it.
pub struct Wanted<'a>(pub &'a OwnLine);

impl Planned for Wanted<'_> {
    fn parts(&self, _desired: &Desired, state: &HostState) -> Result<Vec<Part>, String> {
        let Self(line) = self;
        let (name, found) = (line.path.display(), text(&line.path, state));
        if found.is_none() && line.make.is_none() {
            return Err(format!("there is no {name}"));
        }
        let edit = self.wanted();
        let fits = found.is_some_and(|text| edit.apply(text) == text);
        Ok(vec![Part::new(format!("{name}"), if fits { &line.line } else { "no such line" }, &line.line)])
    }

    fn edit(&self, _state: &HostState) -> Option<(PathBuf, Edit)> {
        Some((self.0.path.clone(), self.wanted()))
    }

    fn draft(&self, draft: &mut Draft, _state: &HostState) {
        draft.mode = self.0.make.map(|mode| mode.0);
    }

    #[cfg(test)]
    fn spoil(&self, state: &mut HostState) {
        let found = crate::plan::fixture::found("# none\n", 0o644);
        state.system.files.insert(self.0.path.clone(), Some(found));
    }
}

impl Wanted<'_> {
    fn wanted(&self) -> Edit {
        Edit::Line(self.0.line.clone(), self.0.at.clone())
    }
}
