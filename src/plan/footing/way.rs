//! What all steps of the ground under Docker have in common.

use serde_json::Value;

use crate::{facts::state::HostState, plan::step::Undo};

/// Nobody wants back what broke.
pub(super) const NO_UNDO: Undo = Undo::Nothing("it was so before somebody changed it");

/// What dockerd was told.
pub(super) fn says(state: &HostState, key: &str, value: &Value) -> bool {
    state.daemon_option(key).as_ref() == Some(value)
}
