//! What every kind of control has.

use std::path::{Path, PathBuf};

use super::{draft::Draft, edit::Edit, part::Part, way::Way};
use crate::{
    change::Original,
    facts::state::HostState,
    model::{control::Control, desired::Desired},
    plan::step::Step,
};

/// What a control of one kind comes to on a host, and what all controls of that kind come to together. One file a kind,
/// which says what is special about it; the rest of the planner knows no kind.
pub trait Planned {
    /// What it finds, or why it has no meaning here.
    fn parts(&self, desired: &Desired, state: &HostState) -> Result<Vec<Part>, String>;

    /// What it wants of a file, where it is one of those that several controls may write in.
    fn edit(&self, _state: &HostState) -> Option<(PathBuf, Edit)> {
        None
    }

    /// What else there is to that file.
    fn draft(&self, _draft: &mut Draft, _state: &HostState) {}

    /// What it made of a file and takes back, also where another part of the planner made it.
    fn made(&self, state: &HostState) -> Option<(PathBuf, Edit)> {
        self.edit(state)
    }

    /// What of it lives beside files and is not recorded yet.
    fn live(&self, _state: &HostState) -> Vec<Original> {
        Vec::new()
    }

    /// Makes a host one on which it is not set, where a bare host in memory does not say so already.
    #[cfg(test)]
    fn spoil(&self, _state: &mut HostState) {}

    /// The step that sets what lives beside files, for all controls. One after which the host is looked at again comes first,
    /// and a guarded one before the safe ones.
    fn step(_controls: &[(&Control, Vec<Part>)], _state: &HostState) -> Option<Step>
    where
        Self: Sized,
    {
        None
    }

    /// The step that lets go of what needs its file for that.
    fn released(_way: &Way) -> Option<Step>
    where
        Self: Sized,
    {
        None
    }

    /// The step that gives back what lives beside files. A guarded one comes last of all.
    fn back(_way: &Way) -> Option<Step>
    where
        Self: Sized,
    {
        None
    }

    /// What does not go back before the next boot, one line each.
    fn until_boot(_way: &Way) -> Vec<String>
    where
        Self: Sized,
    {
        Vec::new()
    }

    /// Files that nobody but us writes: they go, recorded or not.
    fn ours() -> &'static [&'static str]
    where
        Self: Sized,
    {
        &[]
    }

    /// Files that are written for other ends than controls, too: they are recorded in any case.
    fn shared() -> &'static [&'static str]
    where
        Self: Sized,
    {
        &[]
    }

    /// Files that decide who gets in: their way back could cut our login, and is looked at in any case.
    fn logins() -> &'static [&'static str]
    where
        Self: Sized,
    {
        &[]
    }

    /// Whether such a file is still needed when all its controls are gone.
    fn is_needed(_way: &Way) -> bool
    where
        Self: Sized,
    {
        false
    }

    /// The step by which such files count when they are back.
    fn taken_up() -> Option<Step>
    where
        Self: Sized,
    {
        None
    }

    /// The step that gives a file its old text back, or removes it, where that is more than a file.
    fn restored(_path: &Path, _text: Option<&str>, _state: &HostState) -> Option<Step>
    where
        Self: Sized,
    {
        None
    }
}
