//! What is in the way of a plan.

/// Something that is not ours, or that we may not replace, stands where ours should be. Nothing is planned around it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{thing}: {found}; {way_out}")]
pub struct Conflict {
    /// What is in the way, as in `container acme_core_a`.
    pub thing: String,
    /// What was found.
    pub found: String,
    /// The way out.
    pub way_out: String,
}
