//! What is asked of containers that are there.

use std::time::Duration;

use crate::{facts::state::ContainerState, model::desired::Desired};

/// How long a container may take to stop that does not say so itself and whose service is in no inventory any more: the
/// longest that a shipped role asks for. One that ends sooner is not waited for.
pub const UNKNOWN_GRACE: Duration = Duration::from_secs(120);

/// Whether Docker has processes of it.
pub fn is_up(found: &ContainerState) -> bool {
    matches!(found.status.as_str(), "running" | "restarting" | "paused")
}

/// How long a container may take to stop: as long as it was made with or as its service says now, whichever is longer. A
/// database that is killed has to be repaired.
pub fn grace(found: &ContainerState, desired: &Desired) -> Duration {
    let service = desired.services.iter().find(|service| service.name.as_str() == found.service);
    let made_with = found.stop_timeout.map(Duration::from_secs);
    made_with.max(service.map(|service| service.spec.grace())).unwrap_or(UNKNOWN_GRACE)
}
