//! Words that may not stand in files that are not ours.

use std::path::PathBuf;

use super::{draft::text, edit::Edit, kind::Planned, part::Part};
use crate::{
    facts::state::HostState,
    model::{control::Unwanted, desired::Desired},
};

/// What a control says of it.
pub struct Wanted<'a>(pub &'a Unwanted);

impl Planned for Wanted<'_> {
    fn parts(&self, _desired: &Desired, state: &HostState) -> Result<Vec<Part>, String> {
        let Self(unwanted) = self;
        let (name, word) = (unwanted.path.display(), &unwanted.word);
        let text = text(&unwanted.path, state).ok_or_else(|| format!("there is no {name}"))?;
        let shown = if self.wanted().apply(text) == text { "without" } else { "with" };
        Ok(vec![Part::new(format!("{name}"), format!("{shown} `{word}`"), format!("without `{word}`"))])
    }

    fn edit(&self, _state: &HostState) -> Option<(PathBuf, Edit)> {
        Some((self.0.path.clone(), self.wanted()))
    }

    #[cfg(test)]
    fn spoil(&self, state: &mut HostState) {
        let found = crate::plan::fixture::found(&format!("{} {} x\n", self.0.beside, self.0.word), 0o644);
        state.system.files.insert(self.0.path.clone(), Some(found));
    }
}

impl Wanted<'_> {
    fn wanted(&self) -> Edit {
        Edit::Without(self.0.word.clone(), self.0.beside.clone())
    }
}
