//! Kernel modules that are never loaded, in our file of `/etc/modprobe.d`.

use std::path::{Path, PathBuf};

use super::{
    draft::{Draft, text},
    edit::Edit,
    fragment::fragment,
    kind::Planned,
    part::Part,
};
use crate::{
    facts::state::HostState,
    model::{desired::Desired, etc, place},
};

/// What a control says of it.
pub struct Wanted<'a>(pub &'a [String]);

impl Planned for Wanted<'_> {
    fn parts(&self, _desired: &Desired, state: &HostState) -> Result<Vec<Part>, String> {
        let found = text(Path::new(place::MODPROBE), state).unwrap_or_default();
        Ok(vec![fragment(place::MODPROBE, found, &self.lines())])
    }

    fn edit(&self, _state: &HostState) -> Option<(PathBuf, Edit)> {
        Some((place::MODPROBE.into(), Edit::Ours(self.lines())))
    }

    fn draft(&self, draft: &mut Draft, _state: &HostState) {
        draft.header = etc::HEADER;
        draft.mode = Some(0o644);
    }

    fn ours() -> &'static [&'static str] {
        &[place::MODPROBE]
    }
}

impl Wanted<'_> {
    fn lines(&self) -> String {
        self.0.iter().map(|name| format!("install {name} /bin/false\nblacklist {name}\n")).collect()
    }
}
