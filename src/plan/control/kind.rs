//! What every kind of control has.

use std::path::PathBuf;

use super::{draft::Draft, edit::Edit, part::Part};
use crate::{change::Original, facts::state::HostState, model::desired::Desired};

/// What a control of one kind comes to on a host. One file a kind.
pub trait Planned {
    /// What it finds, or why it has no meaning here.
    fn parts(&self, desired: &Desired, state: &HostState) -> Result<Vec<Part>, String>;

    /// What it wants of a file, where it is one of those that several controls may write in.
    fn edit(&self, _state: &HostState) -> Option<(PathBuf, Edit)> {
        None
    }

    /// What else there is to that file.
    fn draft(&self, _draft: &mut Draft, _state: &HostState) {}

    /// What of it lives beside files and is not recorded yet.
    fn live(&self, _state: &HostState) -> Vec<Original> {
        Vec::new()
    }
}
