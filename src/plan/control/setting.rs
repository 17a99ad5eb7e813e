//! Keys of files that are not ours.

use std::path::PathBuf;

use super::{
    draft::{Draft, restart, text},
    edit::{self, Edit},
    kind::Planned,
    part::Part,
};
use crate::{
    facts::state::HostState,
    model::{compose::Word, control::Settings, desired::Desired},
};

/// What a control says of it.
pub struct Wanted<'a>(pub &'a Settings);

impl Planned for Wanted<'_> {
    fn parts(&self, _desired: &Desired, state: &HostState) -> Result<Vec<Part>, String> {
        let Self(settings) = self;
        let name = settings.path.display();
        let found = text(&settings.path, state).ok_or_else(|| format!("there is no {name}"))?;
        let part = |(key, value): (&String, &Word)| {
            let shown = edit::value(found, key).unwrap_or_else(|| "unset".to_owned());
            Part::new(format!("{name}: {key}"), shown, &value.0).fitting(one(found, key, &value.0))
        };
        Ok(settings.set.iter().map(part).collect())
    }

    fn edit(&self, _state: &HostState) -> Option<(PathBuf, Edit)> {
        Some((self.0.path.clone(), Edit::Keys(self.0.form, self.0.set.clone())))
    }

    fn draft(&self, draft: &mut Draft, _state: &HostState) {
        draft.after.extend(self.0.restart.as_deref().map(restart));
    }

    #[cfg(test)]
    fn spoil(&self, state: &mut HostState) {
        let found = crate::plan::fixture::found("# none\n", 0o644);
        state.system.files.insert(self.0.path.clone(), Some(found));
    }
}

/// Whether a key is set to this value and to no other.
fn one(text: &str, key: &str, value: &str) -> bool {
    edit::value(text, key).as_deref() == Some(value) && edit::count(text, key) == 1
}
